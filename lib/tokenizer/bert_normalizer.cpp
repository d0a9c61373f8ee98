#include "tokenizer/bert_normalizer.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "core/utf8.hpp"
#include "tokenizer/char_class.hpp"
#include "tokenizer/letter_ranges.hpp"
#include "tokenizer/nfc.hpp"

namespace hadal {
namespace {

struct LowerRange {
  char32_t first, last, stride;
  int32_t delta;
};

#include "tokenizer/tables/bert_characters.inc"

// The library's list, which ends one block at 2B91F where Unicode has 2CEAF begin at 2B820.
constexpr CodePointRange kChinese[] = {{0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xF900, 0xFAFF},   {0x20000, 0x2A6DF},
                                       {0x2A700, 0x2B73F}, {0x2B740, 0x2B81F}, {0x2B920, 0x2CEAF}, {0x2F800, 0x2FA1F}};

template <class Range, size_t count>
const Range* range_with(const Range (&ranges)[count], char32_t cp) {
  const auto* range =
      std::partition_point(std::begin(ranges), std::end(ranges), [cp](const Range& r) { return r.last < cp; });
  return range != std::end(ranges) && cp >= range->first ? range : nullptr;
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

template <class Each>
void for_each_character(std::string_view text, Each each) {
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at < end;) {
    const char* const here = at;
    const char32_t cp = next_code_point(at);
    each(cp, std::string_view(here, size_t(at - here)));
  }
}

void append_clean(std::string_view text, std::string& out) {
  for_each_character(text, [&](char32_t cp, std::string_view bytes) {
    if (range_with(kBertDropped, cp)) return;
    if (class_of(cp) & kSpace) out += ' ';
    else out += bytes;
  });
}

void append_spaced(std::string_view text, std::string& out) {
  for_each_character(text, [&](char32_t cp, std::string_view bytes) {
    const bool chinese = cp >= 0x3400 && range_with(kChinese, cp);
    if (chinese) out += ' ';
    out += bytes;
    if (chinese) out += ' ';
  });
}

void append_without_marks(std::string_view text, std::string& out) {
  std::string decomposed;
  append_nfd(text, decomposed);
  for_each_character(decomposed, [&](char32_t cp, std::string_view bytes) {
    if (cp < 0x300 || !range_with(kBertMarks, cp)) out += bytes;
  });
}

void append_lower(std::string_view text, std::string& out) {
  for_each_character(text, [&](char32_t cp, std::string_view bytes) {
    if (cp == 0x130) {
      append_utf8('i', out);
      append_utf8(0x307, out);
      return;
    }
    const LowerRange* range = range_with(kLower, cp);
    if (range && (cp - range->first) % range->stride == 0)
      append_utf8(static_cast<char32_t>(static_cast<int32_t>(cp) + range->delta), out);
    else
      out += bytes;
  });
}

}  // namespace

bool is_bert_punctuation(char32_t cp) { return range_with(kBertPunctuation, cp) != nullptr; }

void BertNormalizer::append(std::string_view text, std::string& out) const {
  std::string held[2];
  int next = 0;
  const auto step = [&](bool wanted, auto&& made_by) {
    if (!wanted) return;
    std::string& made = held[next];
    next = 1 - next;
    made.clear();
    made.reserve(text.size() + text.size() / 8);
    made_by(text, made);
    text = made;
  };
  const bool ascii = is_ascii(text);
  step(clean_text, append_clean);
  step(handle_chinese_chars && !ascii, append_spaced);
  step(strip_accents && !ascii, append_without_marks);
  step(lowercase, append_lower);
  out += text;
}

}  // namespace hadal
