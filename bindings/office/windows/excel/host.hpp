// Calls to the Excel that loaded this DLL.
#pragma once

#include <string>

#include "excel/xloper.hpp"
#include "text.hpp"

namespace excel {

void set_entry(XlEntry entry);
// Excel's answer, 0 = done; 32 (failed) if no Excel is there.
int call_with(int function, XlValue* result, XlValue** arguments, int count);

template <class... Values>
int call(int function, XlValue* result, Values*... arguments) {
  XlValue* list[] = {arguments..., nullptr};
  return call_with(function, result, list, int(sizeof...(arguments)));
}

// A text argument that lives as long as this.
class Text {
 public:
  explicit Text(const std::wstring& text) : units_(1, wchar_t(text.size())) {
    units_ += text;
    value_.text = units_.data();
    value_.type = kXlText;
  }
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;
  XlValue* value() { return &value_; }

 private:
  std::wstring units_;
  XlValue value_{};
};

inline XlValue integer(int32_t value) {
  XlValue out{};
  out.integer = value;
  out.type = kXlInteger;
  return out;
}

}  // namespace excel
