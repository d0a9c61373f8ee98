// What every reader gets, and how each reads.
#pragma once

#include <string_view>

#include "core/function_ref.hpp"
#include "rag/readers/read_document.hpp"

namespace hadal::rag {

struct Reading {
  std::string_view bytes;
  std::string_view name;  // for messages; its extension has been looked at
  const ReadLimits& limits;
  FunctionRef<bool()> cancelled;

  void check_cancelled() const {
    if (cancelled()) throw Error(Status::cancelled, "reading " + std::string(name) + " was cancelled");
  }
  [[noreturn]] void fail(ReadFailure failure, std::string_view sentence) const {
    throw ReadError(failure, std::string(name) + ": " + std::string(sentence));
  }
};

Document read_plain_text(const Reading& reading);
Document read_markdown(const Reading& reading);
Document read_delimited(const Reading& reading, char delimiter);  // '\0' = find it
Document read_html(const Reading& reading);
Document read_mail(const Reading& reading);
Document read_pdf(const Reading& reading);
Document read_docx(const Reading& reading);
Document read_xlsx(const Reading& reading);
Document read_pptx(const Reading& reading);
Document read_odt(const Reading& reading);
Document read_epub(const Reading& reading);

}  // namespace hadal::rag
