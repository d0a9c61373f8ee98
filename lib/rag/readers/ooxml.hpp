// What the parts of a docx, xlsx or pptx share: relationships and XML that may claim another encoding than UTF-8.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "rag/readers/markup.hpp"
#include "rag/readers/zip_archive.hpp"

namespace hadal::rag {

// XML text of a part as UTF-8.
std::string xml_part(ZipArchive& archive, std::string_view name);

struct Relation {
  std::string target;   // a part's name
  std::string type;     // the last piece of its type: "worksheet", "slide", "footnotes"
};
// By id, of the part's _rels file; empty without one. Targets outside the archive are left out.
std::map<std::string, Relation> relations_of(ZipArchive& archive, std::string_view part);

// The first relation of this type, or `otherwise`.
std::string related_part(const std::map<std::string, Relation>& relations, std::string_view type,
                         std::string_view otherwise);

// Of docProps/core.xml; empty if it has none.
std::string ooxml_title(ZipArchive& archive);

}  // namespace hadal::rag
