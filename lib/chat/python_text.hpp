// What Python's str can do, on UTF-8. Results that can be longer than their input take the budget.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "chat/budget.hpp"

namespace hadal::jinja {

bool is_space(char32_t c);  // str.isspace

// chars: the set to strip; empty optional-like default (data() == nullptr) = white space.
std::string_view strip(std::string_view text, std::string_view chars, bool left, bool right);

std::string upper(std::string_view text);
std::string lower(std::string_view text);
std::string capitalize(std::string_view text);
std::string title(std::string_view text);      // str.title: every run of letters starts a word
std::string swapcase(std::string_view text);
// First character upper, rest lower, without the title-case letters of str.capitalize.
std::string upper_first(std::string_view text);

bool is_upper(std::string_view text);          // has cased characters, and all of them are upper case
bool is_lower(std::string_view text);
bool is_title(std::string_view text);
bool all_alphabetic(std::string_view text);    // these are false for an empty text
bool all_decimal(std::string_view text);
bool all_alphanumeric(std::string_view text);
bool all_space(std::string_view text);
bool is_printable(char32_t c);

// str.split and str.rsplit; limit < 0 = no limit. An empty separator means runs of white space.
std::vector<std::string_view> split(std::string_view text, std::string_view separator, int64_t limit);
std::vector<std::string_view> split_from_right(std::string_view text, std::string_view separator, int64_t limit);
std::vector<std::string_view> split_lines(std::string_view text, bool keep_ends);

// str.replace; limit < 0 = all.
std::string replace(std::string_view text, std::string_view old, std::string_view with, int64_t limit, Budget& budget);
int64_t count_occurrences(std::string_view text, std::string_view part);
// Byte offset of the character with that index, text.size() if there are fewer. length = code points of text.
size_t offset_of(std::string_view text, size_t length, size_t index);
std::string reversed(std::string_view text);

// repr(str): quotes, escapes, unprintable characters as \x, \u or \U.
std::string quoted_repr(std::string_view text);
// markupsafe.escape.
std::string escape_html(std::string_view text, Budget& budget);

}  // namespace hadal::jinja
