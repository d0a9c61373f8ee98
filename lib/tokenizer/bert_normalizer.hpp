// What BERT does to a text before it is cut into words, as the tokenizers library does it.
#pragma once

#include <string>
#include <string_view>

namespace hadal {

struct BertNormalizer {
  bool clean_text = true;             // controls drop out, white space becomes spaces
  bool handle_chinese_chars = true;   // spaces around CJK ideographs
  bool strip_accents = true;          // form D without its nonspacing marks
  bool lowercase = true;              // character by character

  // Appends the normalised form of valid UTF-8, which is valid too.
  void append(std::string_view text, std::string& out) const;
};

// ASCII symbols and the P categories of Unicode 8.
bool is_bert_punctuation(char32_t cp);

}  // namespace hadal
