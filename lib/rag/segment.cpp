#include "rag/segment.hpp"

#include <algorithm>
#include <array>

#include "core/utf8.hpp"
#include "rag/fold.hpp"
#include "tokenizer/char_class.hpp"

namespace hadal::rag {
namespace {

constexpr size_t kLongestWord = 64;    // characters; longer runs are no words, they are cut
constexpr size_t kLongestPhrase = 8;   // characters of an unspaced run that is also looked for as a whole

struct Letter {
  char32_t c;       // folded; 0 between words
  bool unspaced;
};

// The characters of a text, folded; whatever cannot be part of a word keeps its place.
std::vector<Letter> letters_of(std::string_view text) {
  std::vector<Letter> out;
  out.reserve(text.size());
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    const char32_t c = next_code_point(at);
    char32_t folded[3];
    const int n = fold(c, folded);
    for (int i = 0; i < n; ++i) out.push_back({folded[i], is_unspaced(folded[i])});
  }
  return out;
}

bool is_word_letter(const Letter& letter) {
  return letter.unspaced || (class_of(letter.c) & (kLetter | kMark | kNumber | kSymbolLetter)) != 0;
}

bool is_joint(char32_t c) { return c == '-' || c == '.' || c == '/' || c == ':' || c == '_'; }

bool is_digit(char32_t c) { return (class_of(c) & kNumber) != 0; }

std::string utf8_of(const Letter* from, const Letter* to) {
  std::string out;
  for (; from < to; ++from) append_utf8(from->c, out);
  return out;
}

// A maximal run of one kind: unspaced characters, or spaced words with the joints between them.
struct Run {
  bool unspaced;
  const Letter* from;
  const Letter* to;
};

template <class Visit>
void for_each_run(const std::vector<Letter>& letters, Visit&& visit) {
  const Letter* at = letters.data();
  const Letter* const end = at + letters.size();
  const auto spaced = [](const Letter* l) { return !l->unspaced && is_word_letter(*l); };
  while (at < end) {
    if (!is_word_letter(*at)) {
      ++at;
      continue;
    }
    const Letter* const from = at;
    if (at->unspaced) {
      while (at < end && at->unspaced) ++at;
      visit(Run{true, from, at});
      continue;
    }
    while (at < end && (spaced(at) || (is_joint(at->c) && at + 1 < end && spaced(at + 1)))) ++at;
    visit(Run{false, from, at});
  }
}

// The parts of a spaced run.
template <class Visit>
void for_each_part(const Run& run, Visit&& visit) {
  for (const Letter* at = run.from; at < run.to;) {
    if (is_joint(at->c)) {
      ++at;
      continue;
    }
    const Letter* const from = at;
    while (at < run.to && !is_joint(at->c) && size_t(at - from) < kLongestWord) ++at;
    visit(utf8_of(from, at));
  }
}

// "3.2.1", "ab-123/4": joined parts of which one has a digit.
bool is_number_word(const Run& run) {
  return size_t(run.to - run.from) <= kLongestWord &&
         std::any_of(run.from, run.to, [](const Letter& l) { return is_joint(l.c); }) &&
         std::any_of(run.from, run.to, [](const Letter& l) { return is_digit(l.c); });
}

constexpr auto kQuestionWords = std::to_array<std::string_view>(
    {"a", "about", "an", "and", "any", "are", "as", "at", "be", "been", "by", "can", "could", "did", "do", "does",
     "each", "every", "for", "from", "had", "has", "have", "how", "i", "if", "in", "into", "is", "it", "its",
     "many", "may", "me", "much", "must", "my", "of", "on", "or", "our", "s", "shall", "should", "so", "some", "t",
     "tell", "than", "that", "the", "their", "them", "then", "there", "these", "they", "this", "those", "to", "us",
     "was", "we", "were", "what", "when", "where", "which", "who", "whom", "whose", "why", "will", "with", "would",
     "you", "your"});

// Pairs that only ask. The question marks of Chinese are in the words.
constexpr auto kQuestionPairs = std::to_array<std::string_view>(
    {"什么", "甚么", "什麼", "多少", "怎么", "怎麼", "怎样", "怎樣", "如何", "哪些", "哪个", "哪個", "哪里", "哪裡",
     "是否", "为何", "為何", "为什", "為什", "请问", "請問", "是什", "是多", "有多", "有什", "有哪", "是哪", "该怎",
     "该如", "么样", "麼樣", "的是", "是谁", "是誰", "吗", "嗎", "呢", "么", "麼", "的", "了"});

template <size_t N>
bool among(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

void add_run_terms(const Run& run, std::vector<QueryTerm>& out) {
  if (!run.unspaced) {
    if (is_number_word(run)) out.push_back({{utf8_of(run.from, run.to)}});
    for_each_part(run, [&](std::string part) { out.push_back({{std::move(part)}}); });
    return;
  }
  const size_t n = size_t(run.to - run.from);
  if (n == 1) {
    out.push_back({{utf8_of(run.from, run.to)}, true});
    return;
  }
  QueryTerm whole;
  for (size_t i = 0; i + 1 < n; ++i) {
    whole.words.push_back(utf8_of(run.from + i, run.from + i + 2));
    out.push_back({{whole.words.back()}});
  }
  if (n > 2 && n <= kLongestPhrase) out.push_back(std::move(whole));
}

std::vector<QueryTerm> terms_of(std::string_view text) {
  std::vector<QueryTerm> out;
  const std::vector<Letter> letters = letters_of(text);
  for_each_run(letters, [&](const Run& run) { add_run_terms(run, out); });
  return out;
}

}  // namespace

bool is_east_asian(char32_t c) {
  return (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x20000 && c <= 0x323AF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x3040 && c <= 0x30FF && c != 0x30FB) || c == 0x3005 || c == 0x3007 ||
         (c >= 0x31F0 && c <= 0x31FF) || (c >= 0xFF66 && c <= 0xFF9F) || (c >= 0x3105 && c <= 0x312F) ||
         (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0x1100 && c <= 0x11FF) || (c >= 0x3131 && c <= 0x318E);
}

bool has_east_asian(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end)
    if (is_east_asian(next_code_point(at))) return true;
  return false;
}

bool is_unspaced(char32_t c) {
  return c >= 0x0E00 && (is_east_asian(c) || (c >= 0x0E01 && c <= 0x0E4E) || (c >= 0x0E81 && c <= 0x0ECD) ||
                         (c >= 0x1000 && c <= 0x103F) || (c >= 0x1780 && c <= 0x17D3));
}

std::vector<std::string> segment(std::string_view text) {
  std::vector<std::string> words;
  const std::vector<Letter> letters = letters_of(text);
  for_each_run(letters, [&](const Run& run) {
    if (!run.unspaced) {
      for_each_part(run, [&](std::string part) { words.push_back(std::move(part)); });
      if (is_number_word(run)) words.push_back(utf8_of(run.from, run.to));
      return;
    }
    for (const Letter* at = run.from; at + 1 < run.to; ++at) words.push_back(utf8_of(at, at + 2));
    words.push_back(utf8_of(run.to - 1, run.to));   // so that a search for one character finds the last as well
  });
  return words;
}

std::string segmented_text(std::string_view text) {
  std::string out;
  for (const std::string& word : segment(text)) {
    if (!out.empty()) out += ' ';
    out += word;
  }
  return out;
}

std::vector<QueryTerm> query_terms(std::string_view question) {
  std::vector<QueryTerm> quoted, loose;
  std::string rest;
  for (size_t at = 0; at < question.size();) {
    const size_t open = question.find('"', at);
    const size_t close = open == std::string_view::npos ? open : question.find('"', open + 1);
    if (close == std::string_view::npos) {
      rest += question.substr(at);
      break;
    }
    rest.append(question.substr(at, open - at)).append(" ");
    QueryTerm phrase{segment(question.substr(open + 1, close - open - 1))};
    if (!phrase.words.empty()) quoted.push_back(std::move(phrase));
    at = close + 1;
  }
  for (QueryTerm& term : terms_of(rest)) loose.push_back(std::move(term));
  const bool has_content = !quoted.empty() || std::any_of(loose.begin(), loose.end(), [](const QueryTerm& t) {
    return !among(kQuestionWords, t.words[0]) && !among(kQuestionPairs, t.words[0]);
  });
  std::vector<QueryTerm> out = std::move(quoted);
  for (QueryTerm& term : loose) {
    const bool asks = term.words.size() == 1 &&
                      (among(kQuestionWords, term.words[0]) || among(kQuestionPairs, term.words[0]));
    const bool known = std::any_of(out.begin(), out.end(), [&](const QueryTerm& o) {
      return o.words == term.words && o.prefix == term.prefix;
    });
    if (!known && !(asks && has_content)) out.push_back(std::move(term));
  }
  return out;
}

std::string match_expression(const std::vector<QueryTerm>& terms) {
  std::string out;
  for (const QueryTerm& term : terms) {
    if (!out.empty()) out += " OR ";
    out += '"';
    for (size_t i = 0; i < term.words.size(); ++i) {
      if (i > 0) out += ' ';
      out += term.words[i];
    }
    out += '"';
    if (term.prefix) out += '*';
  }
  return out;
}

}  // namespace hadal::rag
