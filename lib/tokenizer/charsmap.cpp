#include "tokenizer/charsmap.hpp"

#include <cstring>

#include "core/message.hpp"
#include "core/status.hpp"
#include "core/utf8.hpp"
#include "tokenizer/char_class.hpp"

namespace hadal {
namespace {

// Units of a Darts double array: https://github.com/s-yata/darts-clone, "Dictionary format".
bool has_leaf(uint32_t unit) { return unit >> 8 & 1; }
uint32_t value(uint32_t unit) { return unit & 0x7FFFFFFF; }
uint32_t label(uint32_t unit) { return unit & 0x800000FF; }
uint32_t offset(uint32_t unit) { return unit >> 10 << (unit >> 9 & 1) * 8; }

// What belongs to the character before it: marks, and the joiners of U+200C.
bool extends(char32_t cp) { return class_of(cp) & (kMark | kJoiner); }
bool is_control(char32_t cp) { return cp < 0x20 || (cp >= 0x7F && cp < 0xA0) || cp == 0x2028 || cp == 0x2029; }

// The end of the user-perceived character at `at`. Only short ones matter below, so Hangul and emoji need no care.
const char* end_of_cluster(const char* at, const char* end) {
  const char32_t first = next_code_point(at);
  if (first == '\r' && at < end && *at == '\n') return at + 1;
  if (is_control(first)) return at;
  while (at < end) {
    const char* next = at;
    if (!extends(next_code_point(next))) break;
    at = next;
  }
  return at;
}

}  // namespace

Charsmap Charsmap::parse(std::string_view bytes) {
  Charsmap out;
  if (bytes.empty()) return out;
  uint32_t size = 0;
  if (bytes.size() >= sizeof size) std::memcpy(&size, bytes.data(), sizeof size);
  if (bytes.size() < sizeof size || size % 4 != 0 || size > bytes.size() - sizeof size)
    throw Error(Status::corrupt, message("precompiled_charsmap: expected a trie within ", bytes.size(),
                                         " bytes, found one of ", size));
  out.trie_.resize(size / 4);
  if (size > 0) std::memcpy(out.trie_.data(), bytes.data() + sizeof size, size);
  out.texts_ = bytes.substr(sizeof size + size);
  out.texts_ += '\0';
  if (find_invalid_utf8(out.texts_) != std::string_view::npos)
    throw Error(Status::corrupt, "precompiled_charsmap: expected texts in UTF-8");
  return out;
}

std::string_view Charsmap::replacement(std::string_view text) const {
  if (trie_.empty()) return {};
  uint32_t at = offset(trie_[0]);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte == 0) return {};
    at ^= byte;
    if (at >= trie_.size() || label(trie_[at]) != byte) return {};
    const uint32_t unit = trie_[at];
    at ^= offset(unit);
    if (!has_leaf(unit)) continue;
    const uint32_t found = at < trie_.size() ? value(trie_[at]) : UINT32_MAX;
    if (found >= texts_.size()) return {};
    // Not the middle of a character, whatever the trie says.
    if ((static_cast<unsigned char>(texts_[found]) & 0xC0) == 0x80) return {};
    return texts_.c_str() + found;
  }
  return {};
}

void Charsmap::append(std::string_view text, std::string& out) const {
  constexpr size_t kShort = 6;   // clusters below it are looked up whole, others character by character
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at < end;) {
    const char* const stop = end_of_cluster(at, end);
    if (size_t(stop - at) < kShort) {
      if (const std::string_view made = replacement({at, size_t(stop - at)}); made.data()) {
        out += made;
        at = stop;
        continue;
      }
    }
    while (at < stop) {
      const std::string_view one(at, utf8_length(*at));
      const std::string_view made = replacement(one);
      out += made.data() ? made : one;
      at += one.size();
    }
  }
}

std::string from_base64(std::string_view text, std::string_view what) {
  std::string out;
  out.reserve(text.size() / 4 * 3);
  uint32_t bits = 0;
  int count = 0;
  while (text.ends_with('=')) text.remove_suffix(1);
  for (const char c : text) {
    const int digit = c >= 'A' && c <= 'Z'   ? c - 'A'
                      : c >= 'a' && c <= 'z' ? c - 'a' + 26
                      : c >= '0' && c <= '9' ? c - '0' + 52
                      : c == '+'             ? 62
                      : c == '/'             ? 63
                                             : -1;
    if (digit < 0) throw Error(Status::corrupt, message(what, ": expected base64"));
    bits = bits << 6 | uint32_t(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xFF);
  }
  return out;
}

}  // namespace hadal
