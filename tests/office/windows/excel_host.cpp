#include "excel_host.hpp"

#include <chrono>
#include <cstdlib>

namespace {

constexpr int kOk = 0, kBadFunction = 2, kBadCount = 4, kNotThreadSafe = 128, kBadAsyncHandle = 256;

XlValue text_for_add_in(const std::wstring& text) {
  XlValue out{};
  out.text = static_cast<wchar_t*>(std::malloc((text.size() + 1) * sizeof(wchar_t)));
  out.text[0] = wchar_t(text.size());
  text.copy(out.text + 1, text.size());
  out.type = kXlText | kXlFreedByExcel;
  return out;
}

XlValue truth(bool value) {
  XlValue out{};
  out.boolean = value;
  out.type = kXlBoolean;
  return out;
}

}  // namespace

std::wstring shown(const XlValue& value) {
  switch (value.type & kXlTypeMask) {
    case kXlText: return std::wstring(value.text + 1, size_t(uint16_t(value.text[0])));
    case kXlError: return L"#" + std::to_wstring(value.error);
    case kXlArray: return L"array";
    default: return L"";
  }
}

ExcelHost& ExcelHost::get() {
  static ExcelHost host;
  return host;
}

void ExcelHost::forget() {
  functions.clear();
  events.clear();
  answers.clear();
  user_aborts = false;
}

bool ExcelHost::wait_for_answers(size_t count, double seconds) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::duration<double>(seconds), [&] { return answers.size() >= count; });
}

int ExcelHost::call(int function, int count, XlValue** arguments, XlValue* result) {
  const bool main = GetCurrentThreadId() == main_thread_;
  const bool allowed_anywhere = function == kXlAsyncReturn || function == kXlFree || function == kXlCoerce || function == kXlAbort;
  const std::lock_guard lock(mutex_);
  if (!main && !allowed_anywhere) return ++calls_from_wrong_threads, kNotThreadSafe;
  switch (function) {
    case kXlGetName:
      *result = text_for_add_in(add_in_path);
      ++strings_given;
      return kOk;
    case kXlFree:
      for (int i = 0; i < count; ++i)
        if ((arguments[i]->type & kXlFreedByExcel) != 0) {
          std::free(arguments[i]->text);
          arguments[i]->type = kXlNil;
          --strings_given;
        }
      return kOk;
    case kXlfRegister:
      if (count < 10) return kBadCount;
      functions.push_back({shown(*arguments[1]), shown(*arguments[2]), shown(*arguments[3]), shown(*arguments[4])});
      *result = truth(true);
      return kOk;
    case kXlfSetName:
      if (count != 1) return kBadCount;
      std::erase_if(functions, [&](const RegisteredFunction& f) { return f.name == shown(*arguments[0]); });
      *result = truth(true);
      return kOk;
    case kXlEventRegister:
      if (count != 2) return kBadCount;
      events[arguments[1]->integer] = shown(*arguments[0]);
      *result = truth(true);
      return kOk;
    case kXlAbort:
      *result = truth(user_aborts);
      return kOk;
    case kXlAsyncReturn: {
      if (count != 2 || (arguments[0]->type & kXlTypeMask) != kXlData) return kBadAsyncHandle;
      const auto handle = reinterpret_cast<intptr_t>(arguments[0]->data.handle);
      if (!answers.emplace(handle, shown(*arguments[1])).second) return ++answers_twice, kBadAsyncHandle;
      changed_.notify_all();
      *result = truth(true);
      return kOk;
    }
    case kXlfRtd:
      if (count < 3 || !rtd_works) return kBadFunction;
      *result = text_for_add_in(L"rtd " + shown(*arguments[0]) + L" " + shown(*arguments[2]));
      ++strings_given;
      return kOk;
    default: return ++unknown_calls, kBadFunction;
  }
}

extern "C" __declspec(dllexport) int __stdcall MdCallBack12(int function, int count, XlValue** arguments, XlValue* result) {
  return ExcelHost::get().call(function, count, arguments, result);
}
