#include "tokenizer/nfc.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <vector>

#include "core/utf8.hpp"

namespace hadal {
namespace {
#include "tokenizer/tables/unicode_nfc.inc"

constexpr uint64_t kMask21 = (1u << 21) - 1;
// Hangul syllables are composed by arithmetic (Unicode 3.12).
constexpr char32_t kSyllables = 0xAC00, kLeads = 0x1100, kVowels = 0x1161, kTrails = 0x11A7;
constexpr char32_t kLeadCount = 19, kVowelCount = 21, kTrailCount = 28;
constexpr char32_t kSyllableCount = kLeadCount * kVowelCount * kTrailCount;

// False: the character is a starter that composes with nothing before it and does not change itself.
bool needs_nfc(char32_t cp) {
  const uint32_t row = cp >> 8, bit = cp & 255;
  const auto block = static_cast<uint32_t>(kNfcStage1[row >> 3] >> ((row & 7) * 8) & 0xFF);
  return kNfcBlocks[block * 4 + (bit >> 6)] >> (bit & 63) & 1;
}

uint8_t combining_class(char32_t cp) {
  const auto* range = std::upper_bound(std::begin(kCombining), std::end(kCombining), cp,
                                       [](char32_t value, uint64_t entry) { return value < (entry & kMask21); });
  if (range == std::begin(kCombining)) return 0;
  --range;
  return cp <= (*range >> 21 & kMask21) ? static_cast<uint8_t>(*range >> 42) : uint8_t{0};
}

struct Character {
  char32_t cp;
  uint8_t combining;
};

// Appends the full canonical decomposition; the data nests at most four deep.
void decompose(char32_t cp, std::vector<Character>& out) {
  if (cp >= kSyllables && cp < kSyllables + kSyllableCount) {
    const char32_t index = cp - kSyllables;
    out.push_back({kLeads + index / (kVowelCount * kTrailCount), 0});
    out.push_back({kVowels + index / kTrailCount % kVowelCount, 0});
    if (index % kTrailCount != 0) out.push_back({kTrails + index % kTrailCount, 0});
    return;
  }
  char32_t seconds[8];
  size_t pending = 0;
  for (;;) {
    const auto* entry = std::lower_bound(std::begin(kDecompositions), std::end(kDecompositions), cp,
                                         [](uint64_t e, char32_t value) { return (e & kMask21) < value; });
    if (entry == std::end(kDecompositions) || (*entry & kMask21) != cp || pending == std::size(seconds)) break;
    if (const auto second = static_cast<char32_t>(*entry >> 42)) seconds[pending++] = second;
    cp = static_cast<char32_t>(*entry >> 21 & kMask21);
  }
  out.push_back({cp, combining_class(cp)});
  // No second half decomposes again (Unicode 16 data).
  while (pending > 0) {
    const char32_t second = seconds[--pending];
    out.push_back({second, combining_class(second)});
  }
}

// The character that first and second make, or 0.
char32_t compose(char32_t first, char32_t second) {
  if (first >= kLeads && first < kLeads + kLeadCount && second >= kVowels && second < kVowels + kVowelCount)
    return kSyllables + ((first - kLeads) * kVowelCount + (second - kVowels)) * kTrailCount;
  if (first >= kSyllables && first < kSyllables + kSyllableCount && (first - kSyllables) % kTrailCount == 0 &&
      second > kTrails && second < kTrails + kTrailCount)
    return first + (second - kTrails);
  const uint64_t wanted = static_cast<uint64_t>(first) << 21 | second;
  const auto key = [](uint16_t place) {
    return (kDecompositions[place] >> 21 & kMask21) << 21 | kDecompositions[place] >> 42;
  };
  const auto* place = std::lower_bound(std::begin(kCompositions), std::end(kCompositions), wanted,
                                       [&](uint16_t p, uint64_t value) { return key(p) < value; });
  if (place == std::end(kCompositions) || key(*place) != wanted) return 0;
  return static_cast<char32_t>(kDecompositions[*place] & kMask21);
}

// Unicode 3.11 D109.
void put_in_canonical_order(std::vector<Character>& text) {
  for (size_t i = 0; i < text.size();) {
    if (text[i].combining == 0) {
      ++i;
      continue;
    }
    size_t end = i;
    while (end < text.size() && text[end].combining != 0) ++end;
    std::stable_sort(text.begin() + static_cast<std::ptrdiff_t>(i), text.begin() + static_cast<std::ptrdiff_t>(end),
                     [](const Character& a, const Character& b) { return a.combining < b.combining; });
    i = end;
  }
}

// Canonical order, then composition (Unicode 3.11 D117), for characters whose first is the only one that may be
// composed with what follows outside.
void compose_segment(std::vector<Character>& text, std::string& out) {
  put_in_canonical_order(text);
  size_t kept = 0;
  size_t starter = SIZE_MAX;
  for (const Character& c : text) {
    if (starter != SIZE_MAX) {
      const bool adjacent = kept == starter + 1;
      const uint8_t before = adjacent ? 0 : text[kept - 1].combining;
      if (adjacent || (before != 0 && before < c.combining)) {
        if (const char32_t composite = compose(text[starter].cp, c.cp)) {
          text[starter].cp = composite;
          continue;
        }
      }
    }
    if (c.combining == 0) starter = kept;
    text[kept++] = c;
  }
  for (size_t i = 0; i < kept; ++i) append_utf8(text[i].cp, out);
  text.clear();
}

}  // namespace

bool is_plainly_nfc(std::string_view text) {
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at < end;) {
    if (static_cast<unsigned char>(*at) < 0xCC) {  // U+0000..02FF
      at += utf8_length(*at);
      continue;
    }
    if (needs_nfc(next_code_point(at))) return false;
  }
  return true;
}

void append_nfc(std::string_view text, std::string& out) {
  const char* const end = text.data() + text.size();
  const char* copied = text.data();  // up to here the result is in out
  const char* last = copied;         // start of the last character that may compose with what follows
  std::vector<Character> segment;
  for (const char* at = text.data(); at < end;) {
    const char* const here = at;
    if (!needs_nfc(next_code_point(at))) {
      last = here;
      continue;
    }
    out.append(copied, last);
    const char* stop = at;
    while (stop < end) {
      const char* next = stop;
      if (!needs_nfc(next_code_point(next))) break;
      stop = next;
    }
    for (const char* c = last; c < stop;) decompose(next_code_point(c), segment);
    compose_segment(segment, out);
    copied = last = at = stop;
  }
  out.append(copied, end);
}

void append_nfd(std::string_view text, std::string& out) {
  const char* const end = text.data() + text.size();
  std::vector<Character> made, segment;   // segment: a starter and the marks after it
  const auto flush = [&] {
    put_in_canonical_order(segment);
    for (const Character& c : segment) append_utf8(c.cp, out);
    segment.clear();
  };
  for (const char* at = text.data(); at < end;) {
    made.clear();
    decompose(next_code_point(at), made);
    for (const Character& c : made) {
      if (c.combining == 0) flush();
      segment.push_back(c);
    }
  }
  flush();
}

}  // namespace hadal
