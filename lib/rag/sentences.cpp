#include "rag/sentences.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "core/utf8.hpp"
#include "rag/segment.hpp"
#include "tokenizer/char_class.hpp"

namespace hadal::rag {
namespace {

constexpr auto kAbbreviations = std::to_array<std::string_view>(
    {"adj",  "al",   "approx", "apr", "art",  "aug",  "ave",  "bzw",  "ca",  "cap",  "cf",   "ch",   "co",   "corp",
     "dec",  "dept", "dr",     "ed",  "eds",  "eg",   "e.g",  "eq",   "est", "etc",  "ex",   "feb",  "fig",  "figs",
     "fr",   "gen",  "gov",    "hon", "ie",   "i.e",  "inc",  "incl", "inst", "jan", "jr",   "jul",  "jun",  "lt",
     "ltd",  "max",  "min",    "mr",  "mrs",  "ms",   "mt",   "mar",  "no",  "nos",  "nov",  "nr",   "oct",  "op",
     "p",    "para", "pp",     "prof", "pt",  "ref",  "refs", "resp", "rev", "sec",  "sect", "sep",  "sept", "sr",
     "st",   "str",  "tel",    "u.s", "usw",  "v",    "vgl",  "viz",  "vol", "vols", "vs",   "z.b"});

struct Letter {
  char32_t c;
  size_t at, next;   // bytes
};

std::vector<Letter> letters_of(std::string_view text) {
  std::vector<Letter> out;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    const size_t from = size_t(at - text.data());
    const char32_t c = next_code_point(at);
    out.push_back({c, from, size_t(at - text.data())});
  }
  return out;
}

bool is_space(char32_t c) { return (class_of(c) & kSpace) != 0; }
bool is_closing(char32_t c) {
  return c == ')' || c == ']' || c == '}' || c == '"' || c == '\'' || c == 0xBB || c == 0x2019 || c == 0x201D ||
         c == 0x300D || c == 0x300F || c == 0xFF09 || c == 0x300B || c == 0x3011 || c == 0x3009;
}
bool is_full_stop(char32_t c) {   // ends a sentence without a space behind it
  return c == 0x3002 || c == 0xFF01 || c == 0xFF1F || c == 0xFF1B || c == 0x2026 || c == 0xFF61;
}

int depth_change(char32_t c) {
  switch (c) {
    case '(': case '[': case '{': case 0xAB: case 0x201C: case 0x300C: case 0x300E: case 0xFF08: case 0x300A: case 0x3010:
    case 0x3008: return 1;
    case ')': case ']': case '}': case 0xBB: case 0x201D: case 0x300D: case 0x300F: case 0xFF09: case 0x300B: case 0x3011:
    case 0x3009: return -1;
    default: return 0;
  }
}

// Whether the dot at letters[i] only shortens the word before it.
bool is_abbreviation(std::string_view text, const std::vector<Letter>& letters, size_t i) {
  size_t first = i;
  while (first > 0 && i - first < 12) {
    const char32_t c = letters[first - 1].c;
    if (!(class_of(c) & (kLetter | kMark)) && c != '.') break;
    --first;
  }
  if (first == i) return false;
  std::string word;
  for (size_t k = first; k < i; ++k)
    for (char c : text.substr(letters[k].at, letters[k].next - letters[k].at))
      word += c >= 'A' && c <= 'Z' ? char(c + 32) : c;
  const bool initial = i - first == 1 && letters[first].c >= 'A' && letters[first].c <= 'Z';
  return initial ||
         std::find(kAbbreviations.begin(), kAbbreviations.end(), std::string_view(word)) != kAbbreviations.end();
}

// Whether the dot at letters[i] ends a sentence, given that white space or the end follows at letters[next].
bool dot_ends(std::string_view text, const std::vector<Letter>& letters, size_t i, size_t next) {
  size_t word = next;
  while (word < letters.size() && is_space(letters[word].c)) ++word;
  if (word == letters.size()) return true;
  const char32_t follows = letters[word].c;
  if (follows >= 'a' && follows <= 'z') return false;
  // "1." at the start of a line numbers what follows.
  size_t digit = i;
  while (digit > 0 && letters[digit - 1].c >= '0' && letters[digit - 1].c <= '9') --digit;
  if (digit < i && i - digit <= 3 && (digit == 0 || letters[digit - 1].c == '\n')) return false;
  return !is_abbreviation(text, letters, i);
}

}  // namespace

std::vector<size_t> sentence_ends(std::string_view text, size_t near) {
  constexpr size_t kLongestBracket = 600;   // bytes; whatever stays open longer was never meant to close
  struct End {
    size_t at;
    bool inside;
  };
  std::vector<End> ends;
  const std::vector<Letter> letters = letters_of(text);
  int depth = 0;
  bool in_quotes = false;
  size_t opened = 0;
  for (size_t i = 0; i < letters.size(); ++i) {
    const char32_t c = letters[i].c;
    if (const int change = depth_change(c)) {
      depth = std::max(0, depth + change);
      if (change > 0) opened = letters[i].at;
    } else if (c == '"') {
      in_quotes = !in_quotes;
      if (in_quotes) opened = letters[i].at;
    }
    if ((depth > 0 || in_quotes) && letters[i].at > opened + kLongestBracket) depth = 0, in_quotes = false;

    const bool stop = is_full_stop(c);
    const bool cjk_line = c == '\n' && i > 0 && (is_east_asian(letters[i - 1].c) || letters[i - 1].c >= 0x3000);
    const bool empty_line = c == '\n' && i > 0 && letters[i - 1].c == '\n';
    if (!stop && !cjk_line && !empty_line && c != '.' && c != '?' && c != '!') continue;
    size_t next = i + 1;
    while (next < letters.size() && (letters[next].c == '.' || letters[next].c == '!' || letters[next].c == '?' ||
                                     is_full_stop(letters[next].c)))
      ++next;
    const size_t last_mark = next - 1;
    int closed = depth;
    bool quotes = in_quotes;
    while (next < letters.size() && is_closing(letters[next].c)) {
      closed = std::max(0, closed + depth_change(letters[next].c));
      if (letters[next].c == '"') {
        if (!quotes) break;   // opens the next sentence
        quotes = false;
      }
      ++next;
    }
    if (!stop && c != '\n') {
      if (next < letters.size() && !is_space(letters[next].c) && !is_east_asian(letters[next].c)) continue;
      if (c == '.' && last_mark == i && !dot_ends(text, letters, i, next)) continue;
    }
    ends.push_back({next < letters.size() ? letters[next].at : text.size(), closed > 0 || quotes});
    for (size_t k = i + 1; k < next; ++k) {   // what was stepped over counts
      depth = std::max(0, depth + depth_change(letters[k].c));
      if (letters[k].c == '"') in_quotes = !in_quotes;
    }
    i = next - 1;
  }

  // Backwards, so that each end inside knows the first one outside behind it.
  std::vector<size_t> out;
  size_t outside = text.size();
  for (auto end = ends.rbegin(); end != ends.rend(); ++end) {
    if (!end->inside) outside = end->at;
    else if (outside <= end->at + near) continue;
    out.push_back(end->at);
  }
  std::reverse(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  if (out.empty() || out.back() < text.size()) out.push_back(text.size());
  return out;
}

std::vector<size_t> clause_ends(std::string_view text) {
  std::vector<size_t> out;
  const std::vector<Letter> letters = letters_of(text);
  for (size_t i = 0; i < letters.size(); ++i) {
    const char32_t c = letters[i].c;
    const bool free_standing = c == 0xFF0C || c == 0x3001 || c == 0xFF1A || c == 0xFF1B || c == '\n';
    const bool spaced = (c == ',' || c == ';' || c == ':') && i + 1 < letters.size() && is_space(letters[i + 1].c);
    if (free_standing || spaced) out.push_back(letters[i].next);
  }
  if (out.empty() || out.back() < text.size()) out.push_back(text.size());
  return out;
}

std::vector<size_t> line_ends(std::string_view text) {
  std::vector<size_t> out;
  for (size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) out.push_back(at + 1);
  if (out.empty() || out.back() < text.size()) out.push_back(text.size());
  return out;
}

}  // namespace hadal::rag
