// Unicode normalisation forms C and D, with the data of the tokenizers library.
#pragma once

#include <string>
#include <string_view>

namespace hadal {

// True if the text can be told to be in form C without composing it; most text is.
bool is_plainly_nfc(std::string_view valid_utf8);

// Appends the form C of valid UTF-8.
void append_nfc(std::string_view valid_utf8, std::string& out);

// Appends the form D of valid UTF-8.
void append_nfd(std::string_view valid_utf8, std::string& out);

}  // namespace hadal
