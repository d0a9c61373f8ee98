#include "rag/readers/pdf_cmap.hpp"

#include <algorithm>

#include "rag/readers/clean_text.hpp"
#include "rag/readers/pdf_lexer.hpp"

namespace hadal::rag {
namespace {

uint32_t code_of(std::string_view bytes) {
  uint32_t code = 0;
  for (const char b : bytes.substr(0, 4)) code = code << 8 | uint8_t(b);
  return code;
}

void append_utf16(std::string_view bytes, uint32_t add, std::string& out) {
  for (size_t at = 0; at + 1 < bytes.size(); at += 2) {
    char32_t c = char32_t(uint8_t(bytes[at])) << 8 | uint8_t(bytes[at + 1]);
    if (c >= 0xD800 && c < 0xDC00 && at + 3 < bytes.size()) {
      const char32_t low = char32_t(uint8_t(bytes[at + 2])) << 8 | uint8_t(bytes[at + 3]);
      if (low >= 0xDC00 && low < 0xE000) {
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
        at += 2;
      }
    }
    if (at + 3 >= bytes.size()) c += add;   // a range counts in its last character
    append_character(c, out);
  }
}

}  // namespace

PdfCMap::PdfCMap(std::string_view program) {
  constexpr size_t kMostRanges = 200000;
  using Kind = PdfToken::Kind;
  PdfLexer lexer(program);
  PdfToken token;
  std::vector<std::string> strings;   // operands since the last keyword
  std::vector<double> numbers;
  enum class Section { none, bfchar, bfrange, cidchar, cidrange, spaces } section = Section::none;
  const auto add_text = [&](uint32_t low, uint32_t high, std::string_view text) {
    if (ranges_.size() >= kMostRanges || high < low || text.size() > 512) return;
    ranges_.push_back({low, high, uint32_t(pool_.size()), uint32_t(text.size())});
    pool_ += text;
  };
  const auto add_cid = [&](uint32_t low, uint32_t high, double cid) {
    if (cids_.size() < kMostRanges && high >= low && cid >= 0 && cid < 65536)
      cids_.push_back({low, high, uint32_t(cid), 0});
  };
  uint32_t array_at = 0;
  bool in_array = false;
  while (lexer.next(token)) {
    if (token.kind == Kind::word) {
      if (token.text == "beginbfchar") section = Section::bfchar;
      else if (token.text == "beginbfrange") section = Section::bfrange;
      else if (token.text == "begincidchar") section = Section::cidchar;
      else if (token.text == "begincidrange") section = Section::cidrange;
      else if (token.text == "begincodespacerange") section = Section::spaces;
      else if (token.text.starts_with("end")) section = Section::none;
      strings.clear();
      in_array = false;
      continue;
    }
    if (section == Section::none) continue;
    if (token.kind == Kind::array_begin && section == Section::bfrange && strings.size() == 2) {
      in_array = true;
      array_at = code_of(strings[0]);
      continue;
    }
    if (token.kind == Kind::array_end) {
      in_array = false;
      strings.clear();
      continue;
    }
    if (token.kind == Kind::string && in_array) {
      if (array_at <= code_of(strings[1])) add_text(array_at, array_at, token.text);
      ++array_at;
      continue;
    }
    if (token.kind == Kind::string) strings.push_back(token.text);
    switch (section) {
      case Section::bfchar:
        if (strings.size() == 2) add_text(code_of(strings[0]), code_of(strings[0]), strings[1]), strings.clear();
        break;
      case Section::bfrange:
        if (strings.size() == 3) add_text(code_of(strings[0]), code_of(strings[1]), strings[2]), strings.clear();
        break;
      case Section::spaces:
        if (strings.size() == 2) {
          if (!strings[0].empty() && strings[0].size() <= 4 && spaces_.size() < 256)
            spaces_.push_back({code_of(strings[0]), code_of(strings[1]), uint8_t(strings[0].size())});
          strings.clear();
        }
        break;
      case Section::cidchar:
        if (token.kind == Kind::number && strings.size() == 1)
          add_cid(code_of(strings[0]), code_of(strings[0]), token.number), strings.clear();
        break;
      case Section::cidrange:
        if (token.kind == Kind::number && strings.size() == 2)
          add_cid(code_of(strings[0]), code_of(strings[1]), token.number), strings.clear();
        break;
      case Section::none: break;
    }
    if (strings.size() > 3) strings.clear();
  }
  const auto by_low = [](const Range& a, const Range& b) { return a.low < b.low; };
  std::stable_sort(ranges_.begin(), ranges_.end(), by_low);
  std::stable_sort(cids_.begin(), cids_.end(), by_low);
}

const PdfCMap::Range* PdfCMap::find(const std::vector<Range>& ranges, uint32_t code) const {
  auto after =
      std::upper_bound(ranges.begin(), ranges.end(), code, [](uint32_t c, const Range& r) { return c < r.low; });
  // Ranges rarely overlap; a few steps back find the one that holds the code.
  for (int steps = 0; steps < 8 && after != ranges.begin(); ++steps) {
    --after;
    if (code >= after->low && code <= after->high) return &*after;
  }
  return nullptr;
}

bool PdfCMap::append_text(uint32_t code, std::string& out) const {
  const Range* range = find(ranges_, code);
  if (!range) return false;
  const std::string_view text = std::string_view(pool_).substr(range->target, range->size);
  if (text.size() == 1) append_character(uint8_t(text[0]) + (code - range->low), out);
  else append_utf16(text, code - range->low, out);
  return true;
}

bool PdfCMap::cid(uint32_t code, uint32_t& out) const {
  const Range* range = find(cids_, code);
  if (!range) return false;
  out = range->target + (code - range->low);
  return true;
}

size_t PdfCMap::code_size(std::string_view bytes) const {
  for (size_t size = 1; size <= 4 && size <= bytes.size(); ++size) {
    const uint32_t code = code_of(bytes.substr(0, size));
    for (const CodeSpace& space : spaces_) {
      if (space.size != size) continue;
      bool inside = true;   // each byte between its own bounds
      for (size_t i = 0; i < size; ++i) {
        const uint32_t shift = uint32_t(8 * i);
        const uint8_t byte = uint8_t(code >> shift), low = uint8_t(space.low >> shift),
                      high = uint8_t(space.high >> shift);
        inside = inside && byte >= low && byte <= high;
      }
      if (inside) return size;
    }
  }
  return 0;
}

}  // namespace hadal::rag
