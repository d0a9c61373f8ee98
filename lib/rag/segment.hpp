// Text as the words it is searched by. Chinese, Japanese, Korean and other scripts without spaces become overlapping
// pairs of characters, so that a word of two is found inside a sentence; other scripts become folded words; clause and
// part numbers ("3.2.1", "AB-123/4") are words of their own beside their parts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hadal::rag {

// Raised whenever the same text gives other words: an index made with another number has to be made again.
constexpr int kSegmentVersion = 1;

// The words in order. Valid UTF-8 in; words hold no white space, quotes or control characters.
std::vector<std::string> segment(std::string_view text);

// The same, separated by single spaces.
std::string segmented_text(std::string_view text);

// One thing to look for: words that follow each other, or with `prefix` the beginning of a single word.
struct QueryTerm {
  std::vector<std::string> words;
  bool prefix = false;
};

// What a question looks for: any of these. Text in double quotes is one phrase. Words that every question has ("what",
// "the", 什么) are left out unless there is nothing else.
std::vector<QueryTerm> query_terms(std::string_view question);

// The terms as an FTS5 expression; "" if there are none.
std::string match_expression(const std::vector<QueryTerm>& terms);

// Scripts written without spaces between words.
bool is_unspaced(char32_t c);
// Chinese, Japanese, Korean characters.
bool is_east_asian(char32_t c);
bool has_east_asian(std::string_view text);   // one of them at least

}  // namespace hadal::rag
