#include "keyboard.hpp"

#define NOMINMAX
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include <deque>

namespace {

// The console gives UTF-16, here as the UTF-8 bytes not yet taken.
std::deque<unsigned char> waiting;
wchar_t high_surrogate = 0;

HANDLE input() { return GetStdHandle(STD_INPUT_HANDLE); }

void keep(wchar_t unit) {
  wchar_t units[2] = {unit, 0};
  int count = 1;
  if (IS_HIGH_SURROGATE(unit)) {
    high_surrogate = unit;
    return;
  }
  if (IS_LOW_SURROGATE(unit) && high_surrogate != 0) {
    units[0] = high_surrogate;
    units[1] = unit;
    count = 2;
  }
  high_surrogate = 0;
  char bytes[8];
  const int size = WideCharToMultiByte(CP_UTF8, 0, units, count, bytes, sizeof bytes, nullptr, nullptr);
  waiting.insert(waiting.end(), bytes, bytes + size);
}

}  // namespace

struct RawKeyboard::Saved {
  DWORD mode = 0;
};

RawKeyboard::RawKeyboard() : saved_(std::make_unique<Saved>()) {
  GetConsoleMode(input(), &saved_->mode);
  SetConsoleMode(input(), ENABLE_VIRTUAL_TERMINAL_INPUT);
  put_on_terminal("\x1b[?2004h");
}

RawKeyboard::~RawKeyboard() {
  put_on_terminal("\x1b[?2004l");
  SetConsoleMode(input(), saved_->mode);
}

int read_byte() {
  while (waiting.empty()) {
    wchar_t unit = 0;
    DWORD got = 0;
    if (!ReadConsoleW(input(), &unit, 1, &got, nullptr) || got == 0) return kNoByte;
    keep(unit);
  }
  const int byte = waiting.front();
  waiting.pop_front();
  return byte;
}

int read_byte_soon() {
  if (waiting.empty() && WaitForSingleObject(input(), 50) != WAIT_OBJECT_0) return kNoByte;
  return read_byte();
}

void put_on_terminal(std::string_view text) {
  const HANDLE out = GetStdHandle(STD_OUTPUT_HANDLE);
  while (!text.empty()) {
    DWORD written = 0;
    if (!WriteFile(out, text.data(), static_cast<DWORD>(text.size()), &written, nullptr) || written == 0) return;
    text.remove_prefix(written);
  }
}
