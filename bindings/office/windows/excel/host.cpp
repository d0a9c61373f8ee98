#include "excel/host.hpp"

#include <atomic>

namespace excel {
namespace {

std::atomic<XlEntry> known_entry = nullptr;

XlEntry find(HMODULE module, const char* name) {
  const FARPROC found = module != nullptr ? GetProcAddress(module, name) : nullptr;
  return reinterpret_cast<XlEntry>(reinterpret_cast<void*>(found));
}

// Excel itself exports the entry; a host that computes for Excel elsewhere has set it.
XlEntry entry() {
  if (const XlEntry known = known_entry) return known;
  const XlEntry found = find(GetModuleHandleW(nullptr), "MdCallBack12");
  known_entry = found;
  return found;
}

}  // namespace

void set_entry(XlEntry entry) { known_entry = entry; }

int call_with(int function, XlValue* result, XlValue** arguments, int count) {
  constexpr int kFailed = 32;
  const XlEntry excel = entry();
  return excel != nullptr ? excel(function, count, arguments, result) : kFailed;
}

}  // namespace excel
