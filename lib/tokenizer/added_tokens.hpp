// Tokens that are matched in the text as a whole before anything else happens to it: roles, markers, reserved words.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/function_ref.hpp"

namespace hadal {

struct AddedToken {
  std::string text;
  int32_t id = -1;
  bool special = false;      // matched only if the caller asks for special tokens
  bool single_word = false;  // not next to a word character
  bool lstrip = false;       // swallows the white space before it
  bool rstrip = false;       // and after it
};

class AddedTokens {
 public:
  // Texts that are empty or invalid UTF-8 are left out; of equal texts the last one counts.
  void assign(std::vector<AddedToken> tokens);
  bool empty() const { return tokens_.empty(); }

  // Cuts the text at the leftmost-longest matches: calls piece(text, -1) for what lies between and piece(text, id)
  // for a token. With special off, the text of a special token is passed over: nothing else matches inside it.
  void split(std::string_view text, bool special, FunctionRef<void(std::string_view, int32_t)> piece) const;

 private:
  const AddedToken* longest_at(std::string_view text, size_t pos) const;

  std::vector<AddedToken> tokens_;            // sorted by text
  std::array<uint32_t, 257> first_byte_{};    // tokens_ that begin with byte b: [first_byte_[b], first_byte_[b + 1])
};

}  // namespace hadal
