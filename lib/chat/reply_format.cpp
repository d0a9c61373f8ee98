// How a family marks thoughts and tool calls, and what of them stays in the history.
#include <algorithm>
#include <optional>

#include "chat/chat.hpp"
#include "chat/template_lexer.hpp"
#include "core/status.hpp"

namespace hadal {
namespace {

struct MarkerPair {
  std::string_view open, close;
};

constexpr MarkerPair kThoughts[] = {
    {"<think>", "</think>"}, {"[THINK]", "[/THINK]"}, {"<seed:think>", "</seed:think>"}};

// The first that occurs wins: V3.2's and V4's blocks stand before the older spellings their templates may mention too.
constexpr MarkerPair kToolCalls[] = {
    {"<｜DSML｜function_calls>", "</｜DSML｜function_calls>"},
    {"<｜DSML｜tool_calls>", "</｜DSML｜tool_calls>"},
    {"<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>"},
    {"<|tool_call|>", "<|/tool_call|>"},
    {"<tool_call>", "</tool_call>"},
    {"[TOOL_CALLS]", ""},
    {"<|python_tag|>", ""},
};

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

template <size_t count, class Known>
MarkerPair first_known(const MarkerPair (&pairs)[count], const Known& known) {
  const auto* found = std::find_if(std::begin(pairs), std::end(pairs), known);
  return found == std::end(pairs) ? MarkerPair{} : *found;
}

ReplyFormat format_of(const MarkerPair& thought, const MarkerPair& calls) {
  return {std::string(thought.open), std::string(thought.close), std::string(calls.open), std::string(calls.close)};
}

const std::string* text_member(const Json& message, std::string_view key) {
  const Json* member = message.find(key);
  return member ? member->as_string() : nullptr;
}

bool is_role(const Json& message, std::string_view role) {
  const std::string* found = text_member(message, "role");
  return found && *found == role;
}

std::string without_thought(const std::string& content, ThoughtRule rule, std::string_view close) {
  const size_t at = rule == ThoughtRule::after_first ? content.find(close) : content.rfind(close);
  return at == std::string::npos ? content : content.substr(at + close.size());
}

}  // namespace

ReplyFormat reply_format(std::string_view template_source) {
  const auto mentioned = [&](const MarkerPair& pair) {
    return contains(template_source, pair.close.empty() ? pair.open : pair.close) ||
           contains(template_source, pair.open);
  };
  return format_of(first_known(kThoughts, mentioned), first_known(kToolCalls, mentioned));
}

ReplyFormat reply_format(std::string_view template_source, FunctionRef<bool(std::string_view)> has_token) {
  ReplyFormat format = reply_format(template_source);
  const auto in_vocabulary = [&](const MarkerPair& pair) { return has_token(pair.open); };
  const ReplyFormat by_token = format_of(first_known(kThoughts, in_vocabulary), first_known(kToolCalls, in_vocabulary));
  if (format.thought_open.empty()) {
    format.thought_open = by_token.thought_open;
    format.thought_close = by_token.thought_close;
  }
  if (format.tool_calls_open.empty()) {
    format.tool_calls_open = by_token.tool_calls_open;
    format.tool_calls_close = by_token.tool_calls_close;
  }
  return format;
}

// A template that only sets a variable of that name has no switch, so what comes first counts: reading or setting.
bool has_thinking_switch(std::string_view template_source) {
  const std::string source = jinja::normalised_source(template_source);
  const std::vector<jinja::Token> tokens = jinja::tokenize(source);
  const auto reads = [&](std::string_view variable) {
    bool set = false;
    for (size_t i = 1; i + 1 < tokens.size(); ++i) {
      if (set && tokens[i].kind == jinja::TokenKind::block_end) return false;
      if (!tokens[i].is_name(variable) || tokens[i - 1].is_op(".")) continue;
      if (tokens[i - 1].is_name("set") || tokens[i - 1].is_name("for")) set = true;
      else if (!tokens[i + 1].is_op("=")) return true;  // not the name of an argument
    }
    return false;
  };
  return reads("thinking") || reads("enable_thinking");
}

ThoughtRule thought_rule(std::string_view template_source) {
  const ReplyFormat format = reply_format(template_source);
  if (format.thought_close.empty()) return ThoughtRule::keep;
  for (const char* quote : {"'", "\""}) {
    const std::string literal = quote + format.thought_close + quote;
    if (contains(template_source, "split(" + literal) || contains(template_source, literal + " in "))
      return ThoughtRule::keep;
  }
  return ThoughtRule::after_last;
}

Json without_earlier_thoughts(const Json& messages, ThoughtRule rule, const ReplyFormat& format) {
  const Json::Array* list = messages.as_array();
  if (!list) throw Error(Status::invalid_argument, "expected a list of messages");
  if (rule == ThoughtRule::keep || format.thought_close.empty()) return messages;

  size_t end = list->size();
  if (rule == ThoughtRule::since_last_user) {
    while (end > 0 && !is_role((*list)[end - 1], "user") && !is_role((*list)[end - 1], "developer")) --end;
  } else if (end > 0 && is_role(list->back(), "assistant")) {
    --end;
  }
  Json::Array out(*list);
  for (size_t i = 0; i < end; ++i) {
    const Json::Object* object = out[i].as_object();
    if (!object || !is_role(out[i], "assistant")) continue;
    Json::Object kept;
    for (const auto& [key, value] : *object) {
      if (key == "reasoning_content") continue;
      const std::string* content = key == "content" ? value.as_string() : nullptr;
      kept.emplace_back(key, content ? Json(without_thought(*content, rule, format.thought_close)) : value);
    }
    out[i] = Json(std::move(kept));
  }
  return Json(std::move(out));
}

}  // namespace hadal
