#include "reply_printer.hpp"

#include <cstdio>

#include <fmt/format.h>

#include "hadal/hadal.h"
#include "terminal.hpp"

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
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
  line_open_ = text.back() != '\n';
}

void ReplyPrinter::finish() {
  if (thinking_) fmt::print("{}", thoughts_ == Thoughts::marked ? "\n</think>" : terminal::plain());
  fmt::print("\n");
  std::fflush(stdout);
}
