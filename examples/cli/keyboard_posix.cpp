#include "keyboard.hpp"

#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>

struct RawKeyboard::Saved {
  termios settings{};
};

RawKeyboard::RawKeyboard() : saved_(std::make_unique<Saved>()) {
  tcgetattr(STDIN_FILENO, &saved_->settings);
  termios raw = saved_->settings;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG | IEXTEN);
  raw.c_iflag &= ~static_cast<tcflag_t>(ICRNL | IXON);
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
  put_on_terminal("\x1b[?2004h");
}

RawKeyboard::~RawKeyboard() {
  put_on_terminal("\x1b[?2004l");
  tcsetattr(STDIN_FILENO, TCSADRAIN, &saved_->settings);
}

int read_byte() {
  unsigned char byte;
  ssize_t n;
  do n = read(STDIN_FILENO, &byte, 1);
  while (n < 0 && errno == EINTR);
  return n == 1 ? byte : kNoByte;
}

int read_byte_soon() {
  pollfd wanted{STDIN_FILENO, POLLIN, 0};
  return poll(&wanted, 1, 50) == 1 ? read_byte() : kNoByte;
}

void put_on_terminal(std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = write(STDOUT_FILENO, text.data(), text.size());
    if (n <= 0) return;
    text.remove_prefix(static_cast<size_t>(n));
  }
}
