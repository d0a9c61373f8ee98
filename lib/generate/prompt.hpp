// From a conversation to the tokens a model was trained on: the model's template around the messages, in such a way
// that what people write in a message can never become one of the template's control tokens.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chat/chat.hpp"
#include "formats/json.hpp"
#include "generate/options.hpp"
#include "tokenizer/tokenizer.hpp"

namespace hadal {

struct Message {
  std::string role;
  std::string content;
  int64_t tokens_after = -1;   // timeline length once its turn was over; -1 while it is not fed
  std::string plain = {};      // what stays of it once a later question is asked; empty: the content
};

enum class Thinking : uint8_t { automatic, on, off };

struct PromptSettings {
  std::string system = {};     // placed first unless the conversation has a system message
  Thinking thinking = Thinking::automatic;
  std::string tools = {};      // JSON list, or empty
};

// What the options say of it.
PromptSettings prompt_settings(const Options& options);

struct Prompt {
  std::string text;
  std::vector<int32_t> tokens;
};

class PromptMaker {
 public:
  // Throws what ChatTemplate throws.
  PromptMaker(const Tokenizer& tokenizer, std::string template_source);

  // variables: messages and whatever else the template knows; begin and end token texts are filled in.
  std::string render(Json::Object variables) const;
  // json: a list of messages or an object of variables, as hadal_model_render takes it.
  std::string render_json(std::string_view json, const PromptSettings& settings) const;

  std::string text(std::span<const Message> messages, const PromptSettings& settings) const;
  // The begin token stands in front once, if the template writes it or the tokenizer's settings ask for it.
  Prompt make(std::span<const Message> messages, const PromptSettings& settings) const;

  // Fill-in-the-middle, behind a begin token. Throws Error(unsupported) if the vocabulary lacks its control tokens.
  Prompt fill(std::string_view prefix, std::string_view suffix) const;

  // Throws Error(unsupported) if thinking is asked for or forbidden and the template cannot be told.
  void check_thinking(Thinking thinking) const;

  const ReplyFormat& reply_format() const { return format_; }
  const std::string& template_source() const { return source_; }

 private:
  struct Marker {
    std::string text;
    int32_t id;
    bool special;   // flagged special: matched only when asked for; otherwise it matches in any text
  };
  struct Match {
    size_t at;
    const Marker* marker;
  };

  Json::Object variables(std::span<const Message> messages, const PromptSettings& settings) const;
  std::optional<Match> find_marker(std::string_view text, size_t from, bool special_only) const;
  void encode_text(std::string_view text, std::vector<int32_t>& out) const;
  std::string broken(std::string_view content, bool special_only, std::string_view exact, std::string_view split) const;

  const Tokenizer& tokenizer_;
  std::string source_;
  ChatTemplate template_;
  ReplyFormat format_;
  ThoughtRule thoughts_;          // what becomes of the thoughts of earlier turns
  bool thinking_switch_;          // the template can be told
  std::vector<Marker> markers_;   // longest first
  bool first_bytes_[256] = {};
};

// The text as it is used: checked, or with each maximal part that is not UTF-8 as U+FFFD. Throws
// Error(invalid_argument) with the offset.
std::string checked_text(std::string_view text, bool replace, std::string_view what);

}  // namespace hadal
