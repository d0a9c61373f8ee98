// XML as it lies in the archives of docx, xlsx, pptx, odt and epub.
#pragma once

#include <string>
#include <string_view>

#include "rag/readers/markup.hpp"
#include "rag/readers/zip_archive.hpp"

namespace hadal::rag {

// XML text of a part as UTF-8, whatever encoding it claims.
std::string xml_part(ZipArchive& archive, std::string_view name);

// The first title element of a part about the document ("docProps/core.xml", "meta.xml"); empty if it has none.
std::string xml_title(ZipArchive& archive, std::string_view part);

}  // namespace hadal::rag
