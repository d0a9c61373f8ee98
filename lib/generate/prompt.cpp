#include "generate/prompt.hpp"

#include <algorithm>

#include "core/message.hpp"
#include "core/status.hpp"
#include "core/utf8.hpp"

namespace hadal {
namespace {

// The noncharacters U+FDD0 .. U+FDEF are for a program's own use inside a text.
std::string noncharacter(int number) {
  std::string out = "\xEF\xB7\x90";
  out[2] = char(0x90 + number);
  return out;
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

void erase_all(std::string& text, std::string_view part) {
  for (size_t at = 0; (at = text.find(part, at)) != std::string::npos;) text.erase(at, part.size());
}

// Added tokens that are written like markup ("<think>", "<|im_start|>") are control tokens even where the vocabulary
// does not flag them special, as DeepSeek-V3's does not; runs of spaces or single letters are not.
bool looks_like_markup(std::string_view text) { return text.size() > 2 && text.front() == '<' && text.back() == '>'; }

}  // namespace

std::string checked_text(std::string_view text, bool replace, std::string_view what) {
  const size_t bad = find_invalid_utf8(text);
  if (bad == std::string_view::npos) return std::string(text);
  if (!replace)
    throw Error(Status::invalid_argument, message(what, ": expected UTF-8, found an invalid byte at offset ", bad));
  std::string repaired;
  append_repaired_utf8(text, false, repaired);
  return repaired;
}

PromptSettings prompt_settings(const Options& options) {
  const std::string_view thinking = options.get("thinking");
  return {.system = std::string(options.get("system")),
          .thinking = thinking == "on" ? Thinking::on : thinking == "off" ? Thinking::off : Thinking::automatic,
          .tools = std::string(options.get("tools"))};
}

PromptMaker::PromptMaker(const Tokenizer& tokenizer, std::string template_source)
    : tokenizer_(tokenizer), source_(std::move(template_source)), template_(source_),
      format_(hadal::reply_format(source_, [&](std::string_view text) { return tokenizer.id_of(text).has_value(); })),
      thoughts_(thought_rule(source_)), thinking_switch_(has_thinking_switch(source_)) {
  for (int32_t id = 0; id < tokenizer.size(); ++id) {
    if (!tokenizer.is_added(id)) continue;
    const std::string_view piece = tokenizer.piece(id);
    const bool special = tokenizer.is_special(id);
    if (piece.empty() || !is_utf8(piece) || (!special && !looks_like_markup(piece))) continue;
    markers_.push_back({std::string(piece), id, special});
    first_bytes_[static_cast<unsigned char>(piece[0])] = true;
  }
  std::stable_sort(markers_.begin(), markers_.end(),
                   [](const Marker& a, const Marker& b) { return a.text.size() > b.text.size(); });
}

std::optional<PromptMaker::Match> PromptMaker::find_marker(std::string_view text, size_t from,
                                                           bool special_only) const {
  for (size_t at = from; at < text.size(); ++at) {
    if (!first_bytes_[static_cast<unsigned char>(text[at])]) continue;
    for (const Marker& marker : markers_)
      if ((marker.special || !special_only) && text.substr(at).starts_with(marker.text)) return Match{at, &marker};
  }
  return std::nullopt;
}

// Every marker in the content with a private character after its first one, so that it is a marker no more.
std::string PromptMaker::broken(std::string_view content, bool special_only, std::string_view exact,
                                std::string_view split) const {
  std::string out;
  size_t at = 0;
  while (const auto match = find_marker(content, at, special_only)) {
    const size_t first = utf8_length(match->marker->text[0]);
    out += content.substr(at, match->at + first - at);
    out += match->marker->special ? exact : split;
    at = match->at + first;
  }
  out += content.substr(at);
  return out;
}

std::string PromptMaker::render(Json::Object variables) const {
  const auto provide = [&](std::string_view key, Json value) {
    for (const auto& member : variables)
      if (member.first == key) return;
    variables.emplace_back(std::string(key), std::move(value));
  };
  const auto spelling = [&](std::optional<int32_t> id) {
    return id ? std::string(tokenizer_.piece(*id)) : std::string();
  };
  if (tokenizer_.bos) provide("bos_token", spelling(tokenizer_.bos));
  if (tokenizer_.eos) provide("eos_token", spelling(tokenizer_.eos));
  if (tokenizer_.padding) provide("pad_token", spelling(tokenizer_.padding));
  if (tokenizer_.unknown) provide("unk_token", spelling(tokenizer_.unknown));
  provide("add_generation_prompt", true);
  return template_.render(Json(std::move(variables)));
}

std::string PromptMaker::render_json(std::string_view json, const PromptSettings& settings) const {
  Json parsed;
  try {
    parsed = parse_json(json, "conversation");
  } catch (const Error& error) {
    if (error.status() != Status::corrupt) throw;
    throw Error(Status::invalid_argument, error.what());
  }
  Json::Object given;
  if (parsed.as_array()) given.emplace_back("messages", std::move(parsed));
  else if (parsed.as_object()) given = *parsed.as_object();
  const Json* messages = nullptr;
  for (auto& member : given)
    if (member.first == "messages") messages = &member.second;
  if (!messages || !messages->as_array())
    throw Error(Status::invalid_argument,
                "conversation: expected a JSON list of messages or an object with \"messages\"");
  for (const Json& item : *messages->as_array())
    if (!item.as_object())
      throw Error(Status::invalid_argument, "conversation: expected every message to be an object with \"role\"");
  for (auto& member : variables({}, settings)) {
    if (member.first == "messages") continue;
    if (std::none_of(given.begin(), given.end(), [&](const auto& own) { return own.first == member.first; }))
      given.push_back(std::move(member));
  }
  if (!settings.system.empty()) {
    for (auto& member : given) {
      if (member.first != "messages") continue;
      Json::Array list = *member.second.as_array();
      const Json* role = list.empty() ? nullptr : list.front().find("role");
      if (role && role->as_string() && *role->as_string() == "system") break;
      list.insert(list.begin(), Json(Json::Object{{"role", std::string("system")}, {"content", settings.system}}));
      member.second = Json(std::move(list));
    }
  }
  return render(std::move(given));
}

Json::Object PromptMaker::variables(std::span<const Message> messages, const PromptSettings& settings) const {
  Json::Array list;
  if (!settings.system.empty() && (messages.empty() || messages.front().role != "system"))
    list.push_back(Json(Json::Object{{"role", std::string("system")}, {"content", settings.system}}));
  for (const Message& m : messages) list.push_back(Json(Json::Object{{"role", m.role}, {"content", m.content}}));
  Json::Object out;
  out.emplace_back("messages", without_earlier_thoughts(Json(std::move(list)), thoughts_, format_));
  check_thinking(settings.thinking);
  if (settings.thinking != Thinking::automatic) {
    const bool on = settings.thinking == Thinking::on;
    out.emplace_back("enable_thinking", on);
    out.emplace_back("thinking", on);
  }
  if (!settings.tools.empty()) out.emplace_back("tools", parse_json(settings.tools, "option tools"));
  return out;
}

void PromptMaker::check_thinking(Thinking thinking) const {
  if (thinking == Thinking::automatic || thinking_switch_) return;
  const bool thinks = !format_.thought_close.empty();
  throw Error(Status::unsupported, message("option thinking: expected a model whose template can switch it, found one that ",
                                           thinks ? "leaves it to the model" : "knows no thoughts"));
}

std::string PromptMaker::text(std::span<const Message> messages, const PromptSettings& settings) const {
  return render(variables(messages, settings));
}

Prompt PromptMaker::make(std::span<const Message> messages, const PromptSettings& settings) const {
  Prompt prompt;
  prompt.text = text(messages, settings);

  // Two private characters that nobody uses here.
  std::string exact, split;
  for (int i = 0; i < 32 && split.empty(); ++i) {
    const std::string candidate = noncharacter(i);
    if (contains(prompt.text, candidate) || contains(source_, candidate)) continue;
    bool used = contains(settings.system, candidate);
    for (const Message& m : messages) used = used || contains(m.content, candidate);
    if (!used) (exact.empty() ? exact : split) = candidate;
  }
  if (split.empty())
    throw Error(Status::invalid_argument, "messages: every noncharacter from U+FDD0 to U+FDEF is in use");

  bool any = false;
  std::vector<Message> safe(messages.begin(), messages.end());
  for (Message& m : safe) {
    // In a reply of the model, "<think>" and tool markers are its own.
    std::string content = broken(m.content, m.role == "assistant", exact, split);
    any = any || content.size() != m.content.size();
    m.content = std::move(content);
  }
  PromptSettings safe_settings = settings;
  safe_settings.system = broken(settings.system, false, exact, split);
  any = any || safe_settings.system.size() != settings.system.size();

  std::vector<int32_t>& tokens = prompt.tokens;
  if (!any) {
    tokenizer_.encode(prompt.text, true, tokens);
  } else {
    // What tokenizers do with special tokens: cut the text at them, encode the parts between. Broken ones are not
    // found, and count as text.
    const std::string marked = text(safe, safe_settings);
    const auto encode_plain = [&](std::string_view part) {
      while (!part.empty()) {
        const size_t cut = part.find(split);
        std::string plain(part.substr(0, cut));
        erase_all(plain, exact);
        if (!plain.empty()) tokenizer_.encode(plain, false, tokens);
        part = cut == std::string_view::npos ? std::string_view{} : part.substr(cut + split.size());
      }
    };
    size_t at = 0;
    while (const auto match = find_marker(marked, at, true)) {
      encode_plain(std::string_view(marked).substr(at, match->at - at));
      tokens.push_back(match->marker->id);
      at = match->at + match->marker->text.size();
    }
    encode_plain(std::string_view(marked).substr(at));
  }
  if (tokenizer_.add_bos && tokenizer_.bos && (tokens.empty() || tokens.front() != *tokenizer_.bos))
    tokens.insert(tokens.begin(), *tokenizer_.bos);
  return prompt;
}

// Text that holds no marker for the tokenizer: those not flagged special match in any text, so it is cut inside them.
void PromptMaker::encode_text(std::string_view text, std::vector<int32_t>& out) const {
  size_t from = 0;
  while (const auto match = find_marker(text, from, false)) {
    const size_t cut = match->at + utf8_length(text[match->at]);
    if (!match->marker->special) {
      tokenizer_.encode(text.substr(0, cut), false, out);
      text.remove_prefix(cut);
      from = 0;
    } else {
      from = cut;
    }
  }
  if (!text.empty()) tokenizer_.encode(text, false, out);
}

Prompt PromptMaker::fill(std::string_view prefix, std::string_view suffix) const {
  const auto tokens = fill_tokens([&](std::string_view text) { return tokenizer_.id_of(text).has_value(); });
  if (!tokens)
    throw Error(Status::unsupported, "fill in the middle: expected a vocabulary with tokens for it, found one without");
  Prompt prompt;
  if (tokenizer_.bos) {
    prompt.text = tokenizer_.piece(*tokenizer_.bos);
    prompt.tokens.push_back(*tokenizer_.bos);
  }
  for (const PromptPart& part : fill_prompt(*tokens, prefix, suffix)) {
    prompt.text += part.text;
    if (part.control) prompt.tokens.push_back(*tokenizer_.id_of(part.text));
    else encode_text(part.text, prompt.tokens);
  }
  return prompt;
}

}  // namespace hadal
