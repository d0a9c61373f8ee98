// Conversations as a model family writes them: a template made of the Jinja the model ships, and the split of what
// comes back into thought, answer and tool calls. Knows no model and no session.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/function_ref.hpp"
#include "formats/json.hpp"

namespace hadal {

// A parsed chat template. Immutable; any thread may render.
class ChatTemplate {
 public:
  // Throws Error(unsupported) with line and column for a construct outside the subset, Error(corrupt) for one that
  // is not Jinja.
  explicit ChatTemplate(std::string_view source);
  ~ChatTemplate();
  ChatTemplate(ChatTemplate&&) noexcept;
  ChatTemplate& operator=(ChatTemplate&&) noexcept;

  // variables: an object with "messages" (a list of {"role", "content", ...}), and as the caller likes "tools",
  // "add_generation_prompt", "bos_token", "eos_token", "enable_thinking", "date_string", ... Throws
  // Error(invalid_argument) with what raise_exception said, Error(unsupported) if it runs past its step limit.
  std::string render(const Json& variables) const;
  // strftime_now() shows local_seconds: seconds since 1970 plus the caller's offset from UTC. Without it the system's
  // clock in UTC is shown.
  std::string render(const Json& variables, int64_t local_seconds) const;

 private:
  struct Program;
  std::unique_ptr<Program> program_;
};

// Where a model's thinking begins and ends and how a tool call looks, found out from the template's text and the
// vocabulary.
struct ReplyFormat {
  std::string thought_open;        // "<think>", empty if the family has none
  std::string thought_close;       // "</think>"
  std::string tool_calls_open;     // "<｜tool▁calls▁begin｜>", "<tool_call>", empty if none
  std::string tool_calls_close;    // empty if a call goes on to the end of the reply
};
ReplyFormat reply_format(std::string_view template_source);
// For a model whose template says nothing: has_token tells whether the vocabulary holds a marker as one token.
ReplyFormat reply_format(std::string_view template_source, FunctionRef<bool(std::string_view)> has_token);

// Whether the template can be told to think or not: it reads "thinking" or "enable_thinking" from its variables.
bool has_thinking_switch(std::string_view template_source);

enum class PieceKind : int32_t { thought = 1, answer = 2, tool_call = 3 };

struct ReplyPiece {
  PieceKind kind;
  std::string text;
};

// Splits a reply while it streams. A marker is recognised whole and never shown; text that could become a marker is
// held back until it is clear, and so are blanks that a marker might follow.
//
// Where a marker counts: a thought opens at the beginning of the reply or after a tool call; further on "<think>" is
// what the answer says, and so is the "</think>" that belongs to it. A "</think>" that nothing has opened is dropped.
// Tool calls made of plain characters ("<tool_call>") do not count inside a thought, those made of control tokens do.
// DeepSeek's markers are also known in the spellings with "|" for U+FF5C and "_" or " " for U+2581.
class ReplySplitter {
 public:
  // prompt: the rendered prompt. If it ends inside an opened thought, the reply starts as a thought.
  ReplySplitter(ReplyFormat format, std::string_view prompt);
  // Appends finished pieces; neighbouring text of one kind may come as one piece.
  void push(std::string_view text, std::vector<ReplyPiece>& out);
  void finish(std::vector<ReplyPiece>& out);

 private:
  enum class Role : uint8_t { thought_open, thought_close, calls_open, calls_close };
  struct Marker {
    std::string text;
    Role role;
  };

  bool counts(const Marker& marker) const;
  // What begins at `at`: a marker (returned), perhaps one once more text is there (`maybe`), or neither.
  const Marker* marker_at(size_t at, bool& maybe) const;
  void enter(const Marker& marker, std::vector<ReplyPiece>& out);
  void begin_section(PieceKind kind);
  void show(std::string_view text, std::vector<ReplyPiece>& out);

  std::vector<Marker> markers_;
  PieceKind state_ = PieceKind::answer;
  std::string held_;
  std::string blanks_;       // shown only if text follows
  bool trim_ = false;        // line breaks right after a marker belong to the marker
  bool answered_ = false;    // the answer has begun, so an opened thought is part of what it says
  int quoted_thoughts_ = 0;  // opened in the answer and not yet closed
};

// What of an earlier assistant turn goes into the next prompt.
enum class ThoughtRule : int32_t {
  keep,             // all of it: there are no thoughts, or the template takes them out itself
  after_last,       // R1, its distills, R1-0528: what follows the last </think>
  after_first,      // V3.1: what follows the first </think>
  since_last_user,  // V3.2 and V4 without tools: turns before the last user message lose their thoughts
};
// keep if the template looks for the closing marker itself or knows no thoughts; otherwise after_last.
ThoughtRule thought_rule(std::string_view template_source);
// messages with the thoughts of assistant turns taken out as the rule says: from "content", and "reasoning_content"
// as a whole. A last message of the assistant is left alone, because the model is to go on with it.
Json without_earlier_thoughts(const Json& messages, ThoughtRule rule, const ReplyFormat& format);

// Templates for files that carry none, in the words of this library: "chatml", "llama-3", "deepseek-llm",
// "deepseek-coder", "deepseek-v2", "deepseek-v2.5", "deepseek-v3", "deepseek-v3-0324", "deepseek-r1",
// "deepseek-r1-0528", "deepseek-v3.1", "deepseek-v3.2", "deepseek-v4", "plain". Empty if the name is unknown.
//
// They write tool calls as the models were trained to. The templates published with V2.5, V3, R1 and the distills do
// not: one call is left open, three are closed twice, a second round lacks its opening. ChatTemplate renders those
// exactly as they are, faults included.
//
// Beside what ChatTemplate::render names, "deepseek-v3.2" knows "response_format", a JSON schema for the answer.
std::string builtin_template(std::string_view family);
// The family that the vocabulary's control tokens show, or the architecture ("deepseek_v32", or as GGUF spells it)
// where they do not: V3.2 has V3.1's. "plain" if none is known.
std::string_view builtin_family(FunctionRef<bool(std::string_view)> has_token, std::string_view architecture = {});

// Fill-in-the-middle: the control tokens between which prefix and suffix stand. The model goes on with the middle.
struct FillTokens {
  std::string_view begin, hole, end;
};
// Those of DeepSeek's vocabularies; nothing where one of the three is missing.
std::optional<FillTokens> fill_tokens(FunctionRef<bool(std::string_view)> has_token);

// A part of a prompt: a control token, or text that is never to become one, whatever it says.
struct PromptPart {
  std::string_view text;
  bool control;
};
// begin prefix hole suffix end. The begin-of-text token in front is the tokenizer's business.
std::array<PromptPart, 5> fill_prompt(const FillTokens& tokens, std::string_view prefix, std::string_view suffix);

}  // namespace hadal
