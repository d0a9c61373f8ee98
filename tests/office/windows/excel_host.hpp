// A small Excel: this program exports MdCallBack12, as Excel does, and keeps account of what an add-in does with it.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "excel/xloper.hpp"
#include "text.hpp"

struct RegisteredFunction {
  std::wstring procedure, types, name, arguments;
};

class ExcelHost {
 public:
  static ExcelHost& get();
  void forget();   // a new Excel

  std::vector<RegisteredFunction> functions;
  std::map<int, std::wstring> events;               // by XlEvent
  std::wstring add_in_path;
  int strings_given = 0;                            // to the add-in, not freed yet
  int calls_from_wrong_threads = 0, unknown_calls = 0, answers_twice = 0;
  bool user_aborts = false;                         // what xlAbort says
  bool rtd_works = true;

  // Answers of asynchronous cells by handle.
  bool wait_for_answers(size_t count, double seconds);
  std::map<intptr_t, std::wstring> answers;

  int call(int function, int count, XlValue** arguments, XlValue* result);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  DWORD main_thread_ = GetCurrentThreadId();
};

// A text cell value that owns its text.
class CellText {
 public:
  explicit CellText(const std::wstring& text) : units_(1, wchar_t(text.size())) { units_ += text; }
  XlValue value() {
    XlValue out{};
    out.text = units_.data();
    out.type = kXlText;
    return out;
  }
  void scribble() { units_.assign(units_.size(), L'#'); }

 private:
  std::wstring units_;
};

std::wstring shown(const XlValue& value);   // the text, or "#15" for an error
