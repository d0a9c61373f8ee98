#include "module.hpp"

#include "engine.hpp"
#include "excel/answers.hpp"
#include "flat_calls.hpp"

HMODULE this_module() noexcept {
  HMODULE module = nullptr;
  GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                     reinterpret_cast<LPCWSTR>(&this_module), &module);
  return module;
}

std::wstring module_path() {
  std::wstring path(MAX_PATH, L'\0');
  for (;;) {
    const DWORD length = GetModuleFileNameW(this_module(), path.data(), DWORD(path.size()));
    const bool whole = length < path.size();
    path.resize(length);
    if (whole) return path;
    path.resize(2 * path.size());
  }
}

// Nothing is started or waited for here. reserved tells a process that ends, whose other threads are gone already and
// may have left locks behind, from a DLL that is unloaded: then the engine has stopped, for it pins the DLL.
extern "C" BOOL WINAPI DllMain(HINSTANCE, DWORD reason, LPVOID reserved) {
  if (reason == DLL_PROCESS_DETACH && reserved == nullptr) {
    free_sessions();
    free_answers();
    Engine::free_process_instance();
  }
  return TRUE;
}
