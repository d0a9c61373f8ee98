#include "api/knowledge_options.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <limits>
#include <optional>
#include <vector>

#include "core/message.hpp"
#include "core/status.hpp"

namespace hadal::api {
namespace {

using enum OptionLevel;
using enum OptionType;
constexpr uint8_t kFind = kSearchCall | kUseCall;

constexpr OptionInfo kKeys[] = {
    {"create", knowledge, boolean, 0, 0, "", "on", "make a base that is not there", kOpenCall},
    {"reindex", knowledge, boolean, 0, 0, "", "off", "make all vectors anew with the embedding model given", kOpenCall},
    {"include", knowledge, text, 0, 0, "", "", "patterns of the files taken from a folder, separated by spaces; empty "
     "= whatever can be read", kSyncCall},
    {"exclude", knowledge, text, 0, 0, "", "", "patterns of files left out", kSyncCall},
    {"subfolders", knowledge, boolean, 0, 0, "", "on", "take the folders below, too", kSyncCall},
    {"mode", knowledge, choice, 0, 0, "fused vector text", "fused", "what finds: likeness of vectors, words, or both "
     "fused by rank", kFind},
    {"limit", knowledge, integer, 1, 1000, "", "8", "the most passages", kFind},
    {"per_document", knowledge, integer, 0, 1000, "", "0", "the most passages of one document; 0 = any number", kFind},
    {"newest_first", knowledge, boolean, 0, 0, "", "off", "what was found, ordered by the date of the documents",
     kFind},
    {"documents", knowledge, ids, 0, kExactIntegers, "", "", "numbers of the documents to look in; empty = all", kFind},
    {"folder", knowledge, text, 0, 0, "", "", "only documents whose path lies below this one", kFind},
    {"after", knowledge, text, 0, 0, "", "", "only documents of this day or later: 2024-05-31", kFind},
    {"before", knowledge, text, 0, 0, "", "", "only documents of this day or earlier", kFind},
    {"context_share", knowledge, number, 0.05, 0.9, "", "0.5", "part of the session's context that passages may fill",
     kUseCall},
    {"refuse", knowledge, text, 0, 0, "", "on", "say \"not in the documents\" where nothing relevant is found: on, "
     "off, or the relevance from 0 to 1 that is needed", kUseCall},
    {"whole", knowledge, choice, 0, 0, "auto off", "auto", "documents that fit together are given whole", kUseCall},
    {"compare", knowledge, boolean, 0, 0, "", "off", "passages of every document side by side, answered with a table",
     kUseCall},
    {"rewrite", knowledge, choice, 0, 0, "rules model off", "rules", "how a follow-up question is made one that stands "
     "alone", kUseCall},
};

// "on", "off" or the relevance from 0 to 1 that is needed, as the least relevance; nullopt for anything else.
std::optional<double> parse_refuse(std::string_view text) {
  for (const std::string_view yes : {"on", "true", "yes"})
    if (text == yes) return kLeastRelevance;
  for (const std::string_view no : {"off", "false", "no", "0"})
    if (text == no) return -1;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  // Written so that NaN fails too.
  if (error != std::errc() || end != text.data() + text.size() || !(value >= 0 && value <= 1)) return std::nullopt;
  return value;
}

}  // namespace

std::span<const OptionInfo> knowledge_keys() { return kKeys; }

KnowledgeOptions::KnowledgeOptions(std::string_view text, KnowledgeCall call) : OptionValues(kKeys) {
  std::vector<std::string_view> taken;
  for (const OptionInfo& option : kKeys)
    if (option.calls & call) taken.push_back(option.key);
  for (const auto& [key, value] : split_options(text)) {
    if (std::find(taken.begin(), taken.end(), key) == taken.end()) {
      const std::string_view near = nearest(key, taken);
      throw Error(Status::invalid_argument, message("option ", quoted(key), ": unknown here", near.empty() ? "" : "; the nearest is ", near));
    }
    keep(key, value);
  }
  if (!parse_refuse(get("refuse")))
    throw Error(Status::invalid_argument,
                message("option refuse: expected on, off or a number from 0 to 1, found ", quoted(get("refuse"))));
  for (const std::string_view date : {get("after"), get("before")})
    if (!date.empty()) parse_date(date, false);
}

rag::SearchSettings KnowledgeOptions::search() const {
  rag::SearchSettings out;
  const std::string_view mode = get("mode");
  out.mode = mode == "vector" ? rag::SearchMode::vector : mode == "text" ? rag::SearchMode::text : rag::SearchMode::fused;
  out.limit = size_t(integer("limit"));
  out.per_document = size_t(integer("per_document"));
  out.newest_first = boolean("newest_first");
  out.documents = ids("documents");
  out.folder = get("folder");
  if (!get("after").empty()) out.after_ns = parse_date(get("after"), false);
  if (!get("before").empty()) out.before_ns = parse_date(get("before"), true);
  return out;
}

double KnowledgeOptions::least_relevance() const { return parse_refuse(get("refuse")).value_or(kLeastRelevance); }

int64_t parse_date(std::string_view text, bool end) {
  const auto part = [&](size_t at, size_t count) {
    int value = -1;
    if (at + count <= text.size()) {
      const auto [stop, error] = std::from_chars(text.data() + at, text.data() + at + count, value);
      if (error != std::errc() || stop != text.data() + at + count) value = -1;
    }
    return value;
  };
  const bool with_time = text.size() == 19 && (text[10] == 'T' || text[10] == ' ') && text[13] == ':' && text[16] == ':';
  const int hour = with_time ? part(11, 2) : 0, minute = with_time ? part(14, 2) : 0, second = with_time ? part(17, 2) : 0;
  const std::chrono::year_month_day day(std::chrono::year(part(0, 4)), std::chrono::month(unsigned(part(5, 2))),
                                        std::chrono::day(unsigned(part(8, 2))));
  if ((text.size() != 10 && !with_time) || text[4] != '-' || text[7] != '-' || !day.ok() || part(0, 4) < 1678 || part(0, 4) > 2261 ||
      hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
    throw Error(Status::invalid_argument, message("date: expected one like 2024-05-31, found ", quoted(text)));
  const int64_t seconds = int64_t(std::chrono::sys_days(day).time_since_epoch().count()) * 86400 + hour * 3600 + minute * 60 + second;
  return seconds * 1'000'000'000 + (end ? (with_time ? 999'999'999 : int64_t{86400} * 1'000'000'000 - 1) : 0);
}

std::string date_text(int64_t ns) {
  const auto since = std::chrono::floor<std::chrono::seconds>(std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::nanoseconds(ns)));
  const auto days = std::chrono::floor<std::chrono::days>(since);
  const std::chrono::year_month_day day(days);
  const int64_t second = (since - days).count();
  const auto two = [](int64_t n) { return message(n < 10 ? "0" : "", n); };
  return message(int(day.year()), "-", two(unsigned(day.month())), "-", two(unsigned(day.day())), "T", two(second / 3600), ":",
                 two(second / 60 % 60), ":", two(second % 60), "Z");
}

}  // namespace hadal::api
