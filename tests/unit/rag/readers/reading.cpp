#include "unit/rag/readers/reading.hpp"

#include <doctest/doctest.h>

#include <cctype>
#include <fstream>
#include <iterator>

#include "core/utf8.hpp"

namespace hadal::rag::test {

Document read(std::string_view bytes, std::string_view name, const ReadLimits& limits) {
  const std::string exact(bytes);
  Document document = read_document(std::as_bytes(std::span(exact)), name, limits);
  check_laws(document);
  return document;
}

std::string text_of(const Document& document, const Block& block) {
  return document.text.substr(block.from, block.to - block.from);
}

std::string outline(const Document& document) {
  std::string out;
  for (const Block& block : document.blocks) {
    switch (block.kind) {
      case BlockKind::heading: out += "h" + std::to_string(block.level); break;
      case BlockKind::paragraph: out += "p"; break;
      case BlockKind::list_item: out += "l" + std::to_string(block.level); break;
      case BlockKind::table_header: out += "th"; break;
      case BlockKind::table_row: out += "tr"; break;
      case BlockKind::code: out += "code"; break;
    }
    if (block.row) out += " #" + std::to_string(block.row);
    if (block.page) out += " @" + std::to_string(block.page);
    out += ' ';
    for (const char c : text_of(document, block)) {
      if (c == '\n') out += "⏎";
      else if (c == '\t') out += "⇥";
      else out += c;
    }
    out += '\n';
  }
  return out;
}

void check_laws(const Document& document) {
  const std::string& text = document.text;
  REQUIRE(is_utf8(text));
  REQUIRE(is_utf8(document.title));
  REQUIRE(text.find('\0') == text.npos);
  REQUIRE(text.find('\r') == text.npos);
  size_t end = 0;
  for (const Block& block : document.blocks) {
    REQUIRE(block.from >= end);
    REQUIRE(block.from < block.to);
    REQUIRE(block.to <= text.size());
    for (size_t at = end; at < block.from; ++at) REQUIRE((text[at] == ' ' || text[at] == '\n' || text[at] == '\t'));
    REQUIRE((uint8_t(text[block.from]) & 0xC0) != 0x80);
    REQUIRE((block.to == text.size() || (uint8_t(text[block.to]) & 0xC0) != 0x80));
    REQUIRE(block.page <= document.pages);
    REQUIRE((block.table > 0) == (block.kind == BlockKind::table_header || block.kind == BlockKind::table_row));
    if (block.kind == BlockKind::heading) REQUIRE((block.level >= 1 && block.level <= 6));
    if (block.kind == BlockKind::list_item) REQUIRE(block.level >= 1);
    end = block.to;
  }
  for (size_t at = end; at < text.size(); ++at) REQUIRE((text[at] == ' ' || text[at] == '\n' || text[at] == '\t'));
}

std::string refusal(std::string_view bytes, std::string_view name, const ReadLimits& limits) {
  try {
    read(bytes, name, limits);
    return "read";
  } catch (const ReadError& error) {
    REQUIRE(std::string_view(error.what()).starts_with(name));
    return std::string(name_of(error.failure()));
  }
}

std::string golden(std::string_view file) {
  std::ifstream in(std::string(HADAL_TEST_DATA "/documents/") + std::string(file), std::ios::binary);
  REQUIRE_MESSAGE(in.good(), file);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace hadal::rag::test
