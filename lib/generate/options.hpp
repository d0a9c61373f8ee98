// The options of the public header but those of knowledge bases: one table of keys, and sets of values that inherit
// from the level above.
#pragma once

#include <span>
#include <string_view>

#include "generate/option_values.hpp"

namespace hadal {

std::span<const OptionInfo> option_table();
inline const OptionInfo& find_option(std::string_view key) { return find_option(option_table(), key); }

class Options : public OptionValues {
 public:
  Options() : OptionValues(option_table()) {}

  // Throws Error(invalid_argument) for an unknown key, a value out of range, or a key above `level`.
  void set(std::string_view key, std::string_view value, OptionLevel level);
  // All pairs or none.
  void merge(std::string_view text, OptionLevel level);
};

}  // namespace hadal
