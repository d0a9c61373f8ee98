// Conversations as a model family writes them: a template made of the Jinja the model ships, and the split of what
// comes back into thought, answer and tool calls. Knows no model and no session.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

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
  std::string tool_calls_close;
};
ReplyFormat reply_format(std::string_view template_source);

enum class PieceKind : int32_t { thought = 1, answer = 2, tool_call = 3 };

struct ReplyPiece {
  PieceKind kind;
  std::string text;
};

// Splits a reply while it streams. A marker is recognised whole and never shown; text that could become a marker is
// held back until it is clear.
class ReplySplitter {
 public:
  // prompt: the rendered prompt. If it ends inside an opened thought, the reply starts as a thought.
  ReplySplitter(ReplyFormat format, std::string_view prompt);
  // Appends finished pieces; neighbouring text of one kind may come as one piece.
  void push(std::string_view text, std::vector<ReplyPiece>& out);
  void finish(std::vector<ReplyPiece>& out);

 private:
  ReplyFormat format_;
  PieceKind state_;
  std::string held_;
  bool trim_;   // line breaks right after a marker belong to the marker
};

}  // namespace hadal
