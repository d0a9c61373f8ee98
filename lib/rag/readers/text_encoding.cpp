// Formulas: WHATWG Encoding Standard (GB18030 ranges and Big5 pairs), RFC 2781 (UTF-16). The tables are our own instead
// of iconv's, so that the same bytes give the same text on every system.
#include "rag/readers/text_encoding.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <vector>

#include "core/utf8.hpp"
#include "rag/readers/clean_text.hpp"

namespace hadal::rag {
namespace {

#include "rag/readers/tables/big5hkscs.inc"
#include "rag/readers/tables/gb18030.inc"

struct SingleByteEncoding {
  std::string_view name;
  const char16_t* high;  // what 80 to FF mean
};
#include "rag/readers/tables/single_byte.inc"

struct Alias {
  std::string_view name, encoding;
};
constexpr Alias kAliases[] = {
    {"utf8", "utf-8"},           {"us-ascii", "utf-8"},        {"ascii", "utf-8"},
    {"gbk", "gb18030"},          {"gb2312", "gb18030"},        {"gb_2312-80", "gb18030"},
    {"cp936", "gb18030"},        {"x-gbk", "gb18030"},         {"euc-cn", "gb18030"},
    {"hz-gb-2312", ""},          {"big5-hkscs", "big5"},       {"cp950", "big5"},
    {"x-x-big5", "big5"},        {"iso-8859-1", "windows-1252"}, {"iso8859-1", "windows-1252"},
    {"iso_8859-1", "windows-1252"}, {"latin1", "windows-1252"}, {"l1", "windows-1252"},
    {"cp1252", "windows-1252"},  {"x-cp1252", "windows-1252"}, {"cp1250", "windows-1250"},
    {"cp1251", "windows-1251"},  {"x-cp1251", "windows-1251"}, {"iso-8859-9", "windows-1254"},
    {"latin2", "iso-8859-2"},    {"latin-9", "iso-8859-15"},   {"x-mac-roman", "macintosh"},
    {"utf-16", "utf-16le"},      {"unicode", "utf-16le"},
};
constexpr std::string_view kWide[] = {"utf-8", "utf-16le", "utf-16be", "gb18030", "big5"};

void put(char32_t c, DecodedText& out) {
  out.unknown += c == 0xFFFD;
  append_character(c, out.text);
}

DecodedText from_utf8(std::string_view bytes) {
  DecodedText out{{}, "utf-8", 0};
  if (is_utf8(bytes)) {
    out.text = bytes;
    return out;
  }
  out.text.reserve(bytes.size());
  for (size_t at = 0; at < bytes.size();) put(next_character(bytes, at), out);
  return out;
}

DecodedText from_utf16(std::string_view bytes, bool big_endian) {
  DecodedText out{{}, big_endian ? "utf-16be" : "utf-16le", 0};
  out.text.reserve(bytes.size());
  const auto unit = [&](size_t at) {
    const uint8_t first = uint8_t(bytes[at]), second = uint8_t(bytes[at + 1]);
    return char32_t(big_endian ? first << 8 | second : second << 8 | first);
  };
  size_t at = 0;
  for (; at + 1 < bytes.size(); at += 2) {
    char32_t c = unit(at);
    if (c >= 0xD800 && c < 0xDC00 && at + 3 < bytes.size()) {
      const char32_t low = unit(at + 2);
      if (low >= 0xDC00 && low < 0xE000) {
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
        at += 2;
      }
    }
    put(c >= 0xD800 && c < 0xE000 ? char32_t(0xFFFD) : c, out);
  }
  if (at < bytes.size()) put(0xFFFD, out);
  return out;
}

// Four-byte codes below U+10000 number, in order, the characters that no shorter code has.
class FourByteCodes {
 public:
  FourByteCodes() {
    std::vector<bool> taken(0x10000, false);
    std::fill(taken.begin(), taken.begin() + 0x80, true);
    std::fill(taken.begin() + 0xD800, taken.begin() + 0xE000, true);
    for (const char16_t c : kGb18030) taken[c] = c != 0xFFFD;
    taken[0] = true;  // the end of the literal
    for (size_t c = 0; c < taken.size(); ++c)
      if (!taken[c]) characters_.push_back(char16_t(c));
  }

  char32_t at(uint32_t number) const {
    if (number >= 189000 && number < 189000 + 0x100000) return 0x10000 + (number - 189000);
    return number < characters_.size() ? characters_[number] : char32_t(0xFFFD);
  }

 private:
  std::vector<char16_t> characters_;
};

DecodedText from_gb18030(std::string_view bytes) {
  DecodedText out{{}, "gb18030", 0};
  out.text.reserve(bytes.size() * 3 / 2);
  std::optional<FourByteCodes> four;  // made when first needed
  const auto byte = [&](size_t at) { return at < bytes.size() ? uint8_t(bytes[at]) : uint8_t(0); };
  for (size_t at = 0; at < bytes.size();) {
    const uint8_t lead = byte(at), second = byte(at + 1);
    if (lead < 0x80) {
      put(lead, out);
      at += 1;
    } else if (lead > 0x80 && lead < 0xFF && second >= 0x30 && second <= 0x39 && byte(at + 2) >= 0x81 &&
               byte(at + 2) <= 0xFE && byte(at + 3) >= 0x30 && byte(at + 3) <= 0x39) {
      if (!four) four.emplace();
      put(four->at(((uint32_t(lead - 0x81) * 10 + (second - 0x30)) * 126 + (byte(at + 2) - 0x81)) * 10 +
                     (byte(at + 3) - 0x30)), out);
      at += 4;
    } else {
      const char32_t c = lead == 0x80 ? char32_t(0x20AC) : gb18030_character(lead, second);
      put(c, out);
      at += lead != 0x80 && c != 0xFFFD ? 2 : 1;
    }
  }
  return out;
}

DecodedText from_big5(std::string_view bytes) {
  DecodedText out{{}, "big5", 0};
  out.text.reserve(bytes.size() * 3 / 2);
  for (size_t at = 0; at < bytes.size();) {
    const uint8_t lead = uint8_t(bytes[at]);
    if (lead < 0x80) {
      put(lead, out);
      at += 1;
      continue;
    }
    const char32_t c = at + 1 < bytes.size() ? big5_character(lead, uint8_t(bytes[at + 1])) : char32_t(0xFFFD);
    put(c, out);
    at += c != 0xFFFD ? 2 : 1;
  }
  return out;
}

DecodedText from_single_bytes(std::string_view bytes, const SingleByteEncoding& encoding) {
  DecodedText out{{}, encoding.name, 0};
  out.text.reserve(bytes.size() * 5 / 4);
  for (const char b : bytes) {
    const uint8_t byte = uint8_t(b);
    put(byte < 0x80 ? byte : char32_t(encoding.high[byte - 0x80]), out);
  }
  return out;
}

// How much a text reads like Chinese: everyday characters count for it, what no text holds counts against it.
double chinese_score(const DecodedText& decoded) {
  constexpr std::u16string_view kEveryday =
      u"的一是不了在人有我他这個们中来上大為和国地到以说時要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然"
      u"家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实這来們會國時對為與發"
      u"後經過還說學機關電話請們業務資料應該開頭無條件款第，。、：；（）";
  size_t everyday = 0, han = 0, odd = decoded.unknown * 4;
  for (size_t at = 0; at < decoded.text.size();) {
    const char32_t c = next_character(decoded.text, at);
    if (c < 0x80) continue;
    if (c >= 0xE000 && c < 0xF900) odd += 4;
    if (joins_without_space(c)) ++han;
    else ++odd;
    if (c < 0x10000 && kEveryday.find(char16_t(c)) != kEveryday.npos) ++everyday;
  }
  const size_t all = han + odd;
  return all == 0 ? 0 : (double(everyday) - double(odd)) / double(all);
}

// Every other byte NUL, or the high bytes of one script: text in UTF-16 without its mark.
std::string_view utf16_without_mark(std::string_view sample) {
  size_t zero[2] = {0, 0};
  for (size_t at = 0; at + 1 < sample.size(); at += 2) {
    zero[0] += sample[at] == 0;
    zero[1] += sample[at + 1] == 0;
  }
  const size_t pairs = sample.size() / 2;
  if (pairs < 2 || zero[0] + zero[1] == 0) return {};
  if (zero[1] * 10 >= pairs * 1 && zero[0] * 20 < zero[1] + 20) return "utf-16le";
  if (zero[0] * 10 >= pairs * 1 && zero[1] * 20 < zero[0] + 20) return "utf-16be";
  return {};
}

std::string_view guessed(std::string_view bytes) {
  constexpr size_t kSample = 65536;
  const std::string_view sample = bytes.substr(0, kSample);
  if (const std::string_view wide = utf16_without_mark(sample); !wide.empty()) return wide;
  // What is nearly valid UTF-8 was UTF-8: two- and three-byte sequences seldom arise by chance.
  const DecodedText utf8 = from_utf8(sample);
  const auto high = size_t(std::count_if(sample.begin(), sample.end(), [](char b) { return uint8_t(b) >= 0x80; }));
  if (utf8.unknown * 10 < high) return "utf-8";
  const double gb_score = chinese_score(from_gb18030(sample)), big5_score = chinese_score(from_big5(sample));
  constexpr double kChinese = 0.05;  // running text has a fifth of its characters among the everyday ones
  if (std::max(gb_score, big5_score) < kChinese) return "windows-1252";
  return gb_score >= big5_score ? "gb18030" : "big5";
}

}  // namespace

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char low = char(c | 0x20);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

std::string unescaped_bytes(std::string_view text, char mark) {
  std::string out;
  for (size_t at = 0; at < text.size(); ++at) {
    const int high = text[at] == mark && at + 2 < text.size() ? hex_digit(text[at + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[at + 2]) : -1;
    out += low >= 0 ? char(high * 16 + low) : text[at];
    if (low >= 0) at += 2;
  }
  return out;
}

char32_t gb18030_character(uint8_t lead, uint8_t trail) {
  if (lead < 0x81 || lead > 0xFE || trail < 0x40 || trail > 0xFE || trail == 0x7F) return 0xFFFD;
  return kGb18030[size_t(lead - 0x81) * 190 + (trail - 0x40 - (trail > 0x7F))];
}

char32_t big5_character(uint8_t lead, uint8_t trail) {
  if (lead < 0x81 || lead > 0xFE || trail < 0x40 || trail > 0xFE || (trail > 0x7E && trail < 0xA1)) return 0xFFFD;
  return kBig5[size_t(lead - 0x81) * 157 + (trail < 0x7F ? trail - 0x40 : trail - 0xA1 + 63)];
}

char32_t windows_1252_character(uint8_t byte) {
  return byte < 0x80 ? byte : char32_t(kSingleByteEncodings[0].high[byte - 0x80]);
}

char32_t mac_roman_character(uint8_t byte) {
  return byte < 0x80 ? byte : char32_t(std::end(kSingleByteEncodings)[-1].high[byte - 0x80]);
}

std::string_view known_encoding(std::string_view declared) {
  std::string name = lower_ascii(trim_ascii(declared));
  std::erase_if(name, [](char c) { return c == '"' || c == '\''; });
  for (const std::string_view wide : kWide)
    if (name == wide) return wide;
  for (const SingleByteEncoding& encoding : kSingleByteEncodings)
    if (name == encoding.name) return encoding.name;
  for (const Alias& alias : kAliases)
    if (name == alias.name) return alias.encoding;
  return {};
}

DecodedText decode_as(std::string_view bytes, std::string_view encoding) {
  if (encoding == "utf-16le") return from_utf16(bytes, false);
  if (encoding == "utf-16be") return from_utf16(bytes, true);
  if (encoding == "gb18030") return from_gb18030(bytes);
  if (encoding == "big5") return from_big5(bytes);
  for (const SingleByteEncoding& single : kSingleByteEncodings)
    if (encoding == single.name) return from_single_bytes(bytes, single);
  return from_utf8(bytes);
}

DecodedText decode_text(std::string_view bytes, std::string_view declared) {
  if (bytes.starts_with("\xEF\xBB\xBF")) return from_utf8(bytes.substr(3));
  if (bytes.starts_with("\xFF\xFE")) return from_utf16(bytes.substr(2), false);
  if (bytes.starts_with("\xFE\xFF")) return from_utf16(bytes.substr(2), true);
  const bool utf8 = is_utf8(bytes) && bytes.find('\0') == bytes.npos;
  const bool ascii = utf8 && std::all_of(bytes.begin(), bytes.end(), [](char b) { return uint8_t(b) < 0x80; });
  const std::string_view known = known_encoding(declared);
  if (utf8 && (known.empty() || !ascii)) return from_utf8(bytes);
  // A page that says UTF-16 in one-byte letters is not.
  if (!known.empty() && !(utf8 && known.starts_with("utf-16"))) return decode_as(bytes, known);
  return utf8 ? from_utf8(bytes) : decode_as(bytes, guessed(bytes));
}

}  // namespace hadal::rag
