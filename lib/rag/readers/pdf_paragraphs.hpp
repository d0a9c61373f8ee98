// Lines of pages become paragraphs, headings, list items and table rows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rag/readers/pdf_layout.hpp"

namespace hadal::rag {

struct PageParagraph {
  enum class Kind : uint8_t { text, list_item, table_row };
  Kind kind = Kind::text;
  std::string text;                 // lines joined: words cut by a hyphen whole again, no space between Han characters
  std::vector<std::string> cells;   // of a table row
  float size = 0;
  bool bold = false;
  size_t lines = 0, characters = 0;
  bool first_row = false;           // of a table
};

std::vector<PageParagraph> paragraphs_of(const std::vector<TextLine>& lines);

// Appends a line to the text of the lines before it.
void join_line(std::string_view line, std::string& text);

}  // namespace hadal::rag
