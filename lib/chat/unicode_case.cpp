#include "chat/unicode_case.hpp"

#include <algorithm>
#include <iterator>

namespace hadal::jinja {
namespace {

struct CharacterRange {
  uint32_t first, last, stride;
};
struct CaseRange {
  uint32_t first, last, stride;
  int32_t delta;
};
struct CaseExpansion {
  uint32_t from, first, second, third;  // third is 0 if there are only two
};

#include "chat/unicode_data.inc"

// The entry whose [first, last] could hold c: the last one that starts at or before it.
template <class Range, size_t count>
const Range* candidate(const Range (&ranges)[count], char32_t c) {
  const Range* after = std::upper_bound(std::begin(ranges), std::end(ranges), c,
                                        [](char32_t value, const Range& range) { return value < range.first; });
  if (after == std::begin(ranges)) return nullptr;
  const Range* range = after - 1;
  return c <= range->last && (c - range->first) % range->stride == 0 ? range : nullptr;
}

template <size_t several_count, size_t count>
int map_with(const CaseExpansion (&several)[several_count], const CaseRange (&single)[count], char32_t c,
             char32_t out[3]) {
  for (const CaseExpansion& expansion : several) {
    if (expansion.from != c) continue;
    out[0] = expansion.first;
    out[1] = expansion.second;
    out[2] = expansion.third;
    return expansion.third ? 3 : 2;
  }
  const CaseRange* range = candidate(single, c);
  out[0] = range ? static_cast<char32_t>(static_cast<int32_t>(c) + range->delta) : c;
  return 1;
}

}  // namespace

bool is_alphabetic(char32_t c) { return candidate(kAlphabetic, c); }
bool is_decimal(char32_t c) { return candidate(kDecimal, c); }
bool is_numeric(char32_t c) { return candidate(kDecimal, c) || candidate(kNumeric, c); }
bool is_unprintable(char32_t c) { return candidate(kUnprintable, c); }
bool is_upper_case(char32_t c) { return candidate(kUpperCase, c); }
bool is_lower_case(char32_t c) { return candidate(kLowerCase, c); }
bool is_title_case(char32_t c) { return candidate(kTitleCase, c); }
bool is_cased(char32_t c) { return is_upper_case(c) || is_lower_case(c) || is_title_case(c); }

// Only what decides the final sigma in practice: marks and the punctuation that occurs inside words.
bool is_case_ignorable(char32_t c) {
  return c == '\'' || c == '.' || c == ':' || c == '^' || c == '`' || c == 0xA8 || c == 0xAD || c == 0xB7 ||
         (c >= 0x300 && c < 0x370) || c == 0x2019;
}

int map_case(char32_t c, CaseMapping mapping, char32_t out[3]) {
  if (c < 0x80) {
    const bool small = c >= 'a' && c <= 'z', capital = c >= 'A' && c <= 'Z';
    out[0] = mapping == CaseMapping::lower ? (capital ? c + 32 : c) : (small ? c - 32 : c);
    return 1;
  }
  switch (mapping) {
    case CaseMapping::upper: return map_with(kToUpperSeveral, kToUpper, c, out);
    case CaseMapping::lower: return map_with(kToLowerSeveral, kToLower, c, out);
    case CaseMapping::title: break;
  }
  return map_with(kToTitleSeveral, kToTitle, c, out);
}

}  // namespace hadal::jinja
