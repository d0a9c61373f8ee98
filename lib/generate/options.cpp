#include "generate/options.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/message.hpp"
#include "core/status.hpp"
#include "formats/json.hpp"

namespace hadal {
namespace {

constexpr double kMany = 9007199254740992.0;   // 2^53: every integer up to it is exact
using enum OptionLevel;
using enum OptionType;

constexpr OptionInfo kTable[] = {
    {"threads", runtime, integer, 0, 1024, "", "0", "threads that compute, the caller's included; 0 = as many as the "
     "process may use; ignored where the host brings parallel_for"},
    {"backend", model, choice, 0, 0, "auto cpu reference", "auto", "what computes; auto = the fastest usable one"},
    {"cpu", model, choice, 0, 0, "auto scalar avx2 avx512", "auto", "instruction set of the cpu backend; one that this "
     "machine lacks is refused"},
    {"precision", model, choice, 0, 0, "default exact", "default", "exact: no rounding of activations beyond f16; slower"},
    {"cache_type", model, choice, 0, 0, "f16 f32 bf16 q8", "f16", "number format of the key/value cache; the reference "
     "backend uses f32"},
    {"panels", model, boolean, 0, 0, "", "on", "rearrange weights for speed; off: they stay where the file is mapped"},
    {"weights", model, choice, 0, 0, "auto f8 f32 f16 bf16 q8_0 q6_k q5_k_m q5_k_s q5_k q5_1 q5_0 q4_k_m q4_k_s q4_k q4_1 q4_0 "
     "iq4_nl q3_k_l q3_k_m q3_k_s q3_k q2_k", "auto", "number format of the weights in memory, made while loading as hadal "
     "quantize makes it in a file; auto = as the file has them; f8 = FP8 where DeepSeek publishes it"},
    {"memory_limit", model, bytes, 0, kMany, "", "0", "the most memory the model and its sessions may keep resident, "
     "mapped weights included; 0 = no limit"},
    {"batch", model, integer, 1, 256, "", "16", "the most sessions computed in one run"},
    {"tokenizer_only", model, boolean, 0, 0, "", "off", "load the tokenizer and the template only"},
    {"tracing", model, boolean, 0, 0, "", "off", "remember what every thread did when; hadal_model_get(\"trace\") tells "
     "it as Chrome trace events"},
    {"chat_template", model, text, 0, 0, "", "", "Jinja text used instead of the model's own template, or the name "
     "of a built-in one: chatml, llama-3, deepseek-llm, deepseek-coder, deepseek-v2, deepseek-v2.5, deepseek-v3, "
     "deepseek-v3-0324, deepseek-r1, deepseek-r1-0528, deepseek-v3.1, deepseek-v3.2, deepseek-v4, plain"},
    {"pooling", model, choice, 0, 0, "auto mean cls last rank", "auto", "how a text becomes one vector: the mean of "
     "its tokens, the first or the last one; rank: a score; auto = as the model says. A chat model opened with last or "
     "mean embeds and does not chat"},
    {"deterministic", model, boolean, 0, 0, "", "on", "results do not depend on threads, chunks or other sessions; always "
     "so on the backends of this version"},
    {"invalid_text", model, choice, 0, 0, "refuse replace", "refuse", "invalid UTF-8 in given text is refused, or each bad "
     "part becomes U+FFFD"},
    {"context", session, integer, 0, 16777216, "", "0", "tokens a session can hold, or a text that becomes a vector; 0 = "
     "the model's own limit, at most 4096"},
    {"chunk", session, integer, 1, 8192, "", "256", "prompt tokens fed at once; a session cannot go above its model's value"},
    {"context_policy", session, choice, 0, 0, "stop refuse drop", "stop", "when the context is full: stop = the turn ends; "
     "refuse = a prompt that leaves no room for max_tokens is refused beforehand; drop = the oldest turns are left out"},
    {"temperature", session, number, 0, 100, "", "0.6", "0 = always the most likely token"},
    {"top_k", session, integer, 0, 1e9, "", "0", "keep the k most likely tokens; 0 = all"},
    {"top_p", session, number, 0, 1, "", "0.95", "keep the most likely tokens that together reach this probability"},
    {"min_p", session, number, 0, 1, "", "0", "drop tokens below this share of the most likely one's probability"},
    {"repeat_penalty", session, number, 0.01, 100, "", "1", "above 1: tokens of the window become less likely "
     "(divides positive logits, multiplies negative ones)"},
    {"presence_penalty", session, number, -100, 100, "", "0", "taken off the logit of every token of the window"},
    {"frequency_penalty", session, number, -100, 100, "", "0", "taken off the logit for each time a token is in the window"},
    {"penalty_window", session, integer, -1, kMany, "", "256", "last tokens of the timeline the penalties look at; -1 = all"},
    {"logit_bias", session, biases, 0, 0, "", "", "added to logits: \"id:value, id:value\""},
    {"seed", session, integer, -1, kMany, "", "-1", "same seed, same choices; -1 = a new one each time"},
    {"max_tokens", session, integer, -1, kMany, "", "-1", "tokens generated in a turn; -1 = until the model ends it"},
    {"stop", session, texts, 0, 0, "", "", "a text that ends the turn and is not shown; several: a JSON list of texts"},
    {"stop_ids", session, ids, 0, 0, "", "", "token ids that end the turn beside the model's own: \"1, 2\""},
    {"ignore_end", session, boolean, 0, 0, "", "off", "go on where the model would end the turn (for measuring)"},
    {"system", session, text, 0, 0, "", "", "a system message before the conversation, where it has none of its own"},
    {"thinking", session, choice, 0, 0, "auto on off", "auto", "whether the model thinks before it answers; on and "
     "off are refused where its template has no switch"},
    {"tools", session, text, 0, 0, "", "", "JSON list of tools for the template"},
    {"drafts", session, choice, 0, 0, "off on auto ngram mtp", "off", "guess tokens and check several in one step; the text "
     "stays the same. mtp: the model's own layer for it guesses; ngram: what followed the last words before; on = mtp, or "
     "ngram where the model has none; auto = on while it saves time"},
    {"purpose", vectors, choice, 0, 0, "none query document", "none", "what the texts are for: query and document put "
     "the model's own prefix before each"},
    {"query_prefix", vectors, text, 0, 0, "", "", "put before queries instead of the model's own prefix"},
    {"document_prefix", vectors, text, 0, 0, "", "", "put before documents instead of the model's own prefix"},
    {"long_text", vectors, choice, 0, 0, "error cut split", "error", "a text of more tokens than the model takes is "
     "refused, cut, or split and its pieces averaged, weighted by their tokens (rerank: the best piece counts)"},
    {"normalize", vectors, boolean, 0, 0, "", "on", "vectors of length 1"},
    {"dimensions", vectors, integer, 0, 1 << 24, "", "0", "keep the first values only, of models trained for it "
     "(Matryoshka); 0 = all"},
    {"logits", session, choice, 0, 0, "last all", "last", "rows that hadal_session_logits gives"},
};
constexpr size_t kCount = std::size(kTable);

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

std::vector<int32_t> parse_ids(const OptionInfo& option, std::string_view text) {
  std::vector<int32_t> out;
  for_each_part(text, [&](std::string_view part) {
    const auto id = parse_number<int32_t>(part);
    if (!id || *id < 0) reject(option, part, "token ids separated by commas");
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

size_t index_of(std::string_view key) { return size_t(&find_option(key) - kTable); }

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

std::span<const OptionInfo> option_table() { return kTable; }

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

const OptionInfo& find_option(std::string_view key) {
  std::array<std::string_view, kCount> keys;
  for (size_t i = 0; i < kCount; ++i) {
    if (kTable[i].key == key) return kTable[i];
    keys[i] = kTable[i].key;
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

void Options::set(std::string_view key, std::string_view value, OptionLevel level) {
  const OptionInfo& option = find_option(key);
  // Defaults come from above; embed and rerank are calls of the model, not of a session.
  if (option.level < level || (level == session && option.level == vectors))
    throw Error(Status::invalid_argument, message("option ", key, " belongs to the ", name_of(option.level),
                                                  " and cannot be given to a ", name_of(level)));
  std::string kept = checked(option, value);
  if (values_.empty()) values_.resize(kCount);
  values_[size_t(&option - kTable)] = std::move(kept);
}

void Options::merge(std::string_view pairs, OptionLevel level) {
  Options merged = *this;
  for (const auto& [key, value] : split_options(pairs)) merged.set(key, value, level);
  values_ = std::move(merged.values_);
}

std::string_view Options::get(std::string_view key) const {
  const size_t i = index_of(key);
  return i < values_.size() && values_[i] ? std::string_view(*values_[i]) : kTable[i].initial;
}

bool Options::is_set(std::string_view key) const {
  const size_t i = index_of(key);
  return i < values_.size() && values_[i].has_value();
}

int64_t Options::integer(std::string_view key) const {
  const std::string_view value = get(key);
  if (find_option(key).type == bytes) return int64_t(parse_bytes(value).value_or(0));
  return parse_number<int64_t>(value).value_or(0);
}

double Options::number(std::string_view key) const { return parse_number<double>(get(key)).value_or(0); }
bool Options::boolean(std::string_view key) const { return get(key) == "on"; }
std::vector<std::string> Options::texts(std::string_view key) const { return parse_texts(find_option(key), get(key)); }

std::vector<std::pair<int32_t, float>> Options::biases(std::string_view key) const {
  return parse_biases(find_option(key), get(key));
}

std::vector<int32_t> Options::ids(std::string_view key) const { return parse_ids(find_option(key), get(key)); }

}  // namespace hadal
