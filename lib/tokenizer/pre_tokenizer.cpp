#include "tokenizer/pre_tokenizer.hpp"

#include <algorithm>

#include "core/utf8.hpp"
#include "tokenizer/bert_normalizer.hpp"
#include "tokenizer/char_class.hpp"
#include "tokenizer/letter_ranges.hpp"

namespace hadal {
namespace {

// A match function takes a place in the piece and the piece's end, and returns where the match that starts there
// ends, or the place itself if none does. What a regular expression tries in order is tried in order.

struct Character {
  char32_t cp;
  ClassMask is;  // kNone at the end
  const char* next;
};

Character read(const char* at, const char* end) {
  if (at == end) return {0, kNone, at};
  const char32_t cp = next_code_point(at);
  return {cp, class_of(cp), at};
}

const char* skip(const char* at, const char* end, ClassMask classes) {
  while (at < end) {
    const Character c = read(at, end);
    if (!(c.is & classes)) break;
    at = c.next;
  }
  return at;
}

bool is_newline(char c) { return c == '\n' || c == '\r'; }

const char* skip_newlines(const char* at, const char* end) {
  while (at < end && is_newline(*at)) ++at;
  return at;
}

// '(s|t|re|ve|m|ll|d); the caller has seen the apostrophe.
const char* contraction(const char* at, const char* end, bool any_case) {
  const auto letter = [&](std::ptrdiff_t i) -> char {
    if (end - at <= i) return '\0';
    return any_case && at[i] >= 'A' && at[i] <= 'Z' ? static_cast<char>(at[i] - 'A' + 'a') : at[i];
  };
  const char first = letter(1), second = letter(2);
  if (first == 's' || first == 't' || first == 'm' || first == 'd') return at + 2;
  if ((first == 'r' && second == 'e') || (first == 'v' && second == 'e') || (first == 'l' && second == 'l'))
    return at + 3;
  // U+017F, the long s, folds to s.
  if (any_case && end - at >= 3 && at[1] == '\xC5' && at[2] == '\xBF') return at + 3;
  return at;
}

// \s+(?!\S)|\s+ at a space: all of a run that ends the piece, else all but its last character, else that one.
const char* spaces(const char* at, const char* end) {
  const char* const run = skip(at, end, kSpace);
  if (run == end) return run;
  const char* const last = previous_character(run);
  return last > at ? last : run;
}

// \s*[\r\n]+|\s+(?!\S)|\s+ at a space.
const char* spaces_with_lines(const char* at, const char* end) {
  const char* const run = skip(at, end, kSpace);
  for (const char* c = run; c > at; --c)
    if (is_newline(c[-1])) return c;
  if (run == end) return run;
  const char* const last = previous_character(run);
  return last > at ? last : run;
}

// 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
const char* match_gpt2(const char* at, const char* end) {
  if (*at == '\'')
    if (const char* stop = contraction(at, end, false); stop != at) return stop;
  const Character first = read(at, end);
  const Character c = *at == ' ' ? read(first.next, end) : first;
  constexpr ClassMask kRest = kAnyClass & ~(kSpace | kLetter | kNumber);
  for (const ClassMask classes : {kLetter, kNumber, kRest})
    if (c.is & classes) return skip(c.next, end, classes);
  return spaces(at, end);
}

// (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,digits}| ?[^\s\p{L}\p{N}]+[\r\n]*
// |\s*[\r\n]+|\s+(?!\S)|\s+
template <int digits>
const char* match_qwen2(const char* at, const char* end) {
  if (*at == '\'')
    if (const char* stop = contraction(at, end, true); stop != at) return stop;
  const Character c = read(at, end);
  if (c.is & kLetter) return skip(c.next, end, kLetter);
  if (c.is & kNumber) {
    const char* stop = c.next;
    for (int i = 1; i < digits; ++i) {
      const Character next = read(stop, end);
      if (!(next.is & kNumber)) break;
      stop = next.next;
    }
    return stop;
  }
  const Character next = read(c.next, end);
  if ((next.is & kLetter) && !is_newline(*at)) return skip(next.next, end, kLetter);
  constexpr ClassMask kRest = kAnyClass & ~(kSpace | kLetter | kNumber);
  if (c.is & kRest) return skip_newlines(skip(c.next, end, kRest), end);
  if (*at == ' ' && (next.is & kRest)) return skip_newlines(skip(next.next, end, kRest), end);
  return spaces_with_lines(at, end);
}

// \p{N}{1,3}
const char* match_up_to_three_numbers(const char* at, const char* end) {
  const char* stop = at;
  for (int i = 0; i < 3; ++i) {
    const Character c = read(stop, end);
    if (!(c.is & kNumber)) break;
    stop = c.next;
  }
  return stop;
}

bool is_ascii_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

// [!-/:-@\[-`{-~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
const char* match_v3(const char* at, const char* end) {
  const Character c = read(at, end);
  constexpr ClassMask kMarks = kPunctuation | kSymbol, kText = kLetter | kMark;
  if (c.cp < 0x80 && (c.is & kMarks) && end - at > 1 && is_ascii_letter(at[1])) {
    const char* stop = at + 2;
    while (stop < end && is_ascii_letter(*stop)) ++stop;
    return stop;
  }
  if (c.is & kText) return skip(c.next, end, kText);
  if (c.is & kMarks) return skip_newlines(skip(c.next, end, kMarks), end);
  const Character next = read(c.next, end);
  if ((next.is & kText) && !is_newline(*at)) return skip(next.next, end, kText);
  if (*at == ' ' && (next.is & kMarks)) return skip_newlines(skip(next.next, end, kMarks), end);
  return c.is & kSpace ? spaces_with_lines(at, end) : at;
}

// [\r\n]
const char* match_newline(const char* at, const char*) { return is_newline(*at) ? at + 1 : at; }

// One number, as the Digits stage knows them.
const char* match_digit(const char* at, const char* end) {
  const Character c = read(at, end);
  return c.is & kDigitStage ? c.next : at;
}

// \s?[class]+
template <class Belongs>
const char* match_run_after_space(const char* at, const char* end, Belongs belongs) {
  const Character c = read(at, end);
  const char* stop;
  if (const Character next = read(c.next, end); (c.is & kSpace) && next.is != kNone && belongs(next))
    stop = next.next;
  else if (belongs(c))
    stop = c.next;
  else
    return at;
  while (stop < end) {
    const Character further = read(stop, end);
    if (!belongs(further)) break;
    stop = further.next;
  }
  return stop;
}

const char* match_llm_letters(const char* at, const char* end) {
  return match_run_after_space(at, end, [](const Character& c) { return is_llm_letter(c.cp); });
}

// \s?[!-/:-~！-／：-～‘-‟　-。]+
const char* match_llm_punctuation(const char* at, const char* end) {
  return match_run_after_space(at, end, [](const Character& c) {
    const char32_t cp = c.cp;
    return (cp >= 0x21 && cp <= 0x2F) || (cp >= 0x3A && cp <= 0x7E) || (cp >= 0xFF01 && cp <= 0xFF0F) ||
           (cp >= 0xFF1A && cp <= 0xFF5E) || (cp >= 0x2018 && cp <= 0x201F) || (cp >= 0x3000 && cp <= 0x3002);
  });
}

const char* match_coder_letters(const char* at, const char* end) {
  return match_run_after_space(at, end, [](const Character& c) { return (c.is & kLetter) != 0; });
}

const char* match_coder_punctuation(const char* at, const char* end) {
  return match_run_after_space(at, end, [](const Character& c) { return (c.is & kPunctuation) != 0; });
}

template <class Belongs>
const char* match_run(const char* at, const char* end, Belongs belongs) {
  while (at < end) {
    const Character c = read(at, end);
    if (!belongs(c.cp)) break;
    at = c.next;
  }
  return at;
}

// [一-龥ࠀ-一가-퟿]+, whose second range is everything from U+0800.
const char* match_llm_cjk(const char* at, const char* end) {
  return match_run(at, end,
                   [](char32_t cp) { return (cp >= 0x0800 && cp <= 0x9FA5) || (cp >= 0xAC00 && cp <= 0xD7FF); });
}

// [一-龥぀-ゟ゠-ヿ]+
const char* match_v3_cjk(const char* at, const char* end) {
  return match_run(at, end,
                   [](char32_t cp) { return (cp >= 0x4E00 && cp <= 0x9FA5) || (cp >= 0x3040 && cp <= 0x30FF); });
}

// Calls piece for every match in text and for every gap between matches.
template <class Match, class Piece>
void isolate(std::string_view text, Match match, Piece&& piece) {
  const char* at = text.data();
  const char* const end = at + text.size();
  const char* gap = at;
  while (at < end) {
    const char* const stop = match(at, end);
    if (stop == at) {
      at += utf8_length(*at);
      continue;
    }
    if (gap < at) piece(std::string_view(gap, static_cast<size_t>(at - gap)));
    piece(std::string_view(at, static_cast<size_t>(stop - at)));
    gap = at = stop;
  }
  if (gap < end) piece(std::string_view(gap, static_cast<size_t>(end - gap)));
}

// \s+$
template <class Piece>
void isolate_final_spaces(std::string_view text, Piece&& piece) {
  size_t keep = text.size();
  while (keep > 0) {
    const char* const last = previous_character(text.data() + keep);
    const char* at = last;
    if (!(class_of(next_code_point(at)) & kSpace)) break;
    keep = static_cast<size_t>(last - text.data());
  }
  if (keep > 0) piece(text.substr(0, keep));
  if (keep < text.size()) piece(text.substr(keep));
}

void pre_tokenize_llm(std::string_view text, FunctionRef<void(std::string_view)> piece) {
  const auto digits = [&](std::string_view t) { isolate(t, match_digit, piece); };
  const auto cjk = [&](std::string_view t) { isolate(t, match_llm_cjk, digits); };
  const auto final_spaces = [&](std::string_view t) { isolate_final_spaces(t, cjk); };
  const auto punctuation = [&](std::string_view t) { isolate(t, match_llm_punctuation, final_spaces); };
  const auto letters = [&](std::string_view t) { isolate(t, match_llm_letters, punctuation); };
  isolate(text, match_newline, letters);
}

void pre_tokenize_coder(std::string_view text, FunctionRef<void(std::string_view)> piece) {
  const auto digits = [&](std::string_view t) { isolate(t, match_digit, piece); };
  const auto cjk = [&](std::string_view t) { isolate(t, match_llm_cjk, digits); };
  const auto punctuation = [&](std::string_view t) { isolate(t, match_coder_punctuation, cjk); };
  const auto letters = [&](std::string_view t) { isolate(t, match_coder_letters, punctuation); };
  isolate(text, match_newline, letters);
}

void pre_tokenize_v3(std::string_view text, FunctionRef<void(std::string_view)> piece) {
  const auto words = [&](std::string_view t) { isolate(t, match_v3, piece); };
  const auto cjk = [&](std::string_view t) { isolate(t, match_v3_cjk, words); };
  isolate(text, match_up_to_three_numbers, cjk);
}

void split_before_words(std::string_view text, FunctionRef<void(std::string_view)> piece) {
  constexpr std::string_view kBar = "\xE2\x96\x81";
  size_t start = 0, run = 0;  // run: where the bars that begin the piece end
  while (start < text.size()) {
    while (text.substr(run).starts_with(kBar)) run += kBar.size();
    const size_t next = std::min(text.find(kBar, run), text.size());
    piece(text.substr(start, next - start));
    start = run = next;
  }
}

void split_bert_words(std::string_view text, FunctionRef<void(std::string_view)> piece) {
  const char* const end = text.data() + text.size();
  const char* word = text.data();
  const auto finish = [&](const char* stop) {
    if (stop > word) piece({word, size_t(stop - word)});
  };
  for (const char* at = word; at < end;) {
    const char* const here = at;
    const char32_t cp = next_code_point(at);
    const bool punctuation = is_bert_punctuation(cp);
    if (!punctuation && !(class_of(cp) & kSpace)) continue;
    finish(here);
    if (punctuation) piece({here, size_t(at - here)});
    word = at;
  }
  finish(end);
}

}  // namespace

void pre_tokenize(PreTokenizer kind, std::string_view text, FunctionRef<void(std::string_view)> piece) {
  if (text.empty()) return;
  switch (kind) {
    case PreTokenizer::none: return piece(text);
    case PreTokenizer::bert: return split_bert_words(text, piece);
    case PreTokenizer::words: return split_before_words(text, piece);
    case PreTokenizer::gpt2: return isolate(text, match_gpt2, piece);
    case PreTokenizer::smollm:
      return isolate(text, match_digit, [&](std::string_view t) { isolate(t, match_gpt2, piece); });
    case PreTokenizer::qwen2: return isolate(text, match_qwen2<1>, piece);
    case PreTokenizer::llama_bpe: return isolate(text, match_qwen2<3>, piece);
    case PreTokenizer::deepseek_llm: return pre_tokenize_llm(text, piece);
    case PreTokenizer::deepseek_coder: return pre_tokenize_coder(text, piece);
    case PreTokenizer::deepseek_v3: return pre_tokenize_v3(text, piece);
  }
}

}  // namespace hadal
