#include "rag/readers/document_kind.hpp"

#include <algorithm>
#include <iterator>

#include "rag/readers/clean_text.hpp"

namespace hadal::rag {
namespace {

#ifdef HADAL_WITH_PDF
constexpr std::string_view kNoPdf;
#else
constexpr std::string_view kNoPdf = "this build reads no pdf (HADAL_PDF is off, or qpdf was not found)";
#endif

constexpr DocumentKind kKinds[] = {
    {"txt", "text/plain", "txt text log rst adoc asciidoc org tex json jsonl yaml yml toml ini cfg conf xml c h cc cpp hpp cs "
                          "java js ts py rb go rs php sh bat ps1 sql r lua srt vtt", ""},
    {"md", "text/markdown", "md markdown mdown mkd", ""},
    {"csv", "text/csv", "csv", ""},
    {"tsv", "text/tab-separated-values", "tsv tab", ""},
    {"html", "text/html", "html htm xhtml xht", ""},
    {"eml", "message/rfc822", "eml", ""},
    {"pdf", "application/pdf", "pdf", kNoPdf},
};

struct Signature {
  std::string_view bytes;
  ReadFailure failure;
  std::string_view what;
};
constexpr Signature kForeign[] = {
    {"\x89PNG", ReadFailure::needs_ocr, "a PNG picture, which has no text layer"},
    {"\xFF\xD8\xFF", ReadFailure::needs_ocr, "a JPEG picture, which has no text layer"},
    {"GIF8", ReadFailure::needs_ocr, "a GIF picture, which has no text layer"},
    {std::string_view("II*\0", 4), ReadFailure::needs_ocr, "a TIFF picture, which has no text layer"},
    {std::string_view("MM\0*", 4), ReadFailure::needs_ocr, "a TIFF picture, which has no text layer"},
    {"{\\rtf", ReadFailure::unsupported, "rich text (RTF); save it as docx"},
    {"\x7F" "ELF", ReadFailure::unsupported, "a program"},
    {"MZ", ReadFailure::unsupported, "a program"},
    {"\x1F\x8B", ReadFailure::unsupported, "a gzip archive"},
    {"7z\xBC\xAF", ReadFailure::unsupported, "a 7z archive"},
    {"Rar!", ReadFailure::unsupported, "a rar archive"},
    {"SQLite format 3", ReadFailure::unsupported, "an SQLite database"},
    {"%!PS", ReadFailure::unsupported, "PostScript; convert it to pdf"},
};

std::string extension_of(std::string_view name) {
  const size_t slash = name.find_last_of("/\\");
  const std::string_view file = slash == name.npos ? name : name.substr(slash + 1);
  const size_t dot = file.rfind('.');
  return dot == file.npos ? std::string() : lower_ascii(file.substr(dot + 1));
}

bool lists(std::string_view extensions, std::string_view extension) {
  for (size_t at = 0; at < extensions.size();) {
    const size_t end = std::min(extensions.find(' ', at), extensions.size());
    if (extensions.substr(at, end - at) == extension) return true;
    at = end + 1;
  }
  return false;
}

std::string_view kind_by_name(std::string_view name) {
  const std::string extension = extension_of(name);
  if (!extension.empty())
    for (const DocumentKind& kind : kKinds)
      if (lists(kind.extensions, extension)) return kind.kind;
  return {};
}

bool looks_like_html(std::string_view head) {
  const std::string lower = lower_ascii(trim_ascii(head.substr(0, 1024)));
  return lower.starts_with("<!doctype html") || lower.starts_with("<html") ||
         (lower.starts_with("<?xml") && lower.find("<html") != lower.npos);
}

// Begins with headers, among them two that every mail has.
bool looks_like_mail(std::string_view head) {
  const std::string lower = "\n" + lower_ascii(head.substr(0, 4096));
  const std::string_view headers = std::string_view(lower).substr(0, lower.find("\n\n"));
  return headers.find("\nfrom:") != headers.npos && headers.find("\ndate:") != headers.npos &&
         headers.find("\n ") != 0 && headers.find(':') < headers.find(' ');
}

// Bytes that no text holds: NUL outside UTF-16, and many control characters.
bool looks_binary(std::string_view bytes) {
  const std::string_view head = bytes.substr(0, 8192);
  if (head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF")) return false;
  size_t zero[2] = {0, 0}, control = 0;
  for (size_t at = 0; at < head.size(); ++at) {
    const uint8_t byte = uint8_t(head[at]);
    zero[at & 1] += byte == 0;
    control += byte != 0 && byte < 0x20 && byte != '\n' && byte != '\r' && byte != '\t' && byte != '\f' && byte != 0x1B;
  }
  if (control > 4 && control * 20 > head.size()) return true;
  const size_t zeros = zero[0] + zero[1];
  if (zeros == 0) return false;
  // UTF-16 without its mark has NUL at every other place only.
  return std::min(zero[0], zero[1]) * 20 > std::max(zero[0], zero[1]) || zeros * 20 < head.size();
}

}  // namespace

std::span<const DocumentKind> document_kinds() { return kKinds; }

FoundKind find_kind(std::string_view bytes, std::string_view name) {
  // Some programs put a few lines before a pdf.
  if (bytes.substr(0, 1024).find("%PDF-") != bytes.npos) return {"pdf", {}, {}};
  for (const Signature& foreign : kForeign)
    if (bytes.starts_with(foreign.bytes))
      return {{}, foreign.failure, "expected a document with text, found " + std::string(foreign.what)};
  if (looks_binary(bytes))
    return {{}, ReadFailure::unsupported, "expected a document of a known kind, found bytes that are neither text nor one"};
  const std::string_view named = kind_by_name(name);
  if (named == "pdf") return {{}, ReadFailure::damaged, "expected a pdf, found bytes that do not begin like one"};
  if (named.empty()) return {looks_like_html(bytes) ? "html" : looks_like_mail(bytes) ? "eml" : "txt", {}, {}};
  return {named, {}, {}};
}

}  // namespace hadal::rag
