// What is known about the terminal: whether there is one, its colours, and a progress bar on standard error.
#pragma once

#include <string>
#include <string_view>

namespace terminal {

bool is_input();    // standard input is a terminal
bool is_output();   // standard output is one
bool is_error();    // standard error is one
int columns();      // of the terminal, 80 if unknown

// The escape sequence on a terminal with colours, "" elsewhere.
const char* dim();
const char* bold();
const char* accent();
const char* plain();

// Cells a UTF-8 text takes: two for wide East Asian characters and emoji, none for combining marks.
int width_of(std::string_view text);

}  // namespace terminal

// A bar on standard error while something long goes on; nothing at all if that is no terminal. The line is wiped at
// the end.
class ProgressBar {
 public:
  explicit ProgressBar(std::string what) : what_(std::move(what)) {}
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  void show(std::string_view stage, double done);   // done in [0, 1]

 private:
  std::string what_, last_;
};
