// The values a template computes with: Python's, as far as templates can tell. Values are immutable and shared; only
// namespaces and generators change, and those belong to one rendering.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "chat/budget.hpp"

namespace hadal {
class Json;
}

namespace hadal::jinja {

class Interpreter;
class Value;
struct Arguments;
struct MacroNode;
struct Scope;

using Items = std::vector<Value>;

struct None {};

// A name, attribute or item that is not there. Prints as nothing; using it says `reason`.
struct Undefined {
  std::string reason;
};

struct Text {
  std::string bytes;
  size_t length;        // code points
  bool markup = false;  // came from |safe or |escape: + escapes what is added to it
};

enum class SequenceKind : uint8_t { list, tuple, range, dict_keys, dict_values, dict_items };

struct Sequence {
  SequenceKind kind;
  Items items;
  int depth;  // of nesting, so that walking a value needs no unbounded stack
};

struct Dict {
  std::vector<std::pair<Value, Value>> entries;  // in insertion order
  int depth;
  const Value* find(const Value& key, Budget& budget) const;
  const Value* find(std::string_view key) const;
};

// What filters such as map and select give: it can be walked once and has no length.
struct Generator {
  Items items;
  size_t next = 0;
};

struct Namespace {
  std::vector<std::pair<std::string, Value>> attributes;
};

// The variable `loop` of a for block.
struct Loop {
  Items items;
  int64_t index0 = 0;
  int depth = 1;                  // of nesting, as in Sequence
  bool asked_changed = false;     // loop.changed() was called; its arguments are in last_changed
  Items last_changed;
};

struct Callable;

class Value {
 public:
  Value() : data_(None{}) {}
  Value(None) : data_(None{}) {}
  Value(bool value) : data_(value) {}
  Value(int64_t value) : data_(value) {}
  Value(double value) : data_(value) {}
  template <class T>
  Value(std::shared_ptr<T> object)
      : data_(std::shared_ptr<std::conditional_t<mutable_kind<T>, T, const T>>(std::move(object))) {}
  // Numbers of other types would pick a constructor by surprise.
  Value(int) = delete;
  Value(const char*) = delete;

  static Value text(std::string bytes, bool markup = false);
  static Value undefined(std::string reason);
  static Value sequence(SequenceKind kind, Items items);
  static Value list(Items items) { return sequence(SequenceKind::list, std::move(items)); }
  static Value tuple(Items items) { return sequence(SequenceKind::tuple, std::move(items)); }
  // Entries with unique keys.
  static Value dict(std::vector<std::pair<Value, Value>> entries);
  static Value generator(Items items);

  bool is_none() const { return std::holds_alternative<None>(data_); }
  const bool* as_bool() const { return std::get_if<bool>(&data_); }
  const int64_t* as_integer() const { return std::get_if<int64_t>(&data_); }
  const double* as_real() const { return std::get_if<double>(&data_); }
  const Undefined* as_undefined() const { return object<const Undefined>(); }
  const Text* as_text() const { return object<const Text>(); }
  const Sequence* as_sequence() const { return object<const Sequence>(); }
  const Dict* as_dict() const { return object<const Dict>(); }
  const Callable* as_callable() const { return object<const Callable>(); }
  Generator* as_generator() const { return object<Generator>(); }
  Namespace* as_namespace() const { return object<Namespace>(); }
  Loop* as_loop() const { return object<Loop>(); }

  const Sequence* as_sequence(SequenceKind kind) const {
    const Sequence* s = as_sequence();
    return s && s->kind == kind ? s : nullptr;
  }
  // True, False and integers, as Python's int; `out` is set only then.
  bool to_integer(int64_t& out) const;
  bool is_number() const { return as_bool() || as_integer() || as_real(); }
  bool same_object(const Value& other) const;
  int depth() const;

 private:
  template <class T>
  static constexpr bool mutable_kind =
      std::is_same_v<T, Generator> || std::is_same_v<T, Namespace> || std::is_same_v<T, Loop>;
  template <class T>
  T* object() const {
    const auto* pointer = std::get_if<std::shared_ptr<T>>(&data_);
    return pointer ? pointer->get() : nullptr;
  }

  std::variant<None, bool, int64_t, double, std::shared_ptr<const Undefined>, std::shared_ptr<const Text>,
               std::shared_ptr<const Sequence>, std::shared_ptr<const Dict>, std::shared_ptr<Generator>,
               std::shared_ptr<Namespace>, std::shared_ptr<Loop>, std::shared_ptr<const Callable>>
      data_;
};

struct Arguments {
  Items positional;
  std::vector<std::pair<std::string, Value>> keywords;
};

// A macro, a function such as range, or a method bound to its object.
struct Callable {
  using Function = Value (*)(Interpreter&, const Value& self, const Arguments&);
  std::string name;
  Value self;
  Function function = nullptr;       // null for a macro
  const MacroNode* macro = nullptr;
  Scope* scope = nullptr;            // where the macro was defined; kept alive by the interpreter
};

// Python's name of the value's type: "str", "NoneType", "dict".
std::string_view type_name(const Value& value);

bool truthy(const Value& value);
// Python's ==. Values of different types differ, except that numbers compare by size.
bool equal(const Value& a, const Value& b, Budget& budget);
// Python's < for numbers, texts and sequences; Error(invalid_argument) for the rest.
bool less(const Value& a, const Value& b, Budget& budget);
// A key may be looked up in a dict: texts, numbers, None, and tuples of such.
bool hashable(const Value& value);

// entries[key] = value; Error(invalid_argument) for a key that cannot be one.
void set_entry(std::vector<std::pair<Value, Value>>& entries, Value key, Value value, Budget& budget);

// The items a for loop walks; a generator is used up. Error(invalid_argument) if the value cannot be walked.
Items to_items(const Value& value, Budget& budget);
bool is_iterable(const Value& value);

// Python's str() and repr().
std::string to_text(const Value& value, Budget& budget);
std::string to_repr(const Value& value, Budget& budget);

Value from_json(const Json& json, Budget& budget);

[[noreturn]] void type_error(std::string text);

}  // namespace hadal::jinja
