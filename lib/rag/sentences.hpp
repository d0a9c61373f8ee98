// Where a text may be cut: at the ends of sentences, of clauses, or between words.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace hadal::rag {

// One past each sentence, closing quotes and brackets included, in rising order; the last one is text.size(). Latin
// sentences end at . ? ! before white space, unless the dot belongs to an abbreviation, an initial or a number; Chinese
// and Japanese ones at 。！？；… and at the end of a line. An end inside brackets or quotes is passed over if one outside
// follows within `near` bytes.
std::vector<size_t> sentence_ends(std::string_view text, size_t near = 200);

// One past each clause: after , ; : before white space and after ，、：；. The last one is text.size().
std::vector<size_t> clause_ends(std::string_view text);

// One past each line; the last one is text.size().
std::vector<size_t> line_ends(std::string_view text);

}  // namespace hadal::rag
