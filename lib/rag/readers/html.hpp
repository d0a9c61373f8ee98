// The blocks of a stretch of HTML or XHTML; used for pages, books and mails alike.
#pragma once

#include <string_view>

#include "rag/readers/document_writer.hpp"
#include "rag/readers/reading.hpp"

namespace hadal::rag {

// `markup` is UTF-8. The title element becomes the title if there is none yet.
void write_html(std::string_view markup, const Reading& reading, DocumentWriter& out);

}  // namespace hadal::rag
