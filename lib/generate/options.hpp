// The options of the public header: one table of keys, the text language "key=value; key=value", and sets of values
// that inherit from the level above.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hadal {

// Where an option takes effect. A call takes keys of its own level and of those below it, as defaults.
enum class OptionLevel : uint8_t { runtime, model, session, vectors };   // vectors: of embed and rerank

enum class OptionType : uint8_t { integer, number, boolean, choice, bytes, text, texts, biases, ids };

struct OptionInfo {
  std::string_view key;
  OptionLevel level;
  OptionType type;
  double least, most;         // integer, number, bytes
  std::string_view choices;   // choice: "default exact"
  std::string_view initial;   // the default, as it would be written
  std::string_view meaning;
};

std::span<const OptionInfo> option_table();
std::string_view name_of(OptionType type);
std::string_view name_of(OptionLevel level);

// The entry of that key. Throws Error(invalid_argument) naming it and the nearest known key.
const OptionInfo& find_option(std::string_view key);

// "key=value" pairs of an option text, quotes resolved. Throws Error(invalid_argument) with the offset.
std::vector<std::pair<std::string, std::string>> split_options(std::string_view text);

class Options {
 public:
  // Throws Error(invalid_argument) for an unknown key, a value out of range, or a key above `level`.
  void set(std::string_view key, std::string_view value, OptionLevel level);
  // All pairs or none.
  void merge(std::string_view text, OptionLevel level);

  // The value as text: what was set, or the default. The key must exist.
  std::string_view get(std::string_view key) const;
  bool is_set(std::string_view key) const;

  int64_t integer(std::string_view key) const;    // also bytes
  double number(std::string_view key) const;
  bool boolean(std::string_view key) const;
  std::vector<std::string> texts(std::string_view key) const;
  std::vector<std::pair<int32_t, float>> biases(std::string_view key) const;
  std::vector<int32_t> ids(std::string_view key) const;

 private:
  std::vector<std::optional<std::string>> values_;   // beside option_table(), empty before the first set
};

// The candidate that takes the fewest edits to reach, or "" if none is near.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace hadal
