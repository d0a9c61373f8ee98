// Text for Windows calls, which take UTF-16. Include this where <windows.h> would be.
#pragma once

#if !defined(NOMINMAX)
#define NOMINMAX
#endif
#if !defined(WIN32_LEAN_AND_MEAN)
#define WIN32_LEAN_AND_MEAN
#endif
#include <windows.h>

#include <limits>
#include <string>

#include "core/message.hpp"
#include "core/status.hpp"

namespace hadal {

// Throws Error(invalid_argument) for what is no UTF-8.
inline std::wstring wide(const std::string& text) {
  if (text.empty()) return {};
  if (text.size() > size_t(std::numeric_limits<int>::max()))
    throw Error(Status::invalid_argument, "a name of more than 2 GB");
  const int length = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text.data(), int(text.size()), nullptr, 0);
  if (length <= 0) throw Error(Status::invalid_argument, message(quoted(text), ": expected UTF-8"));
  std::wstring out(size_t(length), L'\0');
  MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text.data(), int(text.size()), out.data(), length);
  return out;
}

// Lone surrogates become U+FFFD.
inline std::string narrow(const std::wstring& text) {
  if (text.empty()) return {};
  const int length = WideCharToMultiByte(CP_UTF8, 0, text.data(), int(text.size()), nullptr, 0, nullptr, nullptr);
  std::string out(size_t(length > 0 ? length : 0), '\0');
  WideCharToMultiByte(CP_UTF8, 0, text.data(), int(text.size()), out.data(), length, nullptr, nullptr);
  return out;
}

// A path as Windows opens it, longer than 260 characters or not: the \\?\ form is taken as it stands, so it is made
// absolute, with backslashes, first.
inline std::wstring wide_path(const std::string& path) {
  constexpr size_t kShort = 240;
  const std::wstring plain = wide(path);
  const DWORD needed = GetFullPathNameW(plain.c_str(), 0, nullptr, nullptr);
  if (needed == 0 || needed < kShort || plain.starts_with(L"\\\\?\\")) return plain;
  std::wstring full(needed, L'\0');
  full.resize(GetFullPathNameW(plain.c_str(), needed, full.data(), nullptr));
  if (full.starts_with(L"\\\\")) return L"\\\\?\\UNC" + full.substr(1);
  return L"\\\\?\\" + full;
}

}  // namespace hadal
