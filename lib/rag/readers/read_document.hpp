// Bytes in, Document out: the kind is found by content and name, and one reader per kind does the rest. Nothing here
// opens a file or a connection; what a document points to stays unread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/function_ref.hpp"
#include "core/status.hpp"
#include "rag/document.hpp"

namespace hadal::rag {

// What one document may cost. A document that would pass a limit is refused, never silently cut.
struct ReadLimits {
  size_t bytes = size_t{512} << 20;           // of the document itself
  size_t unpacked_bytes = size_t{1} << 30;    // of all its packed parts together
  size_t unpacked_ratio = 200;                // unpacked to packed bytes of one part above 1 MiB; XML rarely passes 50
  size_t text_bytes = size_t{128} << 20;      // of Document::text
  size_t entries = 20000;                     // files in an archive, parts of a mail
  size_t blocks = 4000000;
  uint32_t pages = 50000;
  uint32_t depth = 512;                       // of nested elements, parts or form objects
};

enum class ReadFailure : uint8_t {
  unsupported,  // a kind that no reader of this build reads
  encrypted,    // needs a password
  needs_ocr,    // pictures of text: a scan, a photo
  damaged,      // contradicts its format
  too_large,    // a limit would be passed
};
std::string_view name_of(ReadFailure failure);  // "unsupported", "encrypted", "needs_ocr", "damaged", "too_large"

// Every failure of a reader but cancellation and lack of memory. The message names the document.
class ReadError : public Error {
 public:
  ReadError(ReadFailure failure, std::string message);
  ReadFailure failure() const noexcept { return failure_; }

 private:
  ReadFailure failure_;
};

inline constexpr auto never_cancelled = [] { return false; };

// `cancelled` is asked at least every few milliseconds of work; once it says true, Error(Status::cancelled) is thrown.
Document read_document(std::span<const std::byte> bytes, std::string_view name, const ReadLimits& limits = {},
                       FunctionRef<bool()> cancelled = never_cancelled);

struct DocumentKind {
  std::string_view kind;        // "pdf", "docx", ...
  std::string_view mime;
  std::string_view extensions;  // lower case, without dots, separated by spaces
  std::string_view missing;     // empty, or why this build does not read it
};
std::span<const DocumentKind> document_kinds();

// The kind read_document would choose, or empty. Looks at no more than the first bytes and, in archives, the names.
std::string_view find_document_kind(std::span<const std::byte> bytes, std::string_view name);

}  // namespace hadal::rag
