#include "core/utf8.hpp"

#include <cstring>

namespace hadal {

Utf8Step utf8_step(const char* at, const char* end) {
  using Kind = Utf8Step::Kind;
  const auto byte = [&](int i) { return static_cast<unsigned char>(at[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return {Kind::character, 1};
  if (lead < 0xC2 || lead > 0xF4) return {Kind::invalid, 1};
  // The second byte's range excludes overlong forms, surrogates and what lies above U+10FFFF.
  const unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  const int size = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  for (int i = 1; i < size; ++i) {
    if (at + i == end) return {Kind::cut, static_cast<uint8_t>(i)};
    const unsigned next = byte(i);
    if (next < (i == 1 ? low : 0x80) || next > (i == 1 ? high : 0xBF)) return {Kind::invalid, static_cast<uint8_t>(i)};
  }
  return {Kind::character, static_cast<uint8_t>(size)};
}

size_t find_invalid_utf8(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    uint64_t eight;
    if (end - at >= 8 && (std::memcpy(&eight, at, 8), (eight & 0x8080808080808080u) == 0)) {
      at += 8;
      continue;
    }
    const Utf8Step step = utf8_step(at, end);
    if (step.kind != Utf8Step::Kind::character) return static_cast<size_t>(at - text.data());
    at += step.size;
  }
  return std::string_view::npos;
}

size_t append_repaired_utf8(std::string_view text, bool hold_cut, std::string& out) {
  const char* at = text.data();
  const char* const end = at + text.size();
  const char* valid_from = at;
  while (at < end) {
    const Utf8Step step = utf8_step(at, end);
    if (step.kind == Utf8Step::Kind::character) {
      at += step.size;
      continue;
    }
    out.append(valid_from, at);
    valid_from = at;
    if (step.kind == Utf8Step::Kind::cut && hold_cut) break;
    out += "\xEF\xBF\xBD";
    valid_from = at += step.size;
  }
  out.append(valid_from, at);
  return static_cast<size_t>(at - text.data());
}

void append_utf8(char32_t cp, std::string& out) {
  const auto put = [&](char32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
  const auto tail = [&](int shift) { put(0x80 | (cp >> shift & 0x3F)); };
  if (cp < 0x80) {
    put(cp);
  } else if (cp < 0x800) {
    put(0xC0 | cp >> 6), tail(0);
  } else if (cp < 0x10000) {
    put(0xE0 | cp >> 12), tail(6), tail(0);
  } else {
    put(0xF0 | cp >> 18), tail(12), tail(6), tail(0);
  }
}

}  // namespace hadal
