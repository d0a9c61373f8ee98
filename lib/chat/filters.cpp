#include "chat/filters.hpp"

#include <algorithm>

namespace hadal::jinja {

const FilterEntry* find_filter(std::string_view name) {
  for (const auto& table : {text_filters(), sequence_filters()})
    for (const FilterEntry& entry : table)
      if (entry.name == name) return &entry;
  return nullptr;
}

Bound::Bound(std::string_view callee, const Arguments& arguments, std::initializer_list<std::string_view> names,
             size_t required)
    : callee_(callee) {
  if (arguments.positional.size() > names.size())
    type_error(message(callee, " takes at most ", names.size(), " arguments, found ", arguments.positional.size()));
  for (size_t i = 0; i < arguments.positional.size(); ++i) values_[i] = &arguments.positional[i];
  for (const auto& [name, value] : arguments.keywords) {
    const auto* found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) type_error(message(callee, " takes no argument ", quoted(name)));
    const auto index = static_cast<size_t>(found - names.begin());
    if (values_[index]) type_error(message(callee, " was given ", quoted(name), " twice"));
    values_[index] = &value;
  }
  for (size_t i = 0; i < required; ++i)
    if (!values_[i]) type_error(message(callee, " lacks its argument ", quoted(names.begin()[i])));
}

int64_t Bound::integer(size_t i, int64_t fallback) const {
  if (!values_[i]) return fallback;
  int64_t value = 0;
  if (!values_[i]->to_integer(value))
    type_error(message(callee_, " expected an integer, found ", type_name(*values_[i])));
  return value;
}

const std::string* Bound::text(size_t i) const {
  const Value* value = some(i);
  if (!value) return nullptr;
  if (!value->as_text()) type_error(message(callee_, " expected a text, found ", type_name(*value)));
  return &value->as_text()->bytes;
}

}  // namespace hadal::jinja
