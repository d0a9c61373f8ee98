// Calling hadal.h from C++: handles that release themselves, and failed calls as one exception.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "hadal/hadal.h"

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;
constexpr int kExitInterrupted = 130;

// Ends the command: one sentence for standard error and the exit code.
struct Failure : std::runtime_error {
  Failure(const std::string& sentence, int code = kExitFailed) : std::runtime_error(sentence), exit_code(code) {}
  int exit_code;
};

// Passes a status on, or throws what the library says about it.
inline hadal_status check(hadal_status status) {
  if (status >= 0) return status;
  throw Failure(hadal_last_error(), status == HADAL_CANCELLED ? kExitInterrupted : kExitFailed);
}

struct Release {
  void operator()(hadal_runtime* runtime) const { hadal_runtime_release(runtime); }
  void operator()(hadal_model* model) const { hadal_model_release(model); }
  void operator()(hadal_session* session) const { hadal_session_release(session); }
  void operator()(hadal_knowledge* knowledge) const { hadal_knowledge_release(knowledge); }
};
using Runtime = std::unique_ptr<hadal_runtime, Release>;
using Model = std::unique_ptr<hadal_model, Release>;
using Session = std::unique_ptr<hadal_session, Release>;
using Knowledge = std::unique_ptr<hadal_knowledge, Release>;

// Runs call(buffer, capacity, &size) twice: for the size, then for the text.
template <class Call>
std::string text_out(Call&& call) {
  size_t size = 0;
  check(call(nullptr, size_t{0}, &size));
  std::string text(size + 1, '\0');
  check(call(text.data(), text.size(), &size));
  text.resize(size);
  return text;
}

// The same for calls that give numbers.
template <class Number, class Call>
std::vector<Number> numbers_out(Call&& call) {
  size_t size = 0;
  check(call(nullptr, size_t{0}, &size));
  std::vector<Number> numbers(size);
  if (size != 0) check(call(numbers.data(), numbers.size(), &size));
  numbers.resize(size);
  return numbers;
}

inline std::string describe(const char* topic) {
  return text_out([&](char* buffer, size_t capacity, size_t* size) {
    return hadal_describe(topic, buffer, capacity, size);
  });
}

inline std::string model_get(hadal_model* model, const char* key) {
  return text_out([&](char* buffer, size_t capacity, size_t* size) {
    return hadal_model_get(model, key, buffer, capacity, size);
  });
}

// A fact that a model need not have: "" instead of a failure.
inline std::string model_get_or_empty(hadal_model* model, const char* key) {
  size_t size = 0;
  return hadal_model_get(model, key, nullptr, 0, &size) < 0 ? std::string() : model_get(model, key);
}

inline std::string session_get(hadal_session* session, const char* key) {
  return text_out([&](char* buffer, size_t capacity, size_t* size) {
    return hadal_session_get(session, key, buffer, capacity, size);
  });
}

inline std::vector<int32_t> tokenize(hadal_model* model, const std::string& text, uint32_t flags) {
  return numbers_out<int32_t>([&](int32_t* ids, size_t capacity, size_t* size) {
    return hadal_model_tokenize(model, text.data(), static_cast<int64_t>(text.size()), flags, ids, capacity, size);
  });
}

inline std::string detokenize(hadal_model* model, const std::vector<int32_t>& ids, uint32_t flags) {
  return text_out([&](char* buffer, size_t capacity, size_t* size) {
    return hadal_model_detokenize(model, ids.data(), ids.size(), flags, buffer, capacity, size);
  });
}
