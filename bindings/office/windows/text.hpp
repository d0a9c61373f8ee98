// UTF-16 as Windows hands it around, and as hadal.h takes it.
#pragma once

#if !defined(NOMINMAX)
#define NOMINMAX
#endif
#if !defined(WIN32_LEAN_AND_MEAN)
#define WIN32_LEAN_AND_MEAN
#endif
#include <windows.h>

#include <oleauto.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

static_assert(sizeof(wchar_t) == sizeof(uint16_t));

inline const uint16_t* units(const wchar_t* text) { return reinterpret_cast<const uint16_t*>(text); }
inline const uint16_t* units(const std::wstring& text) { return units(text.c_str()); }
inline uint16_t* units(wchar_t* text) { return reinterpret_cast<uint16_t*>(text); }

// From a caller: a pointer and a length, -1 = up to the zero unit; no pointer = "". VBA's StrPtr("") may be 0.
inline std::wstring text_of(const wchar_t* text, int32_t length) {
  if (text == nullptr || length == 0) return {};
  return length < 0 ? std::wstring(text) : std::wstring(text, size_t(length));
}
inline std::wstring text_of(BSTR text) { return text == nullptr ? std::wstring() : std::wstring(text, SysStringLen(text)); }

// Throws std::bad_alloc.
BSTR new_bstr(std::wstring_view text);

std::wstring from_utf8(std::string_view text);
std::string to_utf8(std::wstring_view text);

// An owned VARIANT.
class Variant {
 public:
  Variant() { VariantInit(&value_); }
  explicit Variant(std::wstring_view text) : Variant() {
    value_.bstrVal = new_bstr(text);
    value_.vt = VT_BSTR;
  }
  Variant(const Variant&) = delete;
  Variant& operator=(const Variant&) = delete;
  ~Variant() { VariantClear(&value_); }
  VARIANT* get() { return &value_; }
  VARIANT& operator*() { return value_; }
  VARIANT* operator->() { return &value_; }
  VARIANT release() {
    const VARIANT out = value_;
    VariantInit(&value_);
    return out;
  }

 private:
  VARIANT value_;
};
