#include "terminal.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

#include "platform.hpp"

namespace terminal {
namespace {

bool has_colour() {
  static const bool colour = platform::shows_colour() && std::getenv("NO_COLOR") == nullptr;
  return colour;
}

struct Range {
  char32_t first, last;
};

// Blocks that terminals draw two cells wide (East Asian Width W and F, emoji), and marks that take none.
constexpr Range kWide[] = {{0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0x33FF},   {0x3400, 0x4DBF},
                           {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},   {0xA960, 0xA97F},   {0xAC00, 0xD7A3},
                           {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},
                           {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};
constexpr Range kNone[] = {{0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x064B, 0x065F}, {0x0E34, 0x0E3A},
                           {0x200B, 0x200F}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}};

template <size_t N>
bool lies_in(const Range (&ranges)[N], char32_t c) {
  return std::any_of(std::begin(ranges), std::end(ranges), [c](Range r) { return c >= r.first && c <= r.last; });
}

}  // namespace

bool is_input() { return platform::is_terminal(stdin); }
bool is_output() { return platform::is_terminal(stdout); }
bool is_error() { return platform::is_terminal(stderr); }

int columns() {
  const int known = platform::columns();
  return known > 0 ? known : 80;
}

const char* dim() { return has_colour() ? "\x1b[2m" : ""; }
const char* bold() { return has_colour() ? "\x1b[1m" : ""; }
const char* accent() { return has_colour() ? "\x1b[36m" : ""; }
const char* plain() { return has_colour() ? "\x1b[0m" : ""; }

int width_of(std::string_view text) {
  int cells = 0;
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const int length = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    char32_t c = length == 1 ? lead : lead & (0xFFu >> (length + 1));
    for (int k = 1; k < length && i + k < text.size(); ++k) c = (c << 6) | (static_cast<unsigned char>(text[i + k]) & 0x3F);
    i += static_cast<size_t>(length);
    cells += lies_in(kWide, c) ? 2 : c < 0x20 || lies_in(kNone, c) ? 0 : 1;
  }
  return cells;
}

}  // namespace terminal

void ProgressBar::show(std::string_view stage, double done) {
  if (!terminal::is_error()) return;
  const double share = std::clamp(done, 0.0, 1.0);
  const int cells = std::clamp(terminal::columns() - 40, 8, 40);
  const int full = static_cast<int>(share * cells);
  std::string line = fmt::format("{} {:8} ", what_, stage);
  for (int i = 0; i < cells; ++i) line += i < full ? "━" : "╌";
  line += fmt::format(" {:3.0f} %", share * 100);
  if (line == last_) return;
  last_ = line;
  fmt::print(stderr, "\r{}", line);
  std::fflush(stderr);
}

ProgressBar::~ProgressBar() {
  if (last_.empty()) return;
  fmt::print(stderr, "\r\x1b[K");
  std::fflush(stderr);
}
