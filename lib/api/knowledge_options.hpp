// The option keys of the level "knowledge": opening, syncing, searching, and answering from a base.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "generate/option_values.hpp"
#include "rag/knowledge_base.hpp"

namespace hadal::api {

// Which calls take a key: bits of OptionInfo::calls.
enum KnowledgeCall : uint8_t { kOpenCall = 1, kSyncCall = 2, kSearchCall = 4, kUseCall = 8 };

std::span<const OptionInfo> knowledge_keys();

// The relevance from which on passages are taken to answer a question; see lib/rag/relevance.cpp.
constexpr double kLeastRelevance = 0.5;

// The pairs of an option text, checked against the keys that `call` takes. Throws Error(invalid_argument).
class KnowledgeOptions : public OptionValues {
 public:
  KnowledgeOptions(std::string_view text, KnowledgeCall call);
  rag::SearchSettings search() const;
  // The relevance below which a question is refused; negative: none is.
  double least_relevance() const;
};

// "2024-05-31" or "2024-05-31T12:00:00" (UTC) as nanoseconds since 1970; `end`: of the day's last moment. Throws
// Error(invalid_argument).
int64_t parse_date(std::string_view text, bool end);
std::string date_text(int64_t ns);

}  // namespace hadal::api
