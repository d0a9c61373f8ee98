// Keys of the terminal as bytes of UTF-8 and escape sequences: keyboard_posix.cpp and keyboard_windows.cpp.
#pragma once

#include <memory>
#include <string_view>

constexpr int kNoByte = -1;

// The terminal gives each key at once, echoes nothing and marks pasted text, until the end of the scope.
class RawKeyboard {
 public:
  RawKeyboard();
  ~RawKeyboard();
  RawKeyboard(const RawKeyboard&) = delete;
  RawKeyboard& operator=(const RawKeyboard&) = delete;

 private:
  struct Saved;
  std::unique_ptr<Saved> saved_;
};

// Waits for it; kNoByte at the end of input.
int read_byte();
// The next byte of an escape sequence, which the terminal sends in one go; kNoByte if none comes within 50 ms.
int read_byte_soon();
// To the terminal, at once.
void put_on_terminal(std::string_view text);
