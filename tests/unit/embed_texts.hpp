// The texts of tests/golden/recipes/sample_texts.py, drawn from the same numbers.
#pragma once

#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "core/utf8.hpp"

namespace hadal::test {

inline std::string read_golden(const std::string& name) {
  std::ifstream file(std::string(HADAL_TEST_DATA) + "/embed/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// splitmix64.
class Numbers {
 public:
  explicit Numbers(uint64_t seed) : state_(seed) {}
  uint64_t below(uint64_t n) {
    uint64_t z = state_ += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return (z ^ z >> 31) % n;
  }

 private:
  uint64_t state_;
};

// (language, sentence)
inline std::vector<std::pair<std::string, std::string>> sentences() {
  std::vector<std::pair<std::string, std::string>> out;
  const std::string file = read_golden("languages.txt");
  for (size_t at = 0; at < file.size();) {
    const size_t tab = file.find('\t', at), end = file.find('\n', at);
    out.emplace_back(file.substr(at, tab - at), file.substr(tab + 1, end - tab - 1));
    at = end + 1;
  }
  return out;
}

inline std::vector<std::string> mixed_texts(size_t count) {
  constexpr std::pair<uint32_t, uint32_t> kRanges[] = {
      {0x21, 0x7E},     {0x00, 0x1F},     {0x7F, 0xFF},     {0x100, 0x24F},     {0x250, 0x2AF},     {0x300, 0x36F},
      {0x370, 0x3FF},   {0x400, 0x52F},   {0x590, 0x5FF},   {0x600, 0x6FF},     {0x900, 0x97F},     {0xE00, 0xE7F},
      {0x1100, 0x11FF}, {0x1E00, 0x1EFF}, {0x2000, 0x206F}, {0x2070, 0x218F},   {0x2190, 0x2BFF},   {0x3000, 0x30FF},
      {0x3400, 0x34FF}, {0x4E00, 0x9FFF}, {0xA640, 0xA7FF}, {0xAC00, 0xD7A3},   {0xE000, 0xE010},   {0xF900, 0xFAFF},
      {0xFB00, 0xFDFF}, {0xFE00, 0xFE6F}, {0xFF00, 0xFFEF}, {0x10400, 0x1044F}, {0x1D400, 0x1D4FF}, {0x1F300, 0x1F6FF},
      {0x20000, 0x20040}, {0x2B810, 0x2B930}, {0xE0100, 0xE0110}};
  const std::string spaces[] = {" ", " ", " ", "  ", "\t", "\n", "\u00a0", "\u3000", "", "\u200b"};
  std::vector<std::string> words;
  for (const auto& [language, sentence] : sentences())
    for (size_t at = 0; at <= sentence.size();) {
      const size_t end = std::min(sentence.find(' ', at), sentence.size());
      words.push_back(sentence.substr(at, end - at));
      at = end + 1;
    }
  std::vector<std::string> out;
  for (size_t number = 0; number < count; ++number) {
    Numbers draw(number);
    std::string text;
    const uint64_t parts = 1 + draw.below(12);
    for (uint64_t part = 0; part < parts; ++part) {
      if (draw.below(8) < 6) {
        text += words[draw.below(words.size())];
      } else {
        const uint64_t odd = 1 + draw.below(6);
        for (uint64_t i = 0; i < odd; ++i) {
          const auto [first, last] = kRanges[draw.below(std::size(kRanges))];
          append_utf8(char32_t(first + draw.below(last - first + 1)), text);
        }
      }
      text += spaces[draw.below(std::size(spaces))];
    }
    if (number % 500 == 7) text += std::string(95 + draw.below(10), 'x');
    out.push_back(text);
  }
  return out;
}

// Twenty in each of ten languages.
inline std::vector<std::string> language_texts() {
  std::vector<std::string> out;
  for (const char* language : {"en", "de", "fr", "es", "ru", "zh", "ja", "ko", "ar", "hi"}) {
    std::vector<std::string> own;
    for (const auto& [name, sentence] : sentences())
      if (name == language) own.push_back(sentence);
    for (uint64_t number = 0; number < 20; ++number) {
      Numbers draw(1000 + number);
      std::string text;
      for (uint64_t i = 0; i < 1 + number % 4; ++i) text += (i > 0 ? " " : "") + own[draw.below(own.size())];
      out.push_back(text);
    }
  }
  return out;
}

}  // namespace hadal::test
