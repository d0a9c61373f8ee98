#include "chat/value.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "chat/utf8.hpp"
#include "formats/json.hpp"

namespace hadal::jinja {
namespace {

constexpr int kDeepest = 200;  // nesting of lists and dicts; JSON from outside has at most 128

int depth_over(int deepest_item) {
  if (deepest_item >= kDeepest)
    throw Error(Status::unsupported, message("the template nests values deeper than ", kDeepest));
  return deepest_item + 1;
}

// -1, 0, 1 for numbers; 2 when NaN is involved. Integers beyond 2^53 are compared without rounding them.
int compare_numbers(const Value& a, const Value& b) {
  int64_t x = 0, y = 0;
  const bool x_whole = a.to_integer(x), y_whole = b.to_integer(y);
  if (x_whole && y_whole) return x < y ? -1 : x > y;
  const auto against = [](int64_t whole, double real) {
    if (std::isnan(real)) return 2;
    if (real >= 9223372036854775808.0) return -1;
    if (real < -9223372036854775808.0) return 1;
    const double floor = std::floor(real);
    const auto rounded = static_cast<int64_t>(floor);
    if (whole != rounded) return whole < rounded ? -1 : 1;
    return real > floor ? -1 : 0;
  };
  if (x_whole) return against(x, *b.as_real());
  if (y_whole) {
    const int reversed = against(y, *a.as_real());
    return reversed == 2 ? 2 : -reversed;
  }
  const double p = *a.as_real(), q = *b.as_real();
  if (std::isnan(p) || std::isnan(q)) return 2;
  return p < q ? -1 : p > q;
}

bool same_class(SequenceKind a, SequenceKind b) { return a == b; }

bool equal_dicts(const Dict& a, const Dict& b, Budget& budget) {
  if (a.entries.size() != b.entries.size()) return false;
  for (const auto& [key, value] : a.entries) {
    const Value* other = b.find(key, budget);
    if (!other || !equal(value, *other, budget)) return false;
  }
  return true;
}

}  // namespace

void type_error(std::string text) { throw Error(Status::invalid_argument, std::move(text)); }

Value Value::text(std::string bytes, bool markup) {
  const size_t length = count_code_points(bytes);
  return Value(std::make_shared<const Text>(Text{std::move(bytes), length, markup}));
}

Value Value::undefined(std::string reason) {
  return Value(std::make_shared<const Undefined>(Undefined{std::move(reason)}));
}

Value Value::sequence(SequenceKind kind, Items items) {
  int deepest = 0;
  for (const Value& item : items) deepest = std::max(deepest, item.depth());
  const int depth = depth_over(deepest);
  return Value(std::make_shared<const Sequence>(Sequence{kind, std::move(items), depth}));
}

Value Value::dict(std::vector<std::pair<Value, Value>> entries) {
  int deepest = 0;
  for (const auto& [key, value] : entries) deepest = std::max({deepest, key.depth(), value.depth()});
  const int depth = depth_over(deepest);
  return Value(std::make_shared<const Dict>(Dict{std::move(entries), depth}));
}

Value Value::generator(Items items) {
  // Built as a list first: its depth check holds for generators too.
  int deepest = 0;
  for (const Value& item : items) deepest = std::max(deepest, item.depth());
  depth_over(deepest);
  return Value(std::make_shared<Generator>(Generator{std::move(items), 0}));
}

bool Value::to_integer(int64_t& out) const {
  if (const int64_t* integer = as_integer()) {
    out = *integer;
    return true;
  }
  if (const bool* boolean = as_bool()) {
    out = *boolean;
    return true;
  }
  return false;
}

bool Value::same_object(const Value& other) const {
  if (data_.index() != other.data_.index()) return false;
  if (is_none()) return true;
  if (const bool* boolean = as_bool()) return *boolean == *other.as_bool();
  if (const int64_t* integer = as_integer()) return *integer == *other.as_integer();
  if (as_real()) return false;
  if (const Text* text = as_text()) return text == other.as_text();
  if (const Sequence* sequence = as_sequence()) return sequence == other.as_sequence();
  if (const Dict* dict = as_dict()) return dict == other.as_dict();
  if (Generator* generator = as_generator()) return generator == other.as_generator();
  if (Namespace* space = as_namespace()) return space == other.as_namespace();
  if (const Callable* callable = as_callable()) return callable == other.as_callable();
  return as_loop() == other.as_loop() && as_undefined() == other.as_undefined();
}

// A namespace counts as flat: nothing walks into it, and the rendering empties all of them at its end.
int Value::depth() const {
  if (const Sequence* sequence = as_sequence()) return sequence->depth;
  if (const Dict* dict = as_dict()) return dict->depth;
  if (const Generator* generator = as_generator()) {
    int deepest = 0;
    for (const Value& item : generator->items) deepest = std::max(deepest, item.depth());
    return deepest + 1;
  }
  if (const Callable* callable = as_callable()) return callable->self.depth() + 1;
  if (const Loop* loop = as_loop()) return loop->depth;
  return 0;
}

const Value* Dict::find(const Value& key, Budget& budget) const {
  budget.step(1 + entries.size() / 16);
  for (const auto& [name, value] : entries)
    if (equal(name, key, budget)) return &value;
  return nullptr;
}

const Value* Dict::find(std::string_view key) const {
  for (const auto& [name, value] : entries)
    if (const Text* text = name.as_text(); text && text->bytes == key) return &value;
  return nullptr;
}

std::string_view type_name(const Value& value) {
  if (value.is_none()) return "NoneType";
  if (value.as_bool()) return "bool";
  if (value.as_integer()) return "int";
  if (value.as_real()) return "float";
  if (const Text* text = value.as_text()) return text->markup ? "Markup" : "str";
  if (value.as_dict()) return "dict";
  if (value.as_undefined()) return "Undefined";
  if (value.as_generator()) return "generator";
  if (value.as_namespace()) return "Namespace";
  if (value.as_loop()) return "LoopContext";
  if (const Callable* callable = value.as_callable()) return callable->macro ? "Macro" : "function";
  switch (value.as_sequence()->kind) {
    case SequenceKind::list: return "list";
    case SequenceKind::tuple: return "tuple";
    case SequenceKind::range: return "range";
    case SequenceKind::dict_keys: return "dict_keys";
    case SequenceKind::dict_values: return "dict_values";
    case SequenceKind::dict_items: return "dict_items";
  }
  return "object";
}

bool truthy(const Value& value) {
  if (const bool* boolean = value.as_bool()) return *boolean;
  if (const int64_t* integer = value.as_integer()) return *integer != 0;
  if (const double* real = value.as_real()) return *real != 0;
  if (const Text* text = value.as_text()) return !text->bytes.empty();
  if (const Sequence* sequence = value.as_sequence()) return !sequence->items.empty();
  if (const Dict* dict = value.as_dict()) return !dict->entries.empty();
  if (const Loop* loop = value.as_loop()) return !loop->items.empty();
  return !value.is_none() && !value.as_undefined();
}

bool equal(const Value& a, const Value& b, Budget& budget) {
  budget.step();
  if (a.is_number() && b.is_number()) return compare_numbers(a, b) == 0;
  if (const Text* text = a.as_text()) {
    const Text* other = b.as_text();
    if (!other || text->bytes.size() != other->bytes.size()) return false;
    budget.step(text->bytes.size() / 256);
    return text->bytes == other->bytes;
  }
  if (const Sequence* sequence = a.as_sequence()) {
    const Sequence* other = b.as_sequence();
    if (!other || !same_class(sequence->kind, other->kind) || sequence->items.size() != other->items.size())
      return false;
    for (size_t i = 0; i < sequence->items.size(); ++i)
      if (!equal(sequence->items[i], other->items[i], budget)) return false;
    return true;
  }
  if (const Dict* dict = a.as_dict()) return b.as_dict() && equal_dicts(*dict, *b.as_dict(), budget);
  if (a.as_undefined()) return b.as_undefined() != nullptr;
  return a.same_object(b);
}

bool less(const Value& a, const Value& b, Budget& budget) {
  budget.step();
  if (a.is_number() && b.is_number()) return compare_numbers(a, b) == -1;
  // UTF-8 sorts as its code points do.
  if (a.as_text() && b.as_text()) {
    budget.step(std::min(a.as_text()->bytes.size(), b.as_text()->bytes.size()) / 256);
    return a.as_text()->bytes < b.as_text()->bytes;
  }
  const Sequence* x = a.as_sequence();
  const Sequence* y = b.as_sequence();
  if (x && y && x->kind == y->kind && (x->kind == SequenceKind::list || x->kind == SequenceKind::tuple)) {
    for (size_t i = 0; i < x->items.size() && i < y->items.size(); ++i)
      if (!equal(x->items[i], y->items[i], budget)) return less(x->items[i], y->items[i], budget);
    return x->items.size() < y->items.size();
  }
  if (const Undefined* undefined = a.as_undefined()) type_error(undefined->reason);
  if (const Undefined* undefined = b.as_undefined()) type_error(undefined->reason);
  type_error(message("cannot order ", type_name(a), " and ", type_name(b)));
}

bool hashable(const Value& value) {
  if (const Sequence* tuple = value.as_sequence()) {
    if (tuple->kind != SequenceKind::tuple) return tuple->kind == SequenceKind::range;
    for (const Value& item : tuple->items)
      if (!hashable(item)) return false;
    return true;
  }
  return !value.as_dict();
}

void set_entry(std::vector<std::pair<Value, Value>>& entries, Value key, Value value, Budget& budget) {
  if (!hashable(key)) type_error(message("a value of type ", type_name(key), " cannot be a key"));
  budget.step(1 + entries.size() / 16);
  for (auto& [known, old] : entries) {
    if (!equal(known, key, budget)) continue;
    old = std::move(value);
    return;
  }
  entries.emplace_back(std::move(key), std::move(value));
}

bool is_iterable(const Value& value) {
  return value.as_text() || value.as_sequence() || value.as_dict() || value.as_generator() || value.as_undefined() ||
         value.as_loop();
}

Items to_items(const Value& value, Budget& budget) {
  if (const Sequence* sequence = value.as_sequence()) {
    budget.items(sequence->items.size());
    return sequence->items;
  }
  Items items;
  if (const Text* text = value.as_text()) {
    budget.items(3 * text->length);
    items.reserve(text->length);
    for (size_t pos = 0; pos < text->bytes.size();) {
      const size_t end = next_character(text->bytes, pos);
      items.push_back(Value::text(text->bytes.substr(pos, end - pos)));
      pos = end;
    }
    return items;
  }
  if (const Dict* dict = value.as_dict()) {
    budget.items(dict->entries.size());
    for (const auto& [key, item] : dict->entries) items.push_back(key);
    return items;
  }
  if (Generator* generator = value.as_generator()) {
    budget.items(generator->items.size());
    items.assign(generator->items.begin() + static_cast<std::ptrdiff_t>(generator->next), generator->items.end());
    generator->next = generator->items.size();
    return items;
  }
  if (value.as_undefined()) return items;
  type_error(message("a value of type ", type_name(value), " cannot be iterated"));
}

Value from_json(const Json& json, Budget& budget) {
  budget.step();
  if (const bool* boolean = json.as_bool()) return *boolean;
  if (const int64_t* integer = json.as_integer()) return *integer;
  if (const double* real = json.as_double()) return *real;
  if (const std::string* text = json.as_string()) return Value::text(*text);
  if (const Json::Array* array = json.as_array()) {
    Items items;
    items.reserve(array->size());
    for (const Json& item : *array) items.push_back(from_json(item, budget));
    return Value::list(std::move(items));
  }
  if (const Json::Object* object = json.as_object()) {
    std::vector<std::pair<Value, Value>> entries;
    entries.reserve(object->size());
    for (const auto& [key, value] : *object) entries.emplace_back(Value::text(key), from_json(value, budget));
    return Value::dict(std::move(entries));
  }
  return None{};
}

}  // namespace hadal::jinja
