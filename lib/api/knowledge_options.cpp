#include "api/knowledge_options.hpp"

#include <charconv>
#include <chrono>
#include <limits>

#include "core/message.hpp"
#include "core/status.hpp"

namespace hadal::api {
namespace {

using enum OptionType;
constexpr uint8_t kFind = kSearchCall | kUseCall;

constexpr KnowledgeKey kKeys[] = {
    {"create", kOpenCall, boolean, 0, 0, "", "on", "make a base that is not there"},
    {"reindex", kOpenCall, boolean, 0, 0, "", "off", "make all vectors anew with the embedding model given"},
    {"include", kSyncCall, text, 0, 0, "", "", "patterns of the files taken from a folder, separated by spaces; empty = whatever "
     "can be read"},
    {"exclude", kSyncCall, text, 0, 0, "", "", "patterns of files left out"},
    {"subfolders", kSyncCall, boolean, 0, 0, "", "on", "take the folders below, too"},
    {"mode", kFind, choice, 0, 0, "fused vector text", "fused", "what finds: likeness of vectors, words, or both fused by rank"},
    {"limit", kFind, integer, 1, 1000, "", "8", "the most passages"},
    {"per_document", kFind, integer, 0, 1000, "", "0", "the most passages of one document; 0 = any number"},
    {"newest_first", kFind, boolean, 0, 0, "", "off", "what was found, ordered by the date of the documents"},
    {"documents", kFind, ids, 0, 0, "", "", "numbers of the documents to look in; empty = all"},
    {"folder", kFind, text, 0, 0, "", "", "only documents whose path lies below this one"},
    {"after", kFind, text, 0, 0, "", "", "only documents of this day or later: 2024-05-31"},
    {"before", kFind, text, 0, 0, "", "", "only documents of this day or earlier"},
    {"context_share", kUseCall, number, 0.05, 0.9, "", "0.5", "part of the session's context that passages may fill"},
    {"refuse", kUseCall, text, 0, 0, "", "on", "say \"not in the documents\" where nothing relevant is found: on, off, or the "
     "relevance from 0 to 1 that is needed"},
    {"whole", kUseCall, choice, 0, 0, "auto off", "auto", "documents that fit together are given whole"},
    {"compare", kUseCall, boolean, 0, 0, "", "off", "passages of every document side by side, answered with a table"},
    {"rewrite", kUseCall, choice, 0, 0, "rules model off", "rules", "how a follow-up question is made one that stands alone"},
};

[[noreturn]] void reject(std::string_view key, std::string_view value, std::string_view expected) {
  throw Error(Status::invalid_argument, message("option ", key, ": expected ", expected, ", found ", quoted(value)));
}

const KnowledgeKey& find_key(std::string_view key) {
  for (const KnowledgeKey& known : kKeys)
    if (known.key == key) return known;
  throw Error(Status::internal, message("option ", key, " is not in the table"));
}

bool is_boolean(std::string_view value, bool& out) {
  for (const std::string_view yes : {"on", "true", "yes", "1"})
    if (value == yes) return out = true;
  for (const std::string_view no : {"off", "false", "no", "0"})
    if (value == no) return out = false, true;
  return false;
}

bool is_number(std::string_view value, double& out) {
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), out);
  return error == std::errc() && end == value.data() + value.size();
}

std::vector<int64_t> parse_ids(std::string_view value) {
  std::vector<int64_t> out;
  while (!value.empty()) {
    const size_t comma = value.find(',');
    std::string_view part = value.substr(0, comma);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    int64_t id = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), id);
    if (error != std::errc() || end != part.data() + part.size()) reject("documents", value, "numbers separated by commas");
    out.push_back(id);
    value = comma == std::string_view::npos ? std::string_view() : value.substr(comma + 1);
  }
  return out;
}

void check(const KnowledgeKey& known, std::string_view value) {
  bool yes = false;
  double number_of = 0;
  switch (known.type) {
    case boolean:
      if (!is_boolean(value, yes)) reject(known.key, value, "on or off");
      break;
    case integer:
    case number:
      if (!is_number(value, number_of) || number_of < known.least || number_of > known.most ||
          (known.type == integer && number_of != double(int64_t(number_of))))
        reject(known.key, value, message(known.type == integer ? "an integer" : "a number", " from ", known.least, " to ", known.most));
      break;
    case choice: {
      std::string_view left = known.choices;
      while (!left.empty()) {
        const size_t space = left.find(' ');
        if (left.substr(0, space) == value) return;
        left = space == std::string_view::npos ? std::string_view() : left.substr(space + 1);
      }
      reject(known.key, value, message("one of ", known.choices));
    }
    case ids: parse_ids(value); break;
    default:
      if (known.key == "refuse" && !is_boolean(value, yes) && (!is_number(value, number_of) || number_of < 0 || number_of > 1))
        reject(known.key, value, "on, off or a number from 0 to 1");
      if ((known.key == "after" || known.key == "before") && !value.empty()) parse_date(value, false);
  }
}

}  // namespace

std::span<const KnowledgeKey> knowledge_keys() { return kKeys; }

KnowledgeOptions::KnowledgeOptions(std::string_view text, KnowledgeCall call) {
  for (auto& [key, value] : split_options(text)) {
    const KnowledgeKey* found = nullptr;
    std::vector<std::string_view> taken;
    for (const KnowledgeKey& known : kKeys) {
      if ((known.calls & call) == 0) continue;
      taken.push_back(known.key);
      if (known.key == key) found = &known;
    }
    if (!found) {
      const std::string_view near = nearest(key, taken);
      throw Error(Status::invalid_argument, message("option ", quoted(key), ": unknown here", near.empty() ? "" : "; the nearest is ", near));
    }
    check(*found, value);
    values_.emplace_back(found->key, std::move(value));
  }
}

std::string_view KnowledgeOptions::get(std::string_view key) const {
  for (auto at = values_.rbegin(); at != values_.rend(); ++at)
    if (at->first == key) return at->second;
  return find_key(key).initial;
}

bool KnowledgeOptions::boolean(std::string_view key) const {
  bool out = false;
  is_boolean(get(key), out);
  return out;
}

int64_t KnowledgeOptions::integer(std::string_view key) const { return int64_t(number(key)); }

double KnowledgeOptions::number(std::string_view key) const {
  double out = 0;
  is_number(get(key), out);
  return out;
}

rag::SearchSettings KnowledgeOptions::search() const {
  rag::SearchSettings out;
  const std::string_view mode = get("mode");
  out.mode = mode == "vector" ? rag::SearchMode::vector : mode == "text" ? rag::SearchMode::text : rag::SearchMode::fused;
  out.limit = size_t(integer("limit"));
  out.per_document = size_t(integer("per_document"));
  out.newest_first = boolean("newest_first");
  out.documents = parse_ids(get("documents"));
  out.folder = get("folder");
  if (!get("after").empty()) out.after_ns = parse_date(get("after"), false);
  if (!get("before").empty()) out.before_ns = parse_date(get("before"), true);
  return out;
}

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
