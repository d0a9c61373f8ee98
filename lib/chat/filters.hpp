// The filters and tests a template may use, by name. An entry is a plain function; the tables live beside the
// functions they name.
#pragma once

#include <initializer_list>
#include <span>
#include <string_view>

#include "chat/value.hpp"

namespace hadal::jinja {

struct FilterEntry {
  std::string_view name;
  Value (*apply)(Interpreter&, const Value& input, const Arguments&);
};

struct TestEntry {
  std::string_view name;
  bool (*holds)(Interpreter&, const Value& input, const Arguments&);
};

const FilterEntry* find_filter(std::string_view name);
const TestEntry* find_test(std::string_view name);

std::span<const FilterEntry> text_filters();
std::span<const FilterEntry> sequence_filters();

// Arguments matched to parameter names, as Python matches them.
class Bound {
 public:
  // The first `required` of names must be given. Error(invalid_argument) names the callee otherwise, and for an
  // argument too many or unknown.
  Bound(std::string_view callee, const Arguments& arguments, std::initializer_list<std::string_view> names,
        size_t required = 0);

  // nullptr if not given.
  const Value* operator[](size_t i) const { return values_[i]; }
  bool flag(size_t i, bool fallback) const { return values_[i] ? truthy(*values_[i]) : fallback; }
  // Given and not None.
  const Value* some(size_t i) const { return values_[i] && !values_[i]->is_none() ? values_[i] : nullptr; }
  int64_t integer(size_t i, int64_t fallback) const;
  const std::string* text(size_t i) const;  // nullptr if not given or None; an error if no text

 private:
  static constexpr size_t kMost = 6;
  std::string_view callee_;
  const Value* values_[kMost] = {};
};

}  // namespace hadal::jinja
