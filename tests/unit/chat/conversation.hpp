// Conversations by hand, for tests that need no JSON parser.
#pragma once

#include <doctest/doctest.h>

#include <ctime>
#include <string>
#include <utility>
#include <vector>

#include "chat/chat.hpp"
#include "core/status.hpp"

namespace hadal::test {

inline Json said(std::string role, std::string content) {
  return Json(Json::Object{{"role", Json(std::move(role))}, {"content", Json(std::move(content))}});
}

inline Json call(std::string name, Json arguments) {
  Json function(Json::Object{{"name", Json(std::move(name))}, {"arguments", std::move(arguments)}});
  return Json(Json::Object{{"type", Json(std::string("function"))}, {"function", std::move(function)}});
}

inline Json calling(Json::Array calls) {
  return Json(Json::Object{
      {"role", Json(std::string("assistant"))}, {"content", Json()}, {"tool_calls", Json(std::move(calls))}});
}

inline Json variables(Json::Array messages, Json::Object more = {}) {
  Json::Object object{{"messages", Json(std::move(messages))}, {"bos_token", Json(std::string("<s>"))},
                      {"eos_token", Json(std::string("</s>"))}, {"add_generation_prompt", Json(true)}};
  for (auto& entry : more) object.push_back(std::move(entry));
  return Json(std::move(object));
}

// The error that rendering or parsing ends in, and the processor time that took.
struct Failure {
  Status status = Status::ok;
  std::string text;
  double seconds = 0;
};

inline Failure failure_of(std::string_view source, const Json& values = variables({})) {
  Failure failure;
  const std::clock_t begin = std::clock();
  try {
    ChatTemplate(source).render(values);
  } catch (const Error& error) {
    failure.status = error.status();
    failure.text = error.what();
  }
  failure.seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  return failure;
}

}  // namespace hadal::test
