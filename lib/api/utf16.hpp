// UTF-8 inside, UTF-16 for those who ask.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hadal::api {

// The character at `at`, which moves past it. Bytes that are no UTF-8 give U+FFFD one by one.
char32_t next_character(std::string_view text, size_t& at);
// Writes one or two units, gives how many.
size_t put_utf16(char32_t character, uint16_t* out);

std::u16string to_utf16(std::string_view text);
// Throws Error(invalid_argument) with the offset of a lone surrogate; `what` names the text.
std::string from_utf16(const uint16_t* text, size_t units, std::string_view what);

}  // namespace hadal::api
