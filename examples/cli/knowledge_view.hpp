// What the knowledge commands show to people; --json shows the library's own words instead.
#pragma once

#include <string>

// Tables and lists from the JSON of hadal_knowledge_list, _search and _get "citations".
void show_documents(const std::string& list);
void show_hits(const std::string& hits);
void show_sources(const std::string& citations);
