// What the tables of option keys share: the text language "key=value; key=value", how a value of each type is written
// and checked, and a set of values for one table.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hadal {

// Where an option takes effect. A call takes keys of its own level and of those below it, as defaults.
// vectors: of embed and rerank. knowledge: of the calls of a knowledge base, whose keys no other call takes.
enum class OptionLevel : uint8_t { runtime, model, session, vectors, knowledge };

enum class OptionType : uint8_t { integer, number, boolean, choice, bytes, text, texts, biases, ids };

inline constexpr double kExactIntegers = 9007199254740992.0;   // 2^53: every integer up to it is exact in a double

struct OptionInfo {
  std::string_view key;
  OptionLevel level;
  OptionType type;
  double least, most;         // integer, number, bytes, ids
  std::string_view choices;   // choice: "default exact"
  std::string_view initial;   // the default, as it would be written
  std::string_view meaning;
  uint8_t calls = 0;          // level knowledge: bits of the calls that take it
};

std::string_view name_of(OptionType type);
std::string_view name_of(OptionLevel level);

// The entry of that key. Throws Error(invalid_argument) naming it and the nearest known key.
const OptionInfo& find_option(std::span<const OptionInfo> table, std::string_view key);

// "key=value" pairs of an option text, quotes resolved. Throws Error(invalid_argument) with the offset.
std::vector<std::pair<std::string, std::string>> split_options(std::string_view text);

// The candidate that takes the fewest edits to reach, or "" if none is near.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

// Values for the keys of one table, which must outlive them. Each key asked for must be in it.
class OptionValues {
 public:
  explicit OptionValues(std::span<const OptionInfo> table) : table_(table) {}

  // The value as text: what was set, or the default.
  std::string_view get(std::string_view key) const;
  bool is_set(std::string_view key) const;

  int64_t integer(std::string_view key) const;    // also bytes
  double number(std::string_view key) const;
  bool boolean(std::string_view key) const;
  std::vector<std::string> texts(std::string_view key) const;
  std::vector<std::pair<int32_t, float>> biases(std::string_view key) const;
  std::vector<int64_t> ids(std::string_view key) const;

 protected:
  // Throws Error(invalid_argument) for an unknown key or a value that its type or range excludes.
  void keep(std::string_view key, std::string_view value);

 private:
  size_t index_of(std::string_view key) const;

  std::span<const OptionInfo> table_;
  std::vector<std::optional<std::string>> values_;   // beside table_, empty before the first is kept
};

}  // namespace hadal
