// Runs something that must fail with a given status, and gives its sentence.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "core/status.hpp"

namespace hadal::test {

template <class Body>
std::string sentence_of(Status expected, Body&& body) {
  try {
    body();
  } catch (const Error& error) {
    CHECK_MESSAGE(int(error.status()) == int(expected), error.what());
    return error.what();
  }
  FAIL("expected an Error");
  return {};
}

inline bool mentions(const std::string& sentence, const std::string& word) {
  return sentence.find(word) != std::string::npos;
}

}  // namespace hadal::test
