#include "interrupt.hpp"

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include <atomic>

#include "call.hpp"

namespace interrupt {
namespace {

std::atomic<int> presses = 0;

// Runs on a thread of its own, made by the system.
BOOL WINAPI on_event(DWORD event) {
  if (event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT) return FALSE;
  if (++presses >= 2) ExitProcess(kExitInterrupted);
  return TRUE;
}

}  // namespace

void install() { SetConsoleCtrlHandler(on_event, TRUE); }
bool asked() { return presses > 0; }
void clear() { presses = 0; }

}  // namespace interrupt
