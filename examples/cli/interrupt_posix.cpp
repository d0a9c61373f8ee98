#include "interrupt.hpp"

#include <signal.h>
#include <unistd.h>

#include "call.hpp"

namespace interrupt {
namespace {

volatile sig_atomic_t presses = 0;

void on_signal(int) {
  presses = presses + 1;
  if (presses < 2) return;
  constexpr char kColoursBack[] = "\x1b[0m\n";
  if (isatty(STDOUT_FILENO) && write(STDOUT_FILENO, kColoursBack, sizeof kColoursBack - 1) < 0) _exit(kExitInterrupted);
  _exit(kExitInterrupted);
}

}  // namespace

void install() {
  struct sigaction action {};
  action.sa_handler = on_signal;   // without SA_RESTART: a waiting read returns
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool asked() { return presses > 0; }
void clear() { presses = 0; }

}  // namespace interrupt
