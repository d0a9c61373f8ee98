// A JSON value that keeps the order of its keys, as config.json, tokenizer.json, chat messages and manifests need
// it. Parsing is strict (RFC 8259) and bounded; it needs the HADAL_JSON option, everything else here does not.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace hadal {

class Json {
 public:
  using Array = std::vector<Json>;
  using Object = std::vector<std::pair<std::string, Json>>;  // in file order; keys are unique

  // Out of line: g++ 12 inlined warns about variant members it believes uninitialised.
  Json() noexcept;  // null
  Json(const Json&);
  Json(Json&&) noexcept;
  Json& operator=(const Json&);
  Json& operator=(Json&&) noexcept;
  ~Json();
  Json(bool value) : value_(value) {}
  Json(int64_t value) : value_(value) {}
  Json(double value) : value_(value) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(Array value) : value_(std::move(value)) {}
  Json(Object value) : value_(std::move(value)) {}

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  // nullptr if the value is of another kind.
  const bool* as_bool() const { return std::get_if<bool>(&value_); }
  const int64_t* as_integer() const { return std::get_if<int64_t>(&value_); }
  const double* as_double() const { return std::get_if<double>(&value_); }
  const std::string* as_string() const { return std::get_if<std::string>(&value_); }
  const Array* as_array() const { return std::get_if<Array>(&value_); }
  const Object* as_object() const { return std::get_if<Object>(&value_); }
  // The member with that key, or nullptr if there is none or this is not an object.
  const Json* find(std::string_view key) const;

 private:
  std::variant<std::monostate, bool, int64_t, double, std::string, Array, Object> value_;
};

// `what` names the text in errors ("config.json"). Throws Error(corrupt) with the byte offset for malformed text,
// duplicate keys, invalid UTF-8, nesting over 128; Error(unsupported) in a build without HADAL_JSON. Integers that
// do not fit int64 become doubles.
Json parse_json(std::string_view text, std::string_view what);

}  // namespace hadal
