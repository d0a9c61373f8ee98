// What kind of character a code point is, in the words of the pre-tokenisers' expressions (Unicode 16).
#pragma once

#include <array>
#include <cstdint>

namespace hadal {

// Classes as bits, so that a set of classes is one mask. kNone is left for the end of the text.
using ClassMask = uint32_t;
constexpr ClassMask kNone = 0;
constexpr ClassMask kOther = 1u << 0;            // controls, format, unassigned, private use
constexpr ClassMask kLetter = 1u << 1;           // \p{L}
constexpr ClassMask kMark = 1u << 2;             // \p{M}
constexpr ClassMask kLetterNumber = 1u << 3;     // \p{Nd}, \p{Nl}
constexpr ClassMask kOtherNumber = 1u << 4;      // \p{No}
constexpr ClassMask kOtherPunctuation = 1u << 5; // \p{P} but Pc
constexpr ClassMask kConnector = 1u << 6;        // \p{Pc}
constexpr ClassMask kOtherSymbol = 1u << 7;      // \p{S}, without:
constexpr ClassMask kSymbolLetter = 1u << 8;     // symbols that count as alphabetic
constexpr ClassMask kSpace = 1u << 9;            // \s, White_Space
constexpr ClassMask kLateNumber = 1u << 10;      // numerals of Unicode 17, known to the Digits stage only
constexpr ClassMask kJoiner = 1u << 11;          // U+200C, U+200D

constexpr ClassMask kNumber = kLetterNumber | kOtherNumber;             // \p{N}
constexpr ClassMask kDigitStage = kNumber | kLateNumber;                // what Digits isolates
constexpr ClassMask kPunctuation = kOtherPunctuation | kConnector;      // \p{P}
constexpr ClassMask kSymbol = kOtherSymbol | kSymbolLetter;             // \p{S}
constexpr ClassMask kWord = kLetter | kMark | kLetterNumber | kConnector | kSymbolLetter | kJoiner;  // \w
constexpr ClassMask kAnyClass = (1u << 12) - 1;

namespace detail {
constexpr std::array<uint16_t, 128> ascii_classes() {
  std::array<uint16_t, 128> out{};
  for (unsigned c = 0; c < 128; ++c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool symbol = c == '$' || c == '+' || c == '<' || c == '=' || c == '>' || c == '^' || c == '`' || c == '|' ||
                        c == '~';
    out[c] = static_cast<uint16_t>(letter                               ? kLetter
                                   : c >= '0' && c <= '9'               ? kLetterNumber
                                   : c == ' ' || (c >= 0x9 && c <= 0xD) ? kSpace
                                   : c < 0x20 || c == 0x7F              ? kOther
                                   : c == '_'                           ? kConnector
                                   : symbol                             ? kOtherSymbol
                                                                        : kOtherPunctuation);
  }
  return out;
}
inline constexpr auto kAsciiClasses = ascii_classes();
}  // namespace detail

ClassMask class_from_table(char32_t code_point);

inline ClassMask class_of(char32_t code_point) {
  return code_point < 128 ? detail::kAsciiClasses[code_point] : class_from_table(code_point);
}

}  // namespace hadal
