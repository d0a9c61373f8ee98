#include "texts.hpp"

#include <algorithm>

#include "interrupt.hpp"
#include "terminal.hpp"

void append_lines(std::string_view file, std::vector<std::string>& texts) {
  for (size_t at = 0; at < file.size();) {
    const size_t end = std::min(file.find('\n', at), file.size());
    std::string_view line = file.substr(at, end - at);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    texts.emplace_back(line);
    at = end + 1;
  }
}

std::string first_line(const std::string& text, int columns) {
  std::string line = text.substr(0, std::min(text.find('\n'), text.size()));
  const bool whole = line.size() == text.size();
  if (whole && terminal::width_of(line) <= columns) return line;
  while (!line.empty() && terminal::width_of(line) > columns - 1) {
    while (!line.empty() && (static_cast<unsigned char>(line.back()) & 0xC0) == 0x80) line.pop_back();
    if (!line.empty()) line.pop_back();
  }
  return line + "…";
}

int32_t HADAL_CALL show_progress(void* bar, const char* stage, double done) {
  static_cast<ProgressBar*>(bar)->show(stage, done);
  return interrupt::asked() ? 1 : 0;
}
