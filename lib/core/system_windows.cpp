#include "core/system.hpp"

#include <algorithm>
#include <bit>
#include <thread>

#include "core/wide_text_windows.hpp"

namespace hadal {

int usable_processors() {
  DWORD_PTR process = 0, machine = 0;
  if (GetProcessAffinityMask(GetCurrentProcess(), &process, &machine) && process != 0)
    return std::max(1, std::popcount(process));
  return std::max(1, int(std::thread::hardware_concurrency()));
}

uint64_t available_memory() {
  MEMORYSTATUSEX status = {};
  status.dwLength = sizeof status;
  if (!GlobalMemoryStatusEx(&status)) return 0;
  return std::min(status.ullAvailPhys, status.ullAvailVirtual);   // 32 bit: the process ends before the machine does
}

// Large pages need a privilege that users do not have.
void prefer_large_pages(void*, size_t) noexcept {}

void start_without_signals(FunctionRef<void()> start) { start(); }

// SetThreadDescription came with Windows 10 and is not in every import library.
void name_this_thread(const std::string& name) {
  using Describe = HRESULT(WINAPI*)(HANDLE, PCWSTR);
  const HMODULE kernel = GetModuleHandleW(L"kernel32.dll");
  const FARPROC found = kernel ? GetProcAddress(kernel, "SetThreadDescription") : nullptr;
  if (found) reinterpret_cast<Describe>(reinterpret_cast<void*>(found))(GetCurrentThread(), wide(name).c_str());
}

std::string environment(const char* name) {
  const std::wstring key = wide(name);
  std::wstring value(256, L'\0');
  for (;;) {
    const DWORD length = GetEnvironmentVariableW(key.c_str(), value.data(), DWORD(value.size()));
    const bool whole = length < value.size();
    value.resize(length);
    if (whole) return narrow(value);
  }
}

std::FILE* create_file(const std::string& path) { return _wfopen(wide_path(path).c_str(), L"wb"); }

bool replace_file(const std::string& from, const std::string& to) {
  return MoveFileExW(wide_path(from).c_str(), wide_path(to).c_str(), MOVEFILE_REPLACE_EXISTING) != 0;
}

void remove_file(const std::string& path) noexcept {
  try {
    DeleteFileW(wide_path(path).c_str());
  } catch (...) {   // a path that could not be opened either
  }
}

}  // namespace hadal
