// txt and everything else that is lines of text: paragraphs are what empty lines part; a form feed begins a page.
#include <string>
#include <string_view>

#include "rag/readers/clean_text.hpp"
#include "rag/readers/document_writer.hpp"
#include "rag/readers/reading.hpp"
#include "rag/readers/text_encoding.hpp"
#include "rag/readers/text_lines.hpp"

namespace hadal::rag {
namespace {

// "3.2 Scope", "CHAPTER IV", "第三章 总则", "Article 5": short lines on their own that a person numbered or shouted.
int heading_level(std::string_view line) {
  const std::string_view text = trim_ascii(line);
  if (text.empty() || text.size() > 90) return 0;
  const char last = text.back();
  if (last == '.' || last == ',' || last == ';' || last == ':' || text.ends_with("。") || text.ends_with("，") ||
      text.ends_with("；"))
    return 0;
  if (text.starts_with("第")) {
    for (const std::string_view unit : {"章", "编", "編", "部分", "节", "節"})
      if (const size_t at = text.find(unit); at != text.npos && at <= 18) return unit == "节" || unit == "節" ? 2 : 1;
    return 0;
  }
  size_t at = 0, numbers = 0;
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
    const size_t begin = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    if (at - begin > 3) return 0;
    ++numbers;
    if (at < text.size() && text[at] == '.') ++at;
    else break;
  }
  // One plain number may begin a list item; two are a section's.
  if (numbers >= 2 && at + 1 < text.size() && text[at] == ' ' && text[at + 1] >= 'A' && text[at + 1] <= 'Z')
    return int(numbers);
  const std::string lower = lower_ascii(text);
  for (const std::string_view word : {"chapter ", "part ", "appendix ", "section ", "article "})
    if (lower.starts_with(word) && text[0] < 'a' && text.size() < 70 && lower.size() > word.size() &&
        (uint8_t(text[word.size()] - '0') < 10 || (text[word.size()] >= 'A' && text[word.size()] <= 'Z')))
      return word == "section " || word == "article " ? 2 : 1;
  return 0;
}

void put_paragraph(DocumentWriter& out, std::string& paragraph, size_t lines) {
  if (lines == 1)
    if (const int level = heading_level(paragraph); level > 0) {
      out.heading(level, paragraph);
      paragraph.clear();
      return;
    }
  out.paragraph(paragraph, true);
  paragraph.clear();
}

}  // namespace

Document read_plain_text(const Reading& reading) {
  const DecodedText decoded = decode_text(reading.bytes);
  DocumentWriter out(reading);
  const bool paged = decoded.text.find('\f') != std::string::npos;
  uint32_t pages = 0;
  std::string clean, paragraph;
  for (size_t at = 0; at <= decoded.text.size();) {
    const size_t end = std::min(decoded.text.find('\f', at), decoded.text.size());
    if (paged) out.page = ++pages;
    clean.clear();
    append_clean(std::string_view(decoded.text).substr(at, end - at), clean);
    size_t lines = 0;
    TextLines text(clean);
    for (std::string_view line; text.next(line);) {
      if (is_blank(line)) {
        put_paragraph(out, paragraph, lines);
        lines = 0;
        continue;
      }
      paragraph += line;
      paragraph += '\n';
      ++lines;
    }
    put_paragraph(out, paragraph, lines);
    at = end + 1;
  }
  if (pages > 0 && decoded.text.ends_with('\f')) --pages;
  return out.finish("text/plain", pages);
}

}  // namespace hadal::rag
