#include "reply_printer.hpp"

#include <cstdio>
#include <string>

#include <fmt/format.h>

#include "hadal/hadal.h"
#include "terminal.hpp"

namespace {

// A terminal obeys escape sequences, and a model may write any: control characters other than line breaks and tabs are
// shown as U+FFFD there. Plain output keeps every byte.
std::string harmless(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7F) out += "\xEF\xBF\xBD";
    else out += c;
  }
  return out;
}

}  // namespace

void ReplyPrinter::change_to(bool thinking) {
  const bool marked = thoughts_ == Thoughts::marked;
  if (thinking) {
    fmt::print("{}{}", line_open_ ? "\n" : "", marked ? "<think>\n" : terminal::dim());
  } else {
    fmt::print("{}{}{}", line_open_ ? "\n" : "", marked ? "</think>\n" : terminal::plain(), marked ? "" : "\n");
  }
  line_open_ = false;
  thinking_ = thinking;
}

void ReplyPrinter::piece(int32_t kind, std::string_view text) {
  const bool thought = kind == HADAL_THOUGHT;
  if (text.empty() || (thought && thoughts_ == Thoughts::hidden)) return;
  if (thought != thinking_) change_to(thought);
  const std::string shown = terminal::is_output() ? harmless(text) : std::string(text);
  std::fwrite(shown.data(), 1, shown.size(), stdout);
  std::fflush(stdout);
  line_open_ = text.back() != '\n';
}

void ReplyPrinter::finish() {
  if (thinking_) fmt::print("{}", thoughts_ == Thoughts::marked ? "\n</think>" : terminal::plain());
  fmt::print("\n");
  std::fflush(stdout);
}
