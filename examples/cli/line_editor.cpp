#include "line_editor.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "keyboard.hpp"
#include "terminal.hpp"

namespace {

constexpr int kEscape = 27;

constexpr int control(char letter) { return letter - '@'; }

bool goes_on(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

int length_of(int lead) { return lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4; }

// Where drawing stands, counted as terminals wrap: a character that does not fit moves down whole.
struct Place {
  int row = 0, column = 0;
  void draw(int cells, int columns) {
    if (column + cells > columns) {
      ++row;
      column = 0;
    }
    column += cells;
  }
};

}  // namespace

LineEnd LineEditor::read(const std::string& prompt, std::string& line) {
  prompt_ = prompt;
  line_.clear();
  unsent_.clear();
  at_ = 0;
  cursor_row_ = 0;
  recalled_ = history_.size();
  LineEnd end;
  {
    const RawKeyboard raw;
    redraw();
    end = edit();
    at_ = line_.size();
    redraw();
    put_on_terminal("\r\n");
  }
  line = line_;
  if (end == LineEnd::entered && !line.empty() && (history_.empty() || history_.back() != line)) history_.push_back(line);
  return end;
}

void LineEditor::redraw() {
  const int columns = std::max(8, terminal::columns());
  std::string out = "\r";
  if (cursor_row_ > 0) out += fmt::format("\x1b[{}A", cursor_row_);
  out += fmt::format("\x1b[J{}{}{}", terminal::accent(), prompt_, terminal::plain());
  Place end, cursor;
  end.draw(terminal::width_of(prompt_), columns);
  cursor = end;
  for (size_t i = 0; i < line_.size(); i = after(i)) {
    const std::string_view shown = line_[i] == '\n' ? "⏎" : line_[i] == '\t' ? " " : std::string_view(line_).substr(i, after(i) - i);
    if (i == at_) cursor = end;
    end.draw(terminal::width_of(shown), columns);
    out += shown;
  }
  if (at_ == line_.size()) cursor = end;
  if (end.column == columns) {   // terminals wait with the wrap; say it, so that rows are known
    out += "\r\n";
    end = {end.row + 1, 0};
  }
  if (cursor.column == columns) cursor = {cursor.row + 1, 0};
  if (end.row > cursor.row) out += fmt::format("\x1b[{}A", end.row - cursor.row);
  out += "\r";
  if (cursor.column > 0) out += fmt::format("\x1b[{}C", cursor.column);
  cursor_row_ = cursor.row;
  put_on_terminal(out);
}

size_t LineEditor::before(size_t at) const {
  if (at == 0) return 0;
  do --at;
  while (at > 0 && goes_on(line_[at]));
  return at;
}

size_t LineEditor::after(size_t at) const {
  if (at >= line_.size()) return line_.size();
  do ++at;
  while (at < line_.size() && goes_on(line_[at]));
  return at;
}

size_t LineEditor::word_before(size_t at) const {
  while (at > 0 && line_[at - 1] == ' ') --at;
  while (at > 0 && line_[at - 1] != ' ') --at;
  return at;
}

size_t LineEditor::word_after(size_t at) const {
  while (at < line_.size() && line_[at] == ' ') ++at;
  while (at < line_.size() && line_[at] != ' ') ++at;
  return at;
}

void LineEditor::insert(std::string_view text) {
  line_.insert(at_, text);
  at_ += text.size();
}

void LineEditor::erase(size_t from, size_t to) {
  line_.erase(from, to - from);
  at_ = from;
}

void LineEditor::recall(int step) {
  if ((step < 0 && recalled_ == 0) || (step > 0 && recalled_ == history_.size())) return;
  if (recalled_ == history_.size()) unsent_ = line_;
  recalled_ = step < 0 ? recalled_ - 1 : recalled_ + 1;
  line_ = recalled_ == history_.size() ? unsent_ : history_[recalled_];
  at_ = line_.size();
}

// Everything up to the end mark ESC [201~ is text, line breaks included.
void LineEditor::paste() {
  constexpr std::string_view kEnd = "\x1b[201~";
  std::string text;
  for (int byte; (byte = read_byte()) != kNoByte;) {
    text += byte == '\r' ? '\n' : static_cast<char>(byte);
    if (!std::string_view(text).ends_with(kEnd)) continue;
    text.resize(text.size() - kEnd.size());
    break;
  }
  insert(text);
}

void LineEditor::escape() {
  const int first = read_byte_soon();
  if (first == '\r' || first == '\n') return insert("\n");
  if (first == 'b') { at_ = word_before(at_); return; }
  if (first == 'f') { at_ = word_after(at_); return; }
  if (first != '[' && first != 'O') return;
  std::string parameters;
  int last;
  while ((last = read_byte_soon()) != kNoByte && last < 0x40) parameters += static_cast<char>(last);
  const bool word = parameters.ends_with(";5") || parameters.ends_with(";3");   // with Ctrl or Alt
  switch (last) {
    case 'A': return recall(-1);
    case 'B': return recall(+1);
    case 'C': at_ = word ? word_after(at_) : after(at_); return;
    case 'D': at_ = word ? word_before(at_) : before(at_); return;
    case 'H': at_ = 0; return;
    case 'F': at_ = line_.size(); return;
    case '~':
      if (parameters == "1" || parameters == "7") at_ = 0;
      if (parameters == "4" || parameters == "8") at_ = line_.size();
      if (parameters == "3") erase(at_, after(at_));
      if (parameters == "200") paste();
      return;
    default: return;
  }
}

LineEnd LineEditor::edit() {
  for (;;) {
    const int key = read_byte();
    if (key == kNoByte) return LineEnd::end_of_input;
    if (key == '\r' || key == '\n') return LineEnd::entered;
    if (key == control('C')) return LineEnd::interrupted;
    if (key == control('D') && line_.empty()) return LineEnd::end_of_input;
    if (key == control('A')) at_ = 0;
    else if (key == control('E')) at_ = line_.size();
    else if (key == control('B')) at_ = before(at_);
    else if (key == control('F')) at_ = after(at_);
    else if (key == control('D')) erase(at_, after(at_));
    else if (key == control('H') || key == 127) erase(before(at_), at_);
    else if (key == control('K')) erase(at_, line_.size());
    else if (key == control('U')) erase(0, at_);
    else if (key == control('W')) erase(word_before(at_), at_);
    else if (key == control('P')) recall(-1);
    else if (key == control('N')) recall(+1);
    else if (key == control('L')) { put_on_terminal("\x1b[H\x1b[2J"); cursor_row_ = 0; }
    else if (key == kEscape) escape();
    else if (key >= ' ' || key == '\t') {
      std::string character(1, static_cast<char>(key));
      for (int i = 1; i < length_of(key); ++i)
        if (const int more = read_byte_soon(); more != kNoByte) character += static_cast<char>(more);
      insert(character);
    }
    redraw();
  }
}
