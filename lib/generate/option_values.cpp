#include "generate/option_values.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/message.hpp"
#include "core/status.hpp"
#include "formats/json.hpp"

namespace hadal {
namespace {

using enum OptionLevel;
using enum OptionType;

[[noreturn]] void reject(const OptionInfo& option, std::string_view value, std::string_view expected) {
  throw Error(Status::invalid_argument,
              message("option ", option.key, ": expected ", expected, ", found ", quoted(value)));
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> parse_bytes(std::string_view text) {
  double unit = 1;
  if (text.size() > 1 && (text.back() == 'B' || text.back() == 'b')) text.remove_suffix(1);
  if (!text.empty()) {
    switch (text.back()) {
      case 'k': case 'K': unit = 1024.0; break;
      case 'm': case 'M': unit = 1024.0 * 1024; break;
      case 'g': case 'G': unit = 1024.0 * 1024 * 1024; break;
      default: break;
    }
    if (unit > 1) text.remove_suffix(1);
  }
  const auto value = parse_number<double>(text);
  if (!value || !std::isfinite(*value)) return std::nullopt;
  return std::floor(*value * unit);
}

std::optional<bool> parse_boolean(std::string_view text) {
  for (const std::string_view yes : {"on", "true", "yes", "1"})
    if (text == yes) return true;
  for (const std::string_view no : {"off", "false", "no", "0"})
    if (text == no) return false;
  return std::nullopt;
}

// Calls each(part) for the comma-separated, trimmed parts of a list; empty text has none.
template <class Each>
void for_each_part(std::string_view text, Each each) {
  text = trimmed(text);
  while (!text.empty()) {
    const size_t comma = text.find(',');
    each(trimmed(text.substr(0, comma)));
    if (comma == std::string_view::npos) return;
    text = trimmed(text.substr(comma + 1));
  }
}

std::vector<std::pair<int32_t, float>> parse_biases(const OptionInfo& option, std::string_view text) {
  std::vector<std::pair<int32_t, float>> out;
  for_each_part(text, [&](std::string_view part) {
    const size_t colon = part.find(':');
    const auto id = parse_number<int32_t>(trimmed(part.substr(0, colon)));
    const auto bias = colon == std::string_view::npos ? std::nullopt : parse_number<float>(trimmed(part.substr(colon + 1)));
    if (!id || *id < 0 || !bias || !std::isfinite(*bias)) reject(option, part, "\"id:value, id:value\"");
    out.emplace_back(*id, *bias);
  });
  return out;
}

std::vector<int64_t> parse_ids(const OptionInfo& option, std::string_view text) {
  std::vector<int64_t> out;
  for_each_part(text, [&](std::string_view part) {
    const auto id = parse_number<int64_t>(part);
    if (!id || double(*id) < option.least || double(*id) > option.most)
      reject(option, part, "ids separated by commas");
    out.push_back(*id);
  });
  return out;
}

// A JSON list of texts where the value looks like one, else the value itself.
std::vector<std::string> parse_texts(const OptionInfo& option, std::string_view value) {
  std::vector<std::string> out;
  const std::string_view inside = trimmed(value);
  Json list;
  try {
    if (inside.starts_with("[")) list = parse_json(inside, message("option ", option.key));
  } catch (const Error& error) {
    // A text may begin with a bracket; what goes on like a list of texts was meant as one.
    if (trimmed(inside.substr(1)).starts_with("\"")) throw Error(Status::invalid_argument, error.what());
  }
  if (!list.as_array()) {
    if (!value.empty()) out.emplace_back(value);
    return out;
  }
  for (const Json& item : *list.as_array()) {
    if (!item.as_string()) reject(option, value, "a text or a JSON list of texts");
    if (!item.as_string()->empty()) out.push_back(*item.as_string());
  }
  return out;
}

void check_range(const OptionInfo& option, std::string_view value, std::optional<double> parsed, std::string_view what) {
  // Written so that NaN fails too.
  if (parsed && *parsed >= option.least && *parsed <= option.most) return;
  reject(option, value, message(what, " from ", option.least, " to ", option.most));
}

// The value as it is kept: trimmed where spaces mean nothing.
std::string checked(const OptionInfo& option, std::string_view value) {
  if (option.type != text && option.type != texts) value = trimmed(value);
  if (value.empty() && option.type != text && option.type != texts && option.type != biases && option.type != ids)
    reject(option, value, "a value");
  switch (option.type) {
    case integer: {
      const auto parsed = parse_number<int64_t>(value);
      check_range(option, value, parsed ? std::optional<double>(double(*parsed)) : std::nullopt, "a whole number");
      break;
    }
    case number: check_range(option, value, parse_number<double>(value), "a number"); break;
    case bytes: check_range(option, value, parse_bytes(value), "bytes (K, M, G allowed)"); break;
    case boolean:
      if (!parse_boolean(value)) reject(option, value, "on or off");
      return *parse_boolean(value) ? "on" : "off";
    case choice: {
      std::string_view rest = option.choices;
      while (!rest.empty()) {
        const size_t space = rest.find(' ');
        if (rest.substr(0, space) == value) return std::string(value);
        rest = space == std::string_view::npos ? std::string_view{} : rest.substr(space + 1);
      }
      std::string listed(option.choices);
      for (size_t at = 0; (at = listed.find(' ', at)) != std::string::npos; at += 2) listed.replace(at, 1, ", ");
      reject(option, value, message("one of ", listed));
    }
    case text: break;
    case texts: parse_texts(option, value); break;
    case biases: parse_biases(option, value); break;
    case ids: parse_ids(option, value); break;
  }
  return std::string(value);
}

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

std::string_view name_of(OptionType type) {
  switch (type) {
    case integer: return "integer";
    case number: return "number";
    case boolean: return "boolean";
    case choice: return "choice";
    case bytes: return "bytes";
    case text: return "text";
    case texts: return "texts";
    case biases: return "biases";
    case ids: return "ids";
  }
  return "";
}

std::string_view name_of(OptionLevel level) {
  switch (level) {
    case runtime: return "runtime";
    case model: return "model";
    case session: return "session";
    case vectors: return "vectors";
    case knowledge: return "knowledge";
  }
  return "";
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  std::string_view best;
  if (word.size() > 64) return best;
  size_t least = std::max<size_t>(2, word.size() / 2) + 1;
  for (const std::string_view candidate : candidates) {
    const size_t distance = edit_distance(word, candidate);
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

const OptionInfo& find_option(std::span<const OptionInfo> table, std::string_view key) {
  std::vector<std::string_view> keys;
  for (const OptionInfo& option : table) {
    if (option.key == key) return option;
    keys.push_back(option.key);
  }
  const std::string_view near = nearest(key, keys);
  throw Error(Status::invalid_argument, near.empty()
                                            ? message("no option ", quoted(key))
                                            : message("no option ", quoted(key), "; the nearest is ", quoted(near)));
}

std::vector<std::pair<std::string, std::string>> split_options(std::string_view text_) {
  std::vector<std::pair<std::string, std::string>> out;
  size_t at = 0;
  const auto skip_space = [&] {
    while (at < text_.size() && (text_[at] == ' ' || text_[at] == '\t' || text_[at] == '\r' || text_[at] == '\n')) ++at;
  };
  const auto fail = [&](std::string_view expected) {
    throw Error(Status::invalid_argument, message("options: expected ", expected, " at byte ", at, ", found ",
                                                  at < text_.size() ? quoted(text_.substr(at, 20)) : "the end"));
  };
  // A quoted word, or everything up to one of `ends`, trimmed.
  const auto word = [&](std::string_view ends) {
    std::string out_word;
    skip_space();
    if (at < text_.size() && text_[at] == '"') {
      const size_t start = at++;
      while (at < text_.size() && text_[at] != '"') {
        char c = text_[at++];
        if (c == '\\') {
          if (at == text_.size()) break;
          c = text_[at++];
          if (c == 'n') c = '\n';
          else if (c == 't') c = '\t';
          else if (c == 'r') c = '\r';
          else if (c != '"' && c != '\\') { at -= 2; fail("\\\" \\\\ \\n \\r or \\t"); }
        }
        out_word += c;
      }
      if (at == text_.size()) { at = start; fail("a closing quote"); }
      ++at;
      skip_space();
      if (at < text_.size() && ends.find(text_[at]) == std::string_view::npos) fail("the end of the value after its quotes");
      return out_word;
    }
    const size_t end = std::min(text_.find_first_of(ends, at), text_.size());
    out_word = trimmed(text_.substr(at, end - at));
    at = end;
    return out_word;
  };
  for (;;) {
    skip_space();
    while (at < text_.size() && text_[at] == ';') {
      ++at;
      skip_space();
    }
    if (at == text_.size()) return out;
    const size_t start = at;
    std::string key = word("=;");
    if (key.empty() || at == text_.size() || text_[at] != '=') {
      at = start;
      fail("key=value");
    }
    ++at;
    out.emplace_back(std::move(key), word(";"));
  }
}

size_t OptionValues::index_of(std::string_view key) const { return size_t(&find_option(table_, key) - table_.data()); }

void OptionValues::keep(std::string_view key, std::string_view value) {
  const size_t i = index_of(key);
  std::string kept = checked(table_[i], value);
  if (values_.empty()) values_.resize(table_.size());
  values_[i] = std::move(kept);
}

std::string_view OptionValues::get(std::string_view key) const {
  const size_t i = index_of(key);
  return i < values_.size() && values_[i] ? std::string_view(*values_[i]) : table_[i].initial;
}

bool OptionValues::is_set(std::string_view key) const {
  const size_t i = index_of(key);
  return i < values_.size() && values_[i].has_value();
}

int64_t OptionValues::integer(std::string_view key) const {
  const std::string_view value = get(key);
  if (table_[index_of(key)].type == bytes) return int64_t(parse_bytes(value).value_or(0));
  return parse_number<int64_t>(value).value_or(0);
}

double OptionValues::number(std::string_view key) const { return parse_number<double>(get(key)).value_or(0); }
bool OptionValues::boolean(std::string_view key) const { return get(key) == "on"; }

std::vector<std::string> OptionValues::texts(std::string_view key) const {
  return parse_texts(find_option(table_, key), get(key));
}

std::vector<std::pair<int32_t, float>> OptionValues::biases(std::string_view key) const {
  return parse_biases(find_option(table_, key), get(key));
}

std::vector<int64_t> OptionValues::ids(std::string_view key) const {
  return parse_ids(find_option(table_, key), get(key));
}

}  // namespace hadal
