// What may stand after `is`.
#include "chat/filters.hpp"
#include "chat/interpreter.hpp"
#include "chat/operators.hpp"
#include "chat/python_text.hpp"

namespace hadal::jinja {
namespace {

using Test = bool(Interpreter&, const Value&, const Arguments&);

template <bool (*holds)(const Value&)>
bool plain(Interpreter&, const Value& value, const Arguments& arguments) {
  Bound("the test", arguments, {});
  return holds(value);
}

template <Operator op>
bool compared(Interpreter& run, const Value& value, const Arguments& arguments) {
  const Bound bound("the test", arguments, {"other"}, 1);
  return compare(op, value, *bound[0], run.budget());
}

bool is_defined(const Value& v) { return !v.as_undefined(); }
bool is_undefined(const Value& v) { return v.as_undefined(); }
bool is_none(const Value& v) { return v.is_none(); }
bool is_boolean(const Value& v) { return v.as_bool(); }
bool is_true(const Value& v) { return v.as_bool() && *v.as_bool(); }
bool is_false(const Value& v) { return v.as_bool() && !*v.as_bool(); }
bool is_integer(const Value& v) { return v.as_integer(); }
bool is_real(const Value& v) { return v.as_real(); }
bool is_number(const Value& v) { return v.is_number(); }
bool is_text(const Value& v) { return v.as_text(); }
bool is_mapping(const Value& v) { return v.as_dict(); }
bool is_sequence(const Value& v) {
  const Sequence* s = v.as_sequence();
  const bool indexed =
      s && (s->kind == SequenceKind::list || s->kind == SequenceKind::tuple || s->kind == SequenceKind::range);
  return indexed || v.as_text() || v.as_dict() || v.as_undefined();
}
bool is_callable(const Value& v) { return v.as_callable() || v.as_undefined() || v.as_loop(); }
bool is_escaped(const Value& v) { return v.as_text() && v.as_text()->markup; }

bool lower_case(Interpreter& run, const Value& value, const Arguments& arguments) {
  Bound("lower", arguments, {});
  return is_lower(to_text(value, run.budget()));
}

bool upper_case(Interpreter& run, const Value& value, const Arguments& arguments) {
  Bound("upper", arguments, {});
  return is_upper(to_text(value, run.budget()));
}

bool multiple(Interpreter& run, const Value& value, const Value& divisor, bool expected) {
  const Value rest = arithmetic(Operator::mod, value, divisor, run);
  return equal(rest, Value(int64_t{0}), run.budget()) == expected;
}

bool even(Interpreter& run, const Value& value, const Arguments& arguments) {
  Bound("even", arguments, {});
  return multiple(run, value, Value(int64_t{2}), true);
}

bool odd(Interpreter& run, const Value& value, const Arguments& arguments) {
  Bound("odd", arguments, {});
  return equal(arithmetic(Operator::mod, value, Value(int64_t{2}), run), Value(int64_t{1}), run.budget());
}

bool divisible(Interpreter& run, const Value& value, const Arguments& arguments) {
  const Bound bound("divisibleby", arguments, {"num"}, 1);
  return multiple(run, value, *bound[0], true);
}

bool same_as(Interpreter&, const Value& value, const Arguments& arguments) {
  const Bound bound("sameas", arguments, {"other"}, 1);
  return value.same_object(*bound[0]);
}

bool known_filter(Interpreter&, const Value& value, const Arguments& arguments) {
  Bound("filter", arguments, {});
  return value.as_text() && find_filter(value.as_text()->bytes);
}

bool known_test(Interpreter&, const Value& value, const Arguments& arguments) {
  Bound("test", arguments, {});
  return value.as_text() && find_test(value.as_text()->bytes);
}

bool inside(Interpreter& run, const Value& value, const Arguments& arguments) {
  const Bound bound("in", arguments, {"seq"}, 1);
  return contains(*bound[0], value, run.budget());
}

constexpr TestEntry kTests[] = {
    {"defined", plain<is_defined>},    {"undefined", plain<is_undefined>}, {"none", plain<is_none>},
    {"boolean", plain<is_boolean>},    {"true", plain<is_true>},           {"false", plain<is_false>},
    {"integer", plain<is_integer>},    {"float", plain<is_real>},          {"number", plain<is_number>},
    {"string", plain<is_text>},        {"mapping", plain<is_mapping>},     {"sequence", plain<is_sequence>},
    {"iterable", plain<is_iterable>},  {"callable", plain<is_callable>},   {"escaped", plain<is_escaped>},
    {"lower", lower_case},             {"upper", upper_case},              {"odd", odd},
    {"even", even},                    {"divisibleby", divisible},         {"sameas", same_as},
    {"filter", known_filter},          {"test", known_test},               {"in", inside},
    {"==", compared<Operator::eq>},    {"eq", compared<Operator::eq>},     {"equalto", compared<Operator::eq>},
    {"!=", compared<Operator::ne>},    {"ne", compared<Operator::ne>},     {">", compared<Operator::gt>},
    {"gt", compared<Operator::gt>},    {"greaterthan", compared<Operator::gt>}, {"ge", compared<Operator::ge>},
    {">=", compared<Operator::ge>},    {"<", compared<Operator::lt>},      {"lt", compared<Operator::lt>},
    {"lessthan", compared<Operator::lt>}, {"<=", compared<Operator::le>},  {"le", compared<Operator::le>},
};

}  // namespace

const TestEntry* find_test(std::string_view name) {
  for (const TestEntry& entry : kTests)
    if (entry.name == name) return &entry;
  return nullptr;
}

}  // namespace hadal::jinja
