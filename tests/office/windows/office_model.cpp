#include "office_model.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>

namespace {

std::wstring variable(const wchar_t* name) {
  const wchar_t* value = _wgetenv(name);
  return value != nullptr ? value : L"";
}

}  // namespace

HMODULE load_office_dll(const wchar_t* extension) {
  std::wstring path(4096, L'\0');
  path.resize(GetModuleFileNameW(nullptr, path.data(), DWORD(path.size())));
  path.resize(path.find_last_of(L'\\') + 1);
  return LoadLibraryW((path + (sizeof(void*) == 8 ? L"hadal64." : L"hadal32.") + extension).c_str());
}

std::wstring prepare_model() {
  SetEnvironmentVariableW(L"APPDATA", L"Z:\\nowhere");
  std::wstring path = variable(L"HADAL_TEST_MODEL");
  if (path.empty()) {
    const std::wstring cache = variable(L"XDG_CACHE_HOME");
    path = (cache.empty() ? variable(L"HOME") + L"/.cache" : cache) + L"/hadal/SmolLM2-135M-Instruct.Q4_1.gguf";
  }
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return L"";
  path = std::filesystem::absolute(path, ignored).wstring();
  SetEnvironmentVariableW(L"HADAL_MODEL", path.c_str());
  return path;
}

bool has_model() {
  static const bool found = !prepare_model().empty();
  if (!found) MESSAGE("skipped: the default model is not in the cache");
  return found;
}

double seconds_now() {
  LARGE_INTEGER now, frequency;
  QueryPerformanceCounter(&now);
  QueryPerformanceFrequency(&frequency);
  return double(now.QuadPart) / double(frequency.QuadPart);
}
