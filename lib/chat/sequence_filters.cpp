// Filters over lists, dicts and other things that can be walked.
#include <algorithm>

#include "chat/filters.hpp"
#include "chat/interpreter.hpp"
#include "chat/number_text.hpp"
#include "chat/operators.hpp"
#include "chat/python_text.hpp"

namespace hadal::jinja {
namespace {

Value lowered(const Value& value, Budget& budget) {
  const Text* text = value.as_text();
  if (!text) return value;
  budget.text(text->bytes.size());
  return Value::text(lower(text->bytes));
}

// One dotted path: "function.name" or an index.
class Path {
 public:
  Path(const Value* attribute) {
    if (!attribute || attribute->is_none()) return;
    if (!attribute->as_text()) {
      parts_.push_back(*attribute);
      return;
    }
    for (std::string_view part : split(attribute->as_text()->bytes, ".", -1)) {
      const auto number = all_decimal(part) ? parse_integer(part, 10) : std::nullopt;
      parts_.push_back(number ? Value(*number) : Value::text(std::string(part)));
    }
  }
  Value get(Interpreter& run, Value value, const Value* fallback = nullptr) const {
    for (const Value& part : parts_) {
      value = run.item(value, part);
      if (fallback && value.as_undefined()) value = *fallback;
    }
    return value;
  }

 private:
  Items parts_;
};

Value length(Interpreter&, const Value& input, const Arguments& arguments) {
  Bound("length", arguments, {});
  if (const Text* text = input.as_text()) return static_cast<int64_t>(text->length);
  if (const Sequence* sequence = input.as_sequence()) return static_cast<int64_t>(sequence->items.size());
  if (const Dict* dict = input.as_dict()) return static_cast<int64_t>(dict->entries.size());
  if (const Loop* loop = input.as_loop()) return static_cast<int64_t>(loop->items.size());
  if (input.as_undefined()) return int64_t{0};
  type_error(message("a value of type ", type_name(input), " has no length"));
}

Value fallback(Interpreter&, const Value& input, const Arguments& arguments) {
  const Bound bound("default", arguments, {"default_value", "boolean"});
  const bool missing = input.as_undefined() || (bound.flag(1, false) && !truthy(input));
  if (!missing) return input;
  return bound[0] ? *bound[0] : Value::text({});
}

Value first(Interpreter& run, const Value& input, const Arguments& arguments) {
  Bound("first", arguments, {});
  if (Generator* generator = input.as_generator()) {
    if (generator->next < generator->items.size()) return generator->items[generator->next++];
    return Value::undefined("No first item, sequence was empty.");
  }
  const Items items = to_items(input, run.budget());
  return items.empty() ? Value::undefined("No first item, sequence was empty.") : items.front();
}

Value last(Interpreter& run, const Value& input, const Arguments& arguments) {
  Bound("last", arguments, {});
  if (input.as_generator()) type_error("a generator has no last item; make it a list first");
  const Items items = to_items(input, run.budget());
  return items.empty() ? Value::undefined("No last item, sequence was empty.") : items.back();
}

Value list(Interpreter& run, const Value& input, const Arguments& arguments) {
  Bound("list", arguments, {});
  return Value::list(to_items(input, run.budget()));
}

Value reverse(Interpreter& run, const Value& input, const Arguments& arguments) {
  Bound("reverse", arguments, {});
  if (const Text* text = input.as_text()) {
    run.budget().text(text->bytes.size());
    return Value::text(reversed(text->bytes));
  }
  Items items = to_items(input, run.budget());
  std::reverse(items.begin(), items.end());
  // Python gives an iterator for what knows its length, and jinja2 a list for the rest.
  return input.as_generator() ? Value::list(std::move(items)) : Value::generator(std::move(items));
}

Value join(Interpreter& run, const Value& input, const Arguments& arguments) {
  const Bound bound("join", arguments, {"d", "attribute"});
  Budget& budget = run.budget();
  const std::string separator = bound[0] ? to_text(*bound[0], budget) : std::string();
  const Path path(bound[1]);
  std::string out;
  bool first_item = true;
  for (const Value& item : to_items(input, budget)) {
    if (!first_item) out += separator;
    first_item = false;
    out += to_text(path.get(run, item), budget);
    budget.fits(out.size());
    budget.text(separator.size());
  }
  return Value::text(std::move(out));
}

Value items(Interpreter&, const Value& input, const Arguments& arguments) {
  Bound("items", arguments, {});
  if (input.as_undefined()) return Value::generator({});
  const Dict* dict = input.as_dict();
  if (!dict) type_error("items expected a mapping");
  Items pairs;
  for (const auto& [key, value] : dict->entries) pairs.push_back(Value::tuple({key, value}));
  return Value::generator(std::move(pairs));
}

// Stable, and in either direction keeps equal elements in their order, as Python's sorted does.
Items sorted(Items values, const Items& keys, bool descending, Budget& budget) {
  std::vector<size_t> order(values.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  // A key that cannot be ordered would make the comparison throw inside the sort; one pass finds most of those first.
  for (size_t i = 1; i < keys.size(); ++i) less(keys[i - 1], keys[i], budget);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return descending ? less(keys[b], keys[a], budget) : less(keys[a], keys[b], budget);
  });
  Items out;
  out.reserve(values.size());
  for (size_t index : order) out.push_back(std::move(values[index]));
  return out;
}

Value sort(Interpreter& run, const Value& input, const Arguments& arguments) {
  const Bound bound("sort", arguments, {"reverse", "case_sensitive", "attribute"});
  Budget& budget = run.budget();
  const bool fold = !bound.flag(1, false);
  std::vector<Path> paths;
  if (bound.some(2) && bound[2]->as_text()) {
    for (std::string_view part : split(bound[2]->as_text()->bytes, ",", -1)) {
      const Value name = Value::text(std::string(part));
      paths.emplace_back(&name);
    }
  } else {
    paths.emplace_back(bound[2]);
  }
  Items values = to_items(input, budget);
  Items keys;
  for (const Value& value : values) {
    Items key;
    for (const Path& path : paths) {
      const Value part = path.get(run, value);
      key.push_back(fold ? lowered(part, budget) : part);
    }
    keys.push_back(Value::list(std::move(key)));
  }
  return Value::list(sorted(std::move(values), keys, bound.flag(0, false), budget));
}

Value dictsort(Interpreter& run, const Value& input, const Arguments& arguments) {
  const Bound bound("dictsort", arguments, {"case_sensitive", "by", "reverse"});
  if (const Undefined* undefined = input.as_undefined()) type_error(undefined->reason);
  const Dict* dict = input.as_dict();
  if (!dict) type_error("dictsort expected a mapping");
  const std::string by = bound.text(1) ? *bound.text(1) : "key";
  if (by != "key" && by != "value") type_error("dictsort sorts by \"key\" or \"value\"");
  Items pairs, keys;
  for (const auto& [key, value] : dict->entries) {
    pairs.push_back(Value::tuple({key, value}));
    const Value& part = by == "key" ? key : value;
    keys.push_back(bound.flag(0, false) ? part : lowered(part, run.budget()));
  }
  return Value::list(sorted(std::move(pairs), keys, bound.flag(2, false), run.budget()));
}

Value unique(Interpreter& run, const Value& input, const Arguments& arguments) {
  const Bound bound("unique", arguments, {"case_sensitive", "attribute"});
  Budget& budget = run.budget();
  const Path path(bound[1]);
  Items kept, seen;
  for (const Value& value : to_items(input, budget)) {
    const Value part = path.get(run, value);
    const Value key = bound.flag(0, false) ? part : lowered(part, budget);
    if (!hashable(key)) type_error(message("unique cannot compare values of type ", type_name(key)));
    if (std::any_of(seen.begin(), seen.end(), [&](const Value& known) { return equal(known, key, budget); })) continue;
    seen.push_back(key);
    kept.push_back(value);
  }
  return Value::generator(std::move(kept));
}

Value extreme(Interpreter& run, const Value& input, const Arguments& arguments, bool largest) {
  const Bound bound(largest ? "max" : "min", arguments, {"case_sensitive", "attribute"});
  Budget& budget = run.budget();
  const Path path(bound[1]);
  Value best = Value::undefined("No aggregated item, sequence was empty."), best_key;
  bool any = false;
  for (const Value& value : to_items(input, budget)) {
    const Value part = path.get(run, value);
    const Value key = bound.flag(0, false) ? part : lowered(part, budget);
    if (any && !(largest ? less(best_key, key, budget) : less(key, best_key, budget))) continue;
    best = value;
    best_key = key;
    any = true;
  }
  return best;
}

Value min(Interpreter& run, const Value& input, const Arguments& arguments) {
  return extreme(run, input, arguments, false);
}
Value max(Interpreter& run, const Value& input, const Arguments& arguments) {
  return extreme(run, input, arguments, true);
}

Value sum(Interpreter& run, const Value& input, const Arguments& arguments) {
  const Bound bound("sum", arguments, {"attribute", "start"});
  const Path path(bound[0]);
  Value total = bound[1] ? *bound[1] : Value(int64_t{0});
  if (total.as_text()) type_error("sum cannot add texts");
  for (const Value& value : to_items(input, run.budget()))
    total = arithmetic(Operator::add, total, path.get(run, value), run);
  return total;
}

Value attr(Interpreter& run, const Value& input, const Arguments& arguments) {
  const Bound bound("attr", arguments, {"name"}, 1);
  const std::string* name = bound.text(0);
  if (!name) type_error("attr expected a name");
  // Unlike object.name this does not fall back to the items of a dict.
  if (input.as_dict()) {
    const Value found = run.attribute(Value::dict({}), *name);
    if (found.as_undefined()) return found;
  }
  return run.attribute(input, *name);
}

Value batch(Interpreter& run, const Value& input, const Arguments& arguments) {
  const Bound bound("batch", arguments, {"linecount", "fill_with"}, 1);
  const int64_t count = bound.integer(0, 1);
  Items rows, row;
  for (const Value& value : to_items(input, run.budget())) {
    if (static_cast<int64_t>(row.size()) == count) rows.push_back(Value::list(std::exchange(row, {})));
    row.push_back(value);
  }
  if (!row.empty()) {
    if (bound.some(1) && static_cast<int64_t>(row.size()) < count) {
      run.budget().items(static_cast<uint64_t>(count));
      row.resize(static_cast<size_t>(count), *bound[1]);
    }
    rows.push_back(Value::list(std::move(row)));
  }
  return Value::generator(std::move(rows));
}

Value slice_columns(Interpreter& run, const Value& input, const Arguments& arguments) {
  const Bound bound("slice", arguments, {"slices", "fill_with"}, 1);
  const Items values = to_items(input, run.budget());
  const int64_t slices = bound.integer(0, 1);
  if (slices == 0) type_error("division by zero");
  const auto size = static_cast<int64_t>(values.size());
  run.budget().items(static_cast<uint64_t>(std::max<int64_t>(slices, 0)) + values.size());
  Items columns;
  int64_t at = 0;
  for (int64_t i = 0; i < slices; ++i) {
    const int64_t count = size / slices + (i < size % slices);
    Items column(values.begin() + at, values.begin() + at + count);
    at += count;
    if (bound.some(1) && i >= size % slices) column.push_back(*bound[1]);
    columns.push_back(Value::list(std::move(column)));
  }
  return Value::generator(std::move(columns));
}

Value groupby(Interpreter& run, const Value& input, const Arguments& arguments) {
  const Bound bound("groupby", arguments, {"attribute", "default", "case_sensitive"}, 1);
  Budget& budget = run.budget();
  const Path path(bound[0]);
  const bool fold = !bound.flag(2, false);
  const auto key_of = [&](const Value& value) {
    const Value key = path.get(run, value, bound.some(1));
    return fold ? lowered(key, budget) : key;
  };
  Items values = to_items(input, budget);
  Items keys;
  for (const Value& value : values) keys.push_back(key_of(value));
  values = sorted(std::move(values), keys, false, budget);
  Items groups, members;
  for (size_t i = 0; i < values.size(); ++i) {
    members.push_back(values[i]);
    if (i + 1 < values.size() && equal(key_of(values[i]), key_of(values[i + 1]), budget)) continue;
    const Value grouper = path.get(run, members.front(), bound.some(1));
    groups.push_back(Value::tuple({grouper, Value::list(std::exchange(members, {}))}));
  }
  return Value::list(std::move(groups));
}

Value map(Interpreter& run, const Value& input, const Arguments& arguments) {
  Items out;
  if (!truthy(input)) return Value::generator({});
  if (arguments.positional.empty()) {
    const Bound bound("map", arguments, {"attribute", "default"});
    if (!bound[0]) type_error("map expected a filter or an attribute");
    const Path path(bound[0]);
    for (const Value& value : to_items(input, run.budget())) out.push_back(path.get(run, value, bound.some(1)));
    return Value::generator(std::move(out));
  }
  const Text* name = arguments.positional[0].as_text();
  const FilterEntry* filter = name ? find_filter(name->bytes) : nullptr;
  if (!filter) throw Error(Status::unsupported, "map was given a filter that is not supported");
  const Arguments rest{Items(arguments.positional.begin() + 1, arguments.positional.end()), arguments.keywords};
  for (const Value& value : to_items(input, run.budget())) {
    run.budget().step(8);
    out.push_back(filter->apply(run, value, rest));
  }
  return Value::generator(std::move(out));
}

Value chosen(Interpreter& run, const Value& input, const Arguments& arguments, bool by_attribute, bool wanted) {
  Items out;
  if (!truthy(input)) return Value::generator({});
  const size_t skip = by_attribute ? 1 : 0;
  if (arguments.positional.size() < skip) type_error("expected the name of an attribute");
  const Path path(by_attribute ? &arguments.positional[0] : nullptr);
  const TestEntry* test = nullptr;
  Arguments rest;
  if (arguments.positional.size() > skip) {
    const Text* name = arguments.positional[skip].as_text();
    test = name ? find_test(name->bytes) : nullptr;
    if (!test) throw Error(Status::unsupported, "a filter was given a test that is not supported");
    rest.positional.assign(arguments.positional.begin() + static_cast<std::ptrdiff_t>(skip) + 1,
                           arguments.positional.end());
    rest.keywords = arguments.keywords;
  }
  for (const Value& value : to_items(input, run.budget())) {
    run.budget().step(4);
    const Value part = path.get(run, value);
    if ((test ? test->holds(run, part, rest) : truthy(part)) == wanted) out.push_back(value);
  }
  return Value::generator(std::move(out));
}

Value select(Interpreter& run, const Value& input, const Arguments& arguments) {
  return chosen(run, input, arguments, false, true);
}
Value reject(Interpreter& run, const Value& input, const Arguments& arguments) {
  return chosen(run, input, arguments, false, false);
}
Value selectattr(Interpreter& run, const Value& input, const Arguments& arguments) {
  return chosen(run, input, arguments, true, true);
}
Value rejectattr(Interpreter& run, const Value& input, const Arguments& arguments) {
  return chosen(run, input, arguments, true, false);
}

constexpr FilterEntry kSequenceFilters[] = {
    {"attr", attr},       {"batch", batch},     {"count", length},   {"d", fallback},           {"default", fallback},
    {"dictsort", dictsort}, {"first", first},   {"groupby", groupby}, {"items", items},         {"join", join},
    {"last", last},       {"length", length},   {"list", list},      {"map", map},              {"max", max},
    {"min", min},         {"reject", reject},   {"rejectattr", rejectattr}, {"reverse", reverse}, {"select", select},
    {"selectattr", selectattr}, {"slice", slice_columns}, {"sort", sort}, {"sum", sum},         {"unique", unique},
};

}  // namespace

std::span<const FilterEntry> sequence_filters() { return kSequenceFilters; }

}  // namespace hadal::jinja
