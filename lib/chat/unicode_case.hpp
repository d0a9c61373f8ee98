// Character tables of Python's str: letters, decimal digits, printable characters and case mappings. The data file is
// made by tests/golden/recipes/chat_unicode.py.
#pragma once

#include <cstdint>
#include <string_view>

namespace hadal::jinja {

bool is_alphabetic(char32_t c);   // str.isalpha
bool is_decimal(char32_t c);      // str.isdecimal
bool is_numeric(char32_t c);      // str.isnumeric, decimal digits among them
bool is_unprintable(char32_t c);  // not str.isprintable
bool is_upper_case(char32_t c);   // Unicode property Uppercase
bool is_lower_case(char32_t c);
bool is_title_case(char32_t c);   // category Lt
bool is_cased(char32_t c);
bool is_case_ignorable(char32_t c);

enum class CaseMapping : uint8_t { upper, lower, title };
// One to three code points of the mapped character, written to `out`; returns how many.
int map_case(char32_t c, CaseMapping mapping, char32_t out[3]);

}  // namespace hadal::jinja
