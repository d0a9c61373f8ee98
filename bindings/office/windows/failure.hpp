// What goes wrong inside the binding: a status of hadal.h and a sentence for people.
#pragma once

#include <string>

#include "hadal/hadal.h"
#include "text.hpp"

struct Failure {
  hadal_status status = HADAL_OK;
  std::wstring sentence;
  explicit operator bool() const { return status < 0; }
};

// Passes a status on, or throws what the library says about it on this thread.
inline hadal_status check(hadal_status status) {
  if (status < 0) throw Failure{status, reinterpret_cast<const wchar_t*>(hadal_last_error16())};
  return status;
}

// A text whose size only the call knows.
template <class Call>
std::wstring text_out(Call&& call) {
  size_t size = 0;
  check(call(nullptr, size_t{0}, &size));
  std::wstring text(size + 1, L'\0');
  check(call(units(text.data()), text.size(), &size));
  text.resize(size);
  return text;
}

// The failure being handled right now: to be called inside catch (...).
inline Failure current_failure() noexcept {
  try {
    try {
      throw;
    } catch (const Failure& failure) {
      return failure;
    } catch (const std::bad_alloc&) {
      return {HADAL_OUT_OF_MEMORY, L"out of memory"};
    } catch (const std::exception& problem) {
      return {HADAL_INTERNAL, from_utf8(problem.what())};
    } catch (...) {
      return {HADAL_INTERNAL, L"unknown failure"};
    }
  } catch (...) {   // no memory for the sentence
    return {HADAL_OUT_OF_MEMORY, {}};
  }
}
