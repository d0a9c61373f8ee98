// One line from a terminal, with the editing keys people expect, history, and characters of any width. Line breaks that
// are pasted, or made with Alt-Enter, stay part of the line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

enum class LineEnd { entered, end_of_input, interrupted };

class LineEditor {
 public:
  // prompt holds no escape sequences; it is drawn in the accent colour.
  LineEnd read(const std::string& prompt, std::string& line);

 private:
  void redraw();
  void insert(std::string_view text);
  void erase(size_t from, size_t to);
  size_t before(size_t at) const;        // start of the character left of `at`
  size_t after(size_t at) const;
  size_t word_before(size_t at) const;
  size_t word_after(size_t at) const;
  void recall(int step);
  void escape();
  void paste();
  LineEnd edit();

  std::string prompt_, line_, unsent_;   // unsent_: what was typed before going back in history
  size_t at_ = 0;
  int cursor_row_ = 0;                   // rows below the prompt's first
  std::vector<std::string> history_;
  size_t recalled_ = 0;                  // index into history_, its size = the line being typed
};
