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

#ifdef HADAL_WITH_ZLIB
constexpr std::string_view kNoZip;
#else
constexpr std::string_view kNoZip =
    "this build reads no packed documents (HADAL_DOCUMENTS is off, or zlib was not found)";
#endif

constexpr DocumentKind kKinds[] = {
    {"txt", "text/plain",
     "txt text log rst adoc asciidoc org tex json jsonl yaml yml toml ini cfg conf xml c h cc cpp hpp cs "
     "java js ts py rb go rs php sh bat ps1 sql r lua srt vtt",
     ""},
    {"md", "text/markdown", "md markdown mdown mkd", ""},
    {"csv", "text/csv", "csv", ""},
    {"tsv", "text/tab-separated-values", "tsv tab", ""},
    {"html", "text/html", "html htm xhtml xht", ""},
    {"eml", "message/rfc822", "eml", ""},
    {"pdf", "application/pdf", "pdf", kNoPdf},
    {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx docm dotx", kNoZip},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx xlsm", kNoZip},
    {"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx pptm", kNoZip},
    {"odt", "application/vnd.oasis.opendocument.text", "odt ott", kNoZip},
    {"epub", "application/epub+zip", "epub", kNoZip},
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
    {std::string_view("MZ\x90\0", 4), ReadFailure::unsupported, "a program"},
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

// Names stand unpacked in the directory at an archive's end; the part called mimetype comes first and unpacked.
FoundKind find_packed_kind(std::string_view bytes) {
  const auto names = [&](std::string_view part) {
    constexpr size_t kDirectory = size_t{4} << 20;
    const std::string_view end = bytes.substr(bytes.size() - std::min(bytes.size(), kDirectory));
    return end.find(part) != end.npos || bytes.substr(0, 65536).find(part) != bytes.npos;
  };
  const std::string_view head = bytes.substr(0, 256);
  if (head.find("application/vnd.oasis.opendocument.text") != head.npos) return {"odt", {}, {}};
  if (head.find("application/epub+zip") != head.npos || names("META-INF/container.xml")) return {"epub", {}, {}};
  if (names("word/document.xml")) return {"docx", {}, {}};
  if (names("xl/workbook.xml")) return {"xlsx", {}, {}};
  if (names("ppt/presentation.xml")) return {"pptx", {}, {}};
  if (names("[Content_Types].xml") && names("word/")) return {"docx", {}, {}};
  return {{}, ReadFailure::unsupported, "expected an office document or book, found another zip archive"};
}

// Word, Excel and PowerPoint before 2007, and later ones with a password.
FoundKind old_office(std::string_view bytes) {
  constexpr std::string_view kPackage("E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0", 32);
  if (bytes.find(kPackage) != bytes.npos)
    return {{}, ReadFailure::encrypted, "expected a document without a password, found it encrypted"};
  return {{},
          ReadFailure::unsupported,
          "expected a document of Office 2007 or later, found an older one; save it as docx, xlsx or pptx"};
}

}  // namespace

std::span<const DocumentKind> document_kinds() { return kKinds; }

std::string_view kind_by_name(std::string_view name) {
  const std::string extension = extension_of(name);
  if (!extension.empty())
    for (const DocumentKind& kind : kKinds)
      if (lists(kind.extensions, extension)) return kind.kind;
  return {};
}

FoundKind find_kind(std::string_view bytes, std::string_view name) {
  // Some programs put a few lines before a pdf.
  if (bytes.substr(0, 1024).find("%PDF-") != bytes.npos) return {"pdf", {}, {}};
  if (bytes.starts_with("PK\x03\x04")) return find_packed_kind(bytes);
  if (bytes.starts_with("\xD0\xCF\x11\xE0")) return old_office(bytes);
  for (const Signature& foreign : kForeign)
    if (bytes.starts_with(foreign.bytes))
      return {{}, foreign.failure, "expected a document with text, found " + std::string(foreign.what)};
  if (looks_binary(bytes))
    return {
        {}, ReadFailure::unsupported, "expected a document of a known kind, found bytes that are neither text nor one"};
  const std::string_view named = kind_by_name(name);
  for (const std::string_view packed : {"pdf", "docx", "xlsx", "pptx", "odt", "epub"})
    if (named == packed)
      return {
          {}, ReadFailure::damaged, "expected a " + std::string(packed) + ", found bytes that do not begin like one"};
  if (named.empty()) return {looks_like_html(bytes) ? "html" : looks_like_mail(bytes) ? "eml" : "txt", {}, {}};
  return {named, {}, {}};
}

}  // namespace hadal::rag
