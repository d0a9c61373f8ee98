// SentencePiece's precompiled map of characters to their normalised text (nmt_nfkc and its like), as the tokenizers
// library applies it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hadal {

class Charsmap {
 public:
  // bytes: u32 size of the trie, the trie (a double array of u32), the texts, each ended by NUL. Throws Error(corrupt).
  static Charsmap parse(std::string_view bytes);

  // Appends the normalised form of valid UTF-8.
  void append(std::string_view text, std::string& out) const;

 private:
  // What the shortest key that `text` begins with becomes; nullptr data if there is none.
  std::string_view replacement(std::string_view text) const;

  std::vector<uint32_t> trie_;
  std::string texts_;
};

// Standard base64, with or without padding. Throws Error(corrupt).
std::string from_base64(std::string_view text, std::string_view what);

}  // namespace hadal
