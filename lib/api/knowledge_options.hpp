// The option keys of the level "knowledge": opening, syncing, searching, and answering from a base.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "generate/options.hpp"
#include "rag/knowledge_base.hpp"

namespace hadal::api {

// Which calls take a key; bits.
enum KnowledgeCall : uint8_t { kOpenCall = 1, kSyncCall = 2, kSearchCall = 4, kUseCall = 8 };

struct KnowledgeKey {
  std::string_view key;
  uint8_t calls;
  OptionType type;
  double least, most;
  std::string_view choices, initial, meaning;
};
std::span<const KnowledgeKey> knowledge_keys();

// The pairs of an option text, checked against the keys that `call` takes. Values not given are the defaults. Throws
// Error(invalid_argument).
class KnowledgeOptions {
 public:
  KnowledgeOptions(std::string_view text, KnowledgeCall call);
  std::string_view get(std::string_view key) const;
  bool boolean(std::string_view key) const;
  int64_t integer(std::string_view key) const;
  double number(std::string_view key) const;
  rag::SearchSettings search() const;

 private:
  std::vector<std::pair<std::string_view, std::string>> values_;
};

// "2024-05-31" or "2024-05-31T12:00:00" (UTC) as nanoseconds since 1970; `end`: of the day's last moment. Throws
// Error(invalid_argument).
int64_t parse_date(std::string_view text, bool end);
std::string date_text(int64_t ns);

}  // namespace hadal::api
