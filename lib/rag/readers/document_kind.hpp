// Which kind of document bytes are: signatures first, then the name, then how the text begins.
#pragma once

#include <string>
#include <string_view>

#include "rag/readers/read_document.hpp"

namespace hadal::rag {

struct FoundKind {
  std::string_view kind;  // of document_kinds(), or empty
  ReadFailure failure = ReadFailure::unsupported;   // without a kind: why
  std::string sentence;
};
// The kind that lists the extension of this name, or empty.
std::string_view kind_by_name(std::string_view name);
FoundKind find_kind(std::string_view bytes, std::string_view name);

}  // namespace hadal::rag
