// Writes a reply to standard output while it streams, thoughts apart from the answer.
#pragma once

#include <cstdint>
#include <string_view>

enum class Thoughts { hidden, dimmed, marked };   // marked: between <think> and </think>, for plain text

class ReplyPrinter {
 public:
  explicit ReplyPrinter(Thoughts thoughts) : thoughts_(thoughts) {}
  void piece(int32_t kind, std::string_view text);
  void finish();   // ends the last line

 private:
  void change_to(bool thinking);

  Thoughts thoughts_;
  bool thinking_ = false;
  bool line_open_ = false;   // something stands on the current line
};
