#include "rag/readers/document_writer.hpp"

#include <algorithm>

#include "rag/readers/clean_text.hpp"

namespace hadal::rag {
namespace {

std::string cleaned(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  append_clean(text, clean);
  return clean;
}

// Without empty lines at both ends and white space at the ends of lines.
std::string code_lines(std::string_view clean) {
  std::string out;
  for (size_t at = 0; at <= clean.size();) {
    const size_t end = std::min(clean.find('\n', at), clean.size());
    std::string_view line = clean.substr(at, end - at);
    while (!line.empty() && (line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
    if (!line.empty() || !out.empty()) {
      out += line;
      out += '\n';
    }
    at = end + 1;
  }
  while (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

}  // namespace

bool DocumentWriter::add(BlockKind kind, int level, std::string_view clean, std::string_view separator) {
  if (clean.empty()) return false;
  if ((document_.blocks.size() & 63) == 0) reading_.check_cancelled();
  if (document_.blocks.size() >= reading_.limits.blocks)
    reading_.fail(ReadFailure::too_large, "expected at most " + std::to_string(reading_.limits.blocks) +
                                              " paragraphs and rows, found more");
  std::string& text = document_.text;
  if (clean.size() + 2 > reading_.limits.text_bytes - std::min(text.size(), reading_.limits.text_bytes))
    reading_.fail(ReadFailure::too_large, "expected at most " + std::to_string(reading_.limits.text_bytes) +
                                              " bytes of text, found more");
  if (!text.empty()) text += separator;
  Block block;
  block.kind = kind;
  block.level = uint8_t(std::clamp(level, 0, 255));
  block.page = page;
  block.row = row;
  block.table = kind == BlockKind::table_header || kind == BlockKind::table_row ? table_ : 0;
  block.from = text.size();
  text += clean;
  block.to = text.size();
  document_.blocks.push_back(block);
  return true;
}

bool DocumentWriter::heading(int level, std::string_view text) {
  return add(BlockKind::heading, std::clamp(level, 1, 6), squeezed(cleaned(text)), "\n\n");
}

bool DocumentWriter::paragraph(std::string_view text, bool keep_lines) {
  return add(BlockKind::paragraph, 0, squeezed(cleaned(text), keep_lines), "\n\n");
}

bool DocumentWriter::list_item(int depth, std::string_view text, bool keep_lines) {
  const bool follows = !document_.blocks.empty() && document_.blocks.back().kind == BlockKind::list_item;
  return add(BlockKind::list_item, std::clamp(depth, 1, 255), squeezed(cleaned(text), keep_lines),
             follows ? "\n" : "\n\n");
}

bool DocumentWriter::code(std::string_view text) { return add(BlockKind::code, 0, code_lines(cleaned(text)), "\n\n"); }

bool DocumentWriter::table_row(const std::vector<std::string>& cells, bool header) {
  std::string line;
  bool empty = true;
  for (const std::string& cell : cells) {
    if (&cell != &cells.front()) line += '\t';
    const std::string clean = squeezed(cleaned(cell));
    empty = empty && clean.empty();
    line += clean;
  }
  if (empty) return false;
  if (table_ == 0) begin_table();   // rows outside a table: broken markup
  while (line.back() == '\t') line.pop_back();
  const bool follows = !document_.blocks.empty() && document_.blocks.back().table == table_;
  return add(header ? BlockKind::table_header : BlockKind::table_row, 0, line, follows ? "\n" : "\n\n");
}

void DocumentWriter::title(std::string_view text) {
  constexpr size_t kLongest = 300;
  std::string clean = squeezed(cleaned(text));
  if (clean.empty()) return;
  if (clean.size() > kLongest) {
    size_t end = kLongest;
    while (end > 0 && (uint8_t(clean[end]) & 0xC0) == 0x80) --end;
    clean.resize(end);
  }
  document_.title = std::move(clean);
}

void DocumentWriter::note(std::string sentence) {
  constexpr size_t kMost = 32;
  if (document_.notes.size() < kMost) document_.notes.push_back(squeezed(cleaned(sentence)));
}

Document DocumentWriter::finish(std::string_view mime, uint32_t pages) {
  document_.mime = mime;
  document_.pages = pages;
  if (document_.title.empty()) {
    const auto& blocks = document_.blocks;
    const auto first = std::find_if(blocks.begin(), blocks.end(),
                                    [](const Block& b) { return b.kind == BlockKind::heading && b.level <= 2; });
    if (first != blocks.end()) title(std::string_view(document_.text).substr(first->from, first->to - first->from));
  }
  return std::move(document_);
}

}  // namespace hadal::rag
