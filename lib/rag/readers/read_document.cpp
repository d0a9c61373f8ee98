#include "rag/readers/read_document.hpp"

#include <algorithm>
#include <iterator>

#include "rag/readers/clean_text.hpp"
#include "rag/readers/document_kind.hpp"
#include "rag/readers/reading.hpp"

namespace hadal::rag {
namespace {

Status status_of(ReadFailure failure) {
  switch (failure) {
    case ReadFailure::damaged: return Status::corrupt;
    case ReadFailure::too_large: return Status::out_of_memory;
    default: return Status::unsupported;
  }
}

Document read_kind(std::string_view kind, const Reading& reading) {
  if (kind == "txt") return read_plain_text(reading);
  if (kind == "md") return read_markdown(reading);
  if (kind == "csv") return read_delimited(reading, '\0');
  if (kind == "tsv") return read_delimited(reading, '\t');
  if (kind == "html") return read_html(reading);
  if (kind == "eml") return read_mail(reading);
#ifdef HADAL_WITH_ZLIB
  if (kind == "docx") return read_docx(reading);
  if (kind == "xlsx") return read_xlsx(reading);
  if (kind == "pptx") return read_pptx(reading);
  if (kind == "odt") return read_odt(reading);
  if (kind == "epub") return read_epub(reading);
#endif
#ifdef HADAL_WITH_PDF
  if (kind == "pdf") return read_pdf(reading);
#endif
  reading.fail(ReadFailure::unsupported,
               "expected a kind of document that this build reads, found " + std::string(kind));
}

}  // namespace

ReadError::ReadError(ReadFailure failure, std::string message)
    : Error(status_of(failure), std::move(message)), failure_(failure) {}

std::string_view name_of(ReadFailure failure) {
  switch (failure) {
    case ReadFailure::unsupported: return "unsupported";
    case ReadFailure::encrypted: return "encrypted";
    case ReadFailure::needs_ocr: return "needs_ocr";
    case ReadFailure::damaged: return "damaged";
    case ReadFailure::too_large: return "too_large";
  }
  return "damaged";
}

Document read_document(std::span<const std::byte> bytes, std::string_view name, const ReadLimits& limits,
                       FunctionRef<bool()> cancelled) {
  const Reading reading{{reinterpret_cast<const char*>(bytes.data()), bytes.size()}, name, limits, cancelled};
  reading.check_cancelled();
  if (bytes.size() > limits.bytes)
    reading.fail(ReadFailure::too_large, "expected at most " + std::to_string(limits.bytes) + " bytes, found " +
                                             std::to_string(bytes.size()));
  const FoundKind found = find_kind(reading.bytes, name);
  if (found.kind.empty()) reading.fail(found.failure, found.sentence);
  for (const DocumentKind& kind : document_kinds())
    if (kind.kind == found.kind && !kind.missing.empty()) reading.fail(ReadFailure::unsupported, kind.missing);
  return read_kind(found.kind, reading);
}

std::string_view find_document_kind(std::span<const std::byte> bytes, std::string_view name) {
  return find_kind({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, name).kind;
}

}  // namespace hadal::rag
