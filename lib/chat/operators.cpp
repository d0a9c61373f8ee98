#include "chat/operators.hpp"

#include <cmath>
#include <limits>

#include "chat/interpreter.hpp"
#include "chat/python_text.hpp"
#include "chat/text_format.hpp"
#include "chat/utf8.hpp"

namespace hadal::jinja {
namespace {

constexpr std::string_view kSymbols[] = {"+", "-", "*", "/", "//", "%", "**"};

[[noreturn]] void overflow() { throw Error(Status::unsupported, "an integer does not fit 64 bits"); }

double as_real(const Value& value) {
  int64_t whole = 0;
  return value.to_integer(whole) ? static_cast<double>(whole) : *value.as_real();
}

int64_t floor_divide(int64_t a, int64_t b) {
  if (b == -1) {
    if (a == std::numeric_limits<int64_t>::min()) overflow();
    return -a;
  }
  const int64_t quotient = a / b;
  return quotient - (a % b != 0 && (a < 0) != (b < 0));
}

int64_t modulo(int64_t a, int64_t b) {
  if (b == -1) return 0;
  const int64_t rest = a % b;
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

Value power(int64_t base, int64_t exponent) {
  if (exponent < 0) {
    if (base == 0) type_error("0 cannot be raised to a negative power");
    return std::pow(static_cast<double>(base), static_cast<double>(exponent));
  }
  int64_t result = 1;
  while (exponent > 0) {
    if (exponent & 1 && __builtin_mul_overflow(result, base, &result)) overflow();
    exponent >>= 1;
    if (exponent > 0 && __builtin_mul_overflow(base, base, &base)) overflow();
  }
  return result;
}

Value integer_arithmetic(Operator op, int64_t a, int64_t b) {
  int64_t result = 0;
  switch (op) {
    case Operator::add: if (__builtin_add_overflow(a, b, &result)) overflow(); return result;
    case Operator::sub: if (__builtin_sub_overflow(a, b, &result)) overflow(); return result;
    case Operator::mul: if (__builtin_mul_overflow(a, b, &result)) overflow(); return result;
    case Operator::pow: return power(a, b);
    default: break;
  }
  if (b == 0) type_error("division by zero");
  if (op == Operator::div) return static_cast<double>(a) / static_cast<double>(b);
  return op == Operator::floordiv ? floor_divide(a, b) : modulo(a, b);
}

// Python's float.__mod__ and __floordiv__: the rest has the sign of the divisor.
Value real_arithmetic(Operator op, double a, double b) {
  switch (op) {
    case Operator::add: return a + b;
    case Operator::sub: return a - b;
    case Operator::mul: return a * b;
    case Operator::pow:
      if (a == 0 && b < 0) type_error("0 cannot be raised to a negative power");
      if (a < 0 && std::floor(b) != b && std::isfinite(b))
        throw Error(Status::unsupported, "complex numbers are not supported");
      return std::pow(a, b);
    default: break;
  }
  if (b == 0) type_error("division by zero");
  if (op == Operator::div) return a / b;
  double rest = std::fmod(a, b);
  double quotient = (a - rest) / b;
  if (rest != 0) {
    if ((rest < 0) != (b < 0)) rest += b, quotient -= 1;
  } else {
    rest = std::copysign(0.0, b);
  }
  if (op == Operator::mod) return rest;
  if (quotient == 0) return std::copysign(0.0, a / b);
  const double floor = std::floor(quotient);
  return quotient - floor > 0.5 ? floor + 1 : floor;
}

Value add_texts(const Text& a, const Text& b, Budget& budget) {
  if (!a.markup && !b.markup) {
    budget.text(a.bytes.size() + b.bytes.size());
    return Value(std::make_shared<const Text>(Text{a.bytes + b.bytes, a.length + b.length, false}));
  }
  const std::string left = a.markup ? a.bytes : escape_html(a.bytes, budget);
  const std::string right = b.markup ? b.bytes : escape_html(b.bytes, budget);
  budget.text(left.size() + right.size());
  return Value::text(left + right, true);
}

Value repeat(const Value& value, int64_t count, Budget& budget) {
  const uint64_t times = count > 0 ? static_cast<uint64_t>(count) : 0;
  constexpr uint64_t kMany = uint64_t{1} << 32;
  if (const Text* text = value.as_text()) {
    if (text->bytes.empty() || times == 0) return Value::text({}, text->markup);
    budget.text(times > kMany ? kMany : times * text->bytes.size());
    std::string out;
    for (uint64_t i = 0; i < times; ++i) out += text->bytes;
    return Value::text(std::move(out), text->markup);
  }
  const Sequence& sequence = *value.as_sequence();
  Items items;
  if (!sequence.items.empty() && times > 0) {
    budget.items(times > kMany ? kMany : times * sequence.items.size());
    for (uint64_t i = 0; i < times; ++i) items.insert(items.end(), sequence.items.begin(), sequence.items.end());
  }
  return Value::sequence(sequence.kind, std::move(items));
}

bool repeatable(const Value& value) {
  const Sequence* sequence = value.as_sequence();
  return value.as_text() ||
         (sequence && (sequence->kind == SequenceKind::list || sequence->kind == SequenceKind::tuple));
}

int64_t slice_bound(const Value& value, int64_t fallback, const char* what) {
  if (value.is_none()) return fallback;
  int64_t bound = 0;
  if (!value.to_integer(bound))
    type_error(message("the ", what, " of a slice must be an integer, found ", type_name(value)));
  return bound;
}

// Indices a slice selects among `size` elements, as slice.indices does.
std::vector<size_t> slice_indices(int64_t size, const Value& start_value, const Value& stop_value,
                                  const Value& step_value, Budget& budget) {
  const int64_t step = slice_bound(step_value, 1, "step");
  if (step == 0) type_error("the step of a slice cannot be zero");
  const int64_t lowest = step < 0 ? -1 : 0, highest = step < 0 ? size - 1 : size;
  const auto clamp = [&](int64_t bound) {
    if (bound < 0) bound = bound < -size ? lowest : std::max(bound + size, lowest);
    return std::min(bound, highest);
  };
  const int64_t start =
      start_value.is_none() ? (step < 0 ? highest : lowest) : clamp(slice_bound(start_value, 0, "start"));
  const int64_t stop = stop_value.is_none() ? (step < 0 ? lowest : highest) : clamp(slice_bound(stop_value, 0, "stop"));
  std::vector<size_t> indices;
  budget.items(static_cast<uint64_t>(size) / 8);
  if (step > 0) {
    for (int64_t i = start; i < stop; i = step > stop - i ? stop : i + step) indices.push_back(static_cast<size_t>(i));
  } else {
    for (int64_t i = start; i > stop; i = step < stop - i ? stop : i + step) indices.push_back(static_cast<size_t>(i));
  }
  return indices;
}

}  // namespace

Value arithmetic(Operator op, const Value& left, const Value& right, Interpreter& interpreter) {
  Budget& budget = interpreter.budget();
  if (const Undefined* undefined = left.as_undefined()) type_error(undefined->reason);
  if (op == Operator::mod && left.as_text())
    return Value::text(percent_format(left.as_text()->bytes, right, budget), left.as_text()->markup);
  if (const Undefined* undefined = right.as_undefined()) type_error(undefined->reason);
  int64_t a = 0, b = 0;
  if (left.is_number() && right.is_number()) {
    if (left.to_integer(a) && right.to_integer(b)) return integer_arithmetic(op, a, b);
    return real_arithmetic(op, as_real(left), as_real(right));
  }
  if (op == Operator::add) {
    if (left.as_text() && right.as_text()) return add_texts(*left.as_text(), *right.as_text(), budget);
    const Sequence* x = left.as_sequence();
    const Sequence* y = right.as_sequence();
    if (x && y && x->kind == y->kind && repeatable(left)) {
      Items items = to_items(left, budget);
      const Items more = to_items(right, budget);
      items.insert(items.end(), more.begin(), more.end());
      return Value::sequence(x->kind, std::move(items));
    }
  }
  if (op == Operator::mul) {
    if (repeatable(left) && right.to_integer(b)) return repeat(left, b, budget);
    if (left.to_integer(a) && repeatable(right)) return repeat(right, a, budget);
  }
  type_error(message("the operator ", kSymbols[static_cast<size_t>(op)], " does not take ", type_name(left), " and ",
                     type_name(right)));
}

bool contains(const Value& container, const Value& item, Budget& budget) {
  if (const Text* text = container.as_text()) {
    const Text* part = item.as_text();
    if (!part) type_error(message("only a text can be in a text, found ", type_name(item)));
    budget.step(text->bytes.size() / 64);
    return text->bytes.find(part->bytes) != std::string::npos;
  }
  if (const Dict* dict = container.as_dict()) {
    if (!hashable(item)) type_error(message("a value of type ", type_name(item), " cannot be a key"));
    return dict->find(item, budget) != nullptr;
  }
  for (const Value& candidate : to_items(container, budget))
    if (equal(candidate, item, budget)) return true;
  return false;
}

bool compare(Operator op, const Value& left, const Value& right, Budget& budget) {
  switch (op) {
    case Operator::eq: return equal(left, right, budget);
    case Operator::ne: return !equal(left, right, budget);
    case Operator::lt: return less(left, right, budget);
    case Operator::gt: return less(right, left, budget);
    case Operator::le: return less(left, right, budget) || equal(left, right, budget);
    case Operator::ge: return less(right, left, budget) || equal(left, right, budget);
    case Operator::in: return contains(right, left, budget);
    case Operator::not_in: return !contains(right, left, budget);
    default: return false;
  }
}

Value negative(const Value& value) {
  if (const Undefined* undefined = value.as_undefined()) type_error(undefined->reason);
  int64_t whole = 0;
  if (value.to_integer(whole)) return integer_arithmetic(Operator::sub, 0, whole);
  if (!value.as_real()) type_error(message("a value of type ", type_name(value), " cannot be negated"));
  return -*value.as_real();
}

Value positive(const Value& value) {
  if (const Undefined* undefined = value.as_undefined()) type_error(undefined->reason);
  int64_t whole = 0;
  if (value.to_integer(whole)) return whole;
  if (!value.as_real()) type_error(message("a value of type ", type_name(value), " is no number"));
  return value;
}

Value slice(const Value& object, const Value& start, const Value& stop, const Value& step, Budget& budget) {
  if (const Undefined* undefined = object.as_undefined()) type_error(undefined->reason);
  if (const Text* text = object.as_text()) {
    const auto indices = slice_indices(static_cast<int64_t>(text->length), start, stop, step, budget);
    budget.text(text->bytes.size());
    std::vector<size_t> offsets;  // of every character; empty if they are single bytes
    if (text->length != text->bytes.size())
      for (size_t pos = 0; pos < text->bytes.size(); pos = next_character(text->bytes, pos)) offsets.push_back(pos);
    std::string out;
    for (size_t index : indices) {
      const size_t begin = offsets.empty() ? index : offsets[index];
      out += text->bytes.substr(begin, next_character(text->bytes, begin) - begin);
    }
    return Value::text(std::move(out), text->markup);
  }
  const Sequence* sequence = object.as_sequence();
  if (!sequence || !(sequence->kind == SequenceKind::list || sequence->kind == SequenceKind::tuple ||
                     sequence->kind == SequenceKind::range))
    type_error(message("a value of type ", type_name(object), " cannot be sliced"));
  const auto indices = slice_indices(static_cast<int64_t>(sequence->items.size()), start, stop, step, budget);
  Items items;
  items.reserve(indices.size());
  for (size_t index : indices) items.push_back(sequence->items[index]);
  return Value::sequence(sequence->kind, std::move(items));
}

}  // namespace hadal::jinja
