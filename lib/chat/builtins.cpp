#include "chat/builtins.hpp"

#include <algorithm>

#include "chat/clock_text.hpp"
#include "chat/filters.hpp"
#include "chat/interpreter.hpp"

namespace hadal::jinja {
namespace {

constexpr int64_t kLongestRange = 100'000;  // jinja2's sandbox has the same

struct Named {
  std::string_view name;
  Callable::Function function;
};

Value bound_method(std::string_view name, const Value& self, Callable::Function function) {
  Callable callable;
  callable.name = name;
  callable.self = self;
  callable.function = function;
  return Value(std::make_shared<const Callable>(std::move(callable)));
}

Value range(Interpreter& run, const Value&, const Arguments& arguments) {
  const Bound bound("range", arguments, {"start", "stop", "step"}, 1);
  const int64_t start = bound[1] ? bound.integer(0, 0) : 0;
  const int64_t stop = bound[1] ? bound.integer(1, 0) : bound.integer(0, 0);
  const int64_t step = bound.integer(2, 1);
  if (step == 0) type_error("range expected a step other than zero");
  Items items;
  for (int64_t i = start; step > 0 ? i < stop : i > stop;) {
    if (static_cast<int64_t>(items.size()) >= kLongestRange)
      throw Error(Status::unsupported, message("a range of more than ", kLongestRange, " numbers is not supported"));
    items.push_back(i);
    if (__builtin_add_overflow(i, step, &i)) break;
  }
  run.budget().items(items.size());
  return Value::sequence(SequenceKind::range, std::move(items));
}

Value dict(Interpreter& run, const Value&, const Arguments& arguments) {
  if (arguments.positional.size() > 1) type_error("dict takes at most one positional argument");
  std::vector<std::pair<Value, Value>> entries;
  for (const Value& source : arguments.positional) {
    if (const Dict* other = source.as_dict()) {
      run.budget().items(2 * other->entries.size());
      entries = other->entries;
      continue;
    }
    for (const Value& pair : to_items(source, run.budget())) {
      const Items two = to_items(pair, run.budget());
      if (two.size() != 2) type_error("dict expected pairs");
      set_entry(entries, two[0], two[1], run.budget());
    }
  }
  for (const auto& [name, value] : arguments.keywords) set_entry(entries, Value::text(name), value, run.budget());
  return Value::dict(std::move(entries));
}

Value make_namespace(Interpreter& run, const Value& self, const Arguments& arguments) {
  const Value attributes = dict(run, self, arguments);
  std::vector<std::pair<std::string, Value>> named;
  for (const auto& [key, value] : attributes.as_dict()->entries) {
    if (!key.as_text()) type_error("namespace expected names");
    named.emplace_back(key.as_text()->bytes, value);
  }
  return run.make_namespace(std::move(named));
}

Value raise_exception(Interpreter& run, const Value&, const Arguments& arguments) {
  const Bound bound("raise_exception", arguments, {"message"}, 1);
  run.raise(to_text(*bound[0], run.budget()));
}

Value strftime_now(Interpreter& run, const Value&, const Arguments& arguments) {
  const Bound bound("strftime_now", arguments, {"format"}, 1);
  const std::string* format = bound.text(0);
  if (!format) type_error("strftime_now expected a format");
  run.budget().text(format->size() * 24);
  return Value::text(clock_text(*format, run.local_seconds()));
}

// joiner(", ") gives nothing the first time it is called, and its separator from then on.
Value joined(Interpreter&, const Value& self, const Arguments& arguments) {
  Bound("joiner", arguments, {});
  auto& attributes = self.as_namespace()->attributes;
  Value now = attributes[0].second;
  attributes[0].second = attributes[1].second;
  return now;
}

Value joiner(Interpreter& run, const Value&, const Arguments& arguments) {
  const Bound bound("joiner", arguments, {"sep"});
  const Value separator = bound[0] ? *bound[0] : Value::text(", ");
  return bound_method("joiner", run.make_namespace({{"now", Value::text({})}, {"then", separator}}), joined);
}

Value get(Interpreter& run, const Value& self, const Arguments& arguments) {
  const Bound bound("get", arguments, {"key", "default"}, 1);
  if (!hashable(*bound[0])) type_error(message("a value of type ", type_name(*bound[0]), " cannot be a key"));
  if (const Value* found = self.as_dict()->find(*bound[0], run.budget())) return *found;
  return bound[1] ? *bound[1] : Value();
}

Value items(Interpreter& run, const Value& self, const Arguments& arguments) {
  Bound("items", arguments, {});
  Items pairs;
  run.budget().items(3 * self.as_dict()->entries.size());
  for (const auto& [key, value] : self.as_dict()->entries) pairs.push_back(Value::tuple({key, value}));
  return Value::sequence(SequenceKind::dict_items, std::move(pairs));
}

Value keys(Interpreter& run, const Value& self, const Arguments& arguments) {
  Bound("keys", arguments, {});
  return Value::sequence(SequenceKind::dict_keys, to_items(self, run.budget()));
}

Value values(Interpreter& run, const Value& self, const Arguments& arguments) {
  Bound("values", arguments, {});
  Items out;
  run.budget().items(self.as_dict()->entries.size());
  for (const auto& entry : self.as_dict()->entries) out.push_back(entry.second);
  return Value::sequence(SequenceKind::dict_values, std::move(out));
}

Value copy(Interpreter&, const Value& self, const Arguments& arguments) {
  Bound("copy", arguments, {});
  return self;
}

// Reached under its name, refused when called, as the sandbox does with everything that changes a value.
Value changes(Interpreter&, const Value& self, const Arguments&) {
  type_error(message("a ", type_name(self), " cannot be changed by a template"));
}

Value index_of(Interpreter& run, const Value& self, const Arguments& arguments) {
  const Bound bound("index", arguments, {"value"}, 1);
  const Items& list = self.as_sequence()->items;
  for (size_t i = 0; i < list.size(); ++i)
    if (equal(list[i], *bound[0], run.budget())) return static_cast<int64_t>(i);
  type_error("the value is not in the list");
}

Value count_of(Interpreter& run, const Value& self, const Arguments& arguments) {
  const Bound bound("count", arguments, {"value"}, 1);
  int64_t count = 0;
  for (const Value& item : self.as_sequence()->items) count += equal(item, *bound[0], run.budget());
  return count;
}

Value cycle(Interpreter&, const Value& self, const Arguments& arguments) {
  if (arguments.positional.empty()) type_error("no items for cycling given");
  const auto count = static_cast<int64_t>(arguments.positional.size());
  return arguments.positional[static_cast<size_t>(self.as_loop()->index0 % count)];
}

Value changed(Interpreter& run, const Value& self, const Arguments& arguments) {
  Loop& loop = *self.as_loop();
  const bool same =
      loop.asked_changed && equal(Value::tuple(loop.last_changed), Value::tuple(arguments.positional), run.budget());
  if (same) return false;
  if (!loop.asked_changed) run.keep_loop(self);
  loop.asked_changed = true;
  loop.last_changed = arguments.positional;
  return true;
}

bool loop_attribute(const Value& self, std::string_view name, Value& out) {
  const Loop& loop = *self.as_loop();
  const int64_t index0 = loop.index0, length = static_cast<int64_t>(loop.items.size());
  const auto item = [&](int64_t at, const char* missing) {
    return at >= 0 && at < length ? loop.items[static_cast<size_t>(at)] : Value::undefined(missing);
  };
  if (name == "index") out = index0 + 1;
  else if (name == "index0") out = index0;
  else if (name == "revindex") out = length - index0;
  else if (name == "revindex0") out = length - index0 - 1;
  else if (name == "first") out = index0 == 0;
  else if (name == "last") out = index0 + 1 == length;
  else if (name == "length") out = length;
  else if (name == "depth") out = int64_t{1};
  else if (name == "depth0") out = int64_t{0};
  else if (name == "previtem") out = item(index0 - 1, "there is no previous item");
  else if (name == "nextitem") out = item(index0 + 1, "there is no next item");
  else if (name == "cycle") out = bound_method(name, self, cycle);
  else if (name == "changed") out = bound_method(name, self, changed);
  else return false;
  return true;
}

constexpr Named kGlobals[] = {
    {"range", range},       {"dict", dict},     {"namespace", make_namespace}, {"raise_exception", raise_exception},
    {"strftime_now", strftime_now}, {"joiner", joiner},
};

constexpr Named kDictMethods[] = {
    {"get", get},          {"items", items}, {"keys", keys},       {"values", values},      {"copy", copy},
    {"clear", changes},    {"pop", changes}, {"popitem", changes}, {"setdefault", changes}, {"update", changes},
    {"fromkeys", changes},
};

constexpr Named kListMethods[] = {
    {"index", index_of}, {"count", count_of},  {"copy", copy},      {"append", changes},
    {"clear", changes},  {"extend", changes},  {"insert", changes}, {"pop", changes},
    {"remove", changes}, {"reverse", changes}, {"sort", changes},
};

template <size_t count>
Callable::Function lookup(const Named (&table)[count], std::string_view name, size_t first = count) {
  for (size_t i = 0; i < std::min(first, count); ++i)
    if (table[i].name == name) return table[i].function;
  return nullptr;
}

}  // namespace

Callable::Function dict_method(std::string_view name) { return lookup(kDictMethods, name); }

Callable::Function sequence_method(SequenceKind kind, std::string_view name) {
  if (kind == SequenceKind::list) return lookup(kListMethods, name);
  return kind == SequenceKind::tuple || kind == SequenceKind::range ? lookup(kListMethods, name, 2) : nullptr;
}

bool find_global(std::string_view name, Value& out) {
  const Callable::Function function = lookup(kGlobals, name);
  if (function) out = bound_method(name, None{}, function);
  return function != nullptr;
}

bool find_attribute(Interpreter&, const Value& object, std::string_view name, Value& out) {
  if (object.as_loop()) return loop_attribute(object, name, out);
  Callable::Function function = nullptr;
  if (object.as_text()) function = text_method(name);
  else if (object.as_dict()) function = dict_method(name);
  else if (const Sequence* sequence = object.as_sequence()) function = sequence_method(sequence->kind, name);
  if (const Callable* callable = object.as_callable(); callable && callable->macro && name == "name") {
    out = Value::text(callable->name);
    return true;
  }
  if (function) out = bound_method(name, object, function);
  return function != nullptr;
}

}  // namespace hadal::jinja
