#include "tokenizer/byte_letters.hpp"

#include <array>
#include <cstdint>

#include "core/utf8.hpp"

namespace hadal {
namespace {

constexpr bool stands_for_itself(unsigned byte) {
  return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
}

constexpr int kShifted = 68;  // bytes with a letter of their own

constexpr auto kLetters = [] {
  std::array<uint16_t, 256> out{};
  uint16_t shifted = 0x100;
  for (unsigned byte = 0; byte < 256; ++byte)
    out[byte] = stands_for_itself(byte) ? static_cast<uint16_t>(byte) : shifted++;
  return out;
}();

constexpr auto kBytes = [] {  // of U+0100 + i
  std::array<uint8_t, kShifted> out{};
  for (unsigned byte = 0; byte < 256; ++byte)
    if (!stands_for_itself(byte)) out[kLetters[byte] - 0x100u] = static_cast<uint8_t>(byte);
  return out;
}();

}  // namespace

char32_t byte_letter(unsigned char byte) { return kLetters[byte]; }

bool append_spelled_bytes(std::string_view text, std::string& out) {
  const size_t before = out.size();
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at < end;) {
    char32_t cp = 0xFFFFFFFF;
    if (utf8_step(at, end).kind == Utf8Step::Kind::character) cp = next_code_point(at);
    if (cp < 0x100 && stands_for_itself(cp)) {
      out += static_cast<char>(static_cast<unsigned char>(cp));
    } else if (cp >= 0x100 && cp < 0x100 + kShifted) {
      out += static_cast<char>(kBytes[cp - 0x100]);
    } else {
      out.resize(before);
      return false;
    }
  }
  return true;
}

}  // namespace hadal
