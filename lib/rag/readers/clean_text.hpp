// White space and characters that no document text should hold.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hadal::rag {

void append_character(char32_t code_point, std::string& out);  // as UTF-8; U+FFFD for what is no character

// The character at `at`, which moves behind it; U+FFFD for a byte that begins none (one byte is taken).
char32_t next_character(std::string_view text, size_t& at);

// Appends text as valid UTF-8 without NUL, control characters, zero-width space or byte order mark; \r\n, \r and the
// separators U+0085, U+2028, U+2029 and form feed become \n, no-break spaces ordinary ones. Soft hyphens go.
void append_clean(std::string_view text, std::string& out);

// Clean text with each run of white space made one space, and none at both ends; a run with a line break between two
// characters written without spaces goes. With keep_lines, line breaks stay (at most one empty line in a row), and
// white space at both ends of lines goes.
std::string squeezed(std::string_view clean, bool keep_lines = false);

bool is_space(char32_t c);
bool joins_without_space(char32_t c);     // Han, kana, CJK punctuation, full-width forms
bool is_letter(char32_t c);  // of a script with spaces: enough for hyphens at line ends

std::string lower_ascii(std::string_view text);
std::string_view trim_ascii(std::string_view text);

}  // namespace hadal::rag
