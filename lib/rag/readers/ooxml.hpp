// How the parts of a docx, xlsx or pptx refer to each other.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "rag/readers/zip_archive.hpp"

namespace hadal::rag {

struct Relation {
  std::string target;   // a part's name
  std::string type;     // the last piece of its type: "worksheet", "slide", "footnotes"
};
// By id, of the part's _rels file; empty without one. Targets outside the archive are left out.
std::map<std::string, Relation> relations_of(ZipArchive& archive, std::string_view part);

// The first relation of this type, or `otherwise`.
std::string related_part(const std::map<std::string, Relation>& relations, std::string_view type,
                         std::string_view otherwise);

// Where the document itself stands, or `otherwise`.
std::string main_part(ZipArchive& archive, std::string_view otherwise);

}  // namespace hadal::rag
