// The alphabet of byte-level BPE: every byte as a printable character. Bytes 33-126, 161-172 and 174-255 stand for
// themselves, the other 68 in ascending order for U+0100, U+0101, ...
#pragma once

#include <string>
#include <string_view>

namespace hadal {

char32_t byte_letter(unsigned char byte);

// The bytes that a token's text spells; false, and nothing appended, if it holds a character outside the alphabet.
bool append_spelled_bytes(std::string_view text, std::string& out);

}  // namespace hadal
