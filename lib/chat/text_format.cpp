#include "chat/text_format.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "chat/interpreter.hpp"
#include "chat/number_text.hpp"
#include "chat/python_text.hpp"
#include "chat/utf8.hpp"
#include "core/utf8.hpp"

namespace hadal::jinja {
namespace {

constexpr int64_t kWidest = 1 << 20;

// Digits at `at`, which is moved behind them; -1 if there are none.
int64_t read_number(std::string_view text, size_t& at) {
  int64_t value = -1;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
    value = (value < 0 ? 0 : value) * 10 + (text[at] - '0');
    if (value > kWidest) throw Error(Status::unsupported, message("a format with a width over ", kWidest));
  }
  return value;
}

struct Layout {
  char32_t fill = ' ';
  char align = '\0';  // '<', '>', '^', '='
  char sign = '-';
  bool alternate = false, comma = false;
  int64_t width = -1, precision = -1;
  char type = '\0';
};

std::string padded(const std::string& body, size_t prefix_bytes, const Layout& layout, char default_align,
                   Budget& budget) {
  const auto length = static_cast<int64_t>(count_code_points(body));
  if (layout.width <= length) return body;
  const auto missing = static_cast<size_t>(layout.width - length);
  const char align = layout.align ? layout.align : default_align;
  const size_t left = align == '<' ? 0 : align == '^' ? missing / 2 : missing;
  budget.text(body.size() + 4 * missing);
  const auto fill = [&](size_t count) {
    std::string out;
    while (count-- > 0) append_utf8(layout.fill, out);
    return out;
  };
  if (align == '=') return body.substr(0, prefix_bytes) + fill(missing) + body.substr(prefix_bytes);
  return fill(left) + body + fill(missing - left);
}

std::string with_commas(std::string digits) {
  size_t whole = digits.find_first_not_of("0123456789");
  if (whole == std::string::npos) whole = digits.size();
  for (size_t at = whole; at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string in_base(uint64_t value, int base, bool capitals) {
  char buffer[70];
  std::string out(buffer, std::to_chars(buffer, buffer + sizeof buffer, value, base).ptr);
  if (capitals)
    for (char& c : out) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return out;
}

// '%.*g': the shorter of fixed and scientific, without trailing zeros unless `alternate`.
std::string general_text(double value, int64_t precision, bool alternate) {
  if (!std::isfinite(value)) return fixed_text(value, 0);
  const int digits = static_cast<int>(std::max<int64_t>(precision, 1));
  const std::string scientific = scientific_text(value, digits - 1);
  int exponent = 0;
  const size_t e = scientific.find('e');
  const char* first = scientific.data() + e + 1;
  std::from_chars(*first == '+' ? first + 1 : first, scientific.data() + scientific.size(), exponent);
  const bool fixed = exponent >= -4 && exponent < digits;
  std::string body = fixed ? fixed_text(value, digits - 1 - exponent) : scientific.substr(0, e);
  if (!alternate && body.find('.') != std::string::npos) {
    while (body.back() == '0') body.pop_back();
    if (body.back() == '.') body.pop_back();
  }
  return fixed ? body : body + scientific.substr(e);
}

std::string real_digits(double value, char type, int64_t precision, bool alternate) {
  const int places = static_cast<int>(precision < 0 ? 6 : std::min<int64_t>(precision, 1000));
  switch (type) {
    case 'f': case 'F': return fixed_text(value, places);
    case 'e': case 'E': return scientific_text(value, places);
    case '%': return fixed_text(value * 100, places) + "%";
    case 'g': case 'G': return general_text(value, precision < 0 ? 6 : places, alternate);
    default: return precision < 0 ? real_text(value) : general_text(value, places, alternate);
  }
}

double number_as_real(const Value& value) {
  int64_t whole = 0;
  return value.to_integer(whole) ? static_cast<double>(whole) : *value.as_real();
}

// Sign, prefix and digits of a number; prefix_bytes tells where zero padding goes.
std::string number_body(const Value& value, const Layout& layout, size_t& prefix_bytes) {
  int64_t whole = 0;
  const bool integer = value.to_integer(whole);
  const char type = layout.type;
  std::string body;
  bool negative = false;
  if (integer &&
      (type == '\0' || type == 'd' || type == 'x' || type == 'X' || type == 'o' || type == 'b' || type == 'n')) {
    negative = whole < 0;
    const uint64_t magnitude = negative ? ~static_cast<uint64_t>(whole) + 1 : static_cast<uint64_t>(whole);
    const int base = type == 'x' || type == 'X' ? 16 : type == 'o' ? 8 : type == 'b' ? 2 : 10;
    body = in_base(magnitude, base, type == 'X');
    if (layout.alternate && base != 10) {
      prefix_bytes = 2;
      body = std::string("0") + type + body;
    }
  } else {
    if (type != '\0' && std::string_view("fFeEgG%").find(type) == std::string_view::npos)
      type_error(message("the format code '", type, "' does not take ", type_name(value)));
    const double real = number_as_real(value);
    negative = std::signbit(real) && !std::isnan(real);
    body = real_digits(std::fabs(real), type, layout.precision, layout.alternate);
    if (type == 'E' || type == 'G' || type == 'F') body = upper(body);
  }
  if (layout.comma) body = with_commas(std::move(body));
  const std::string sign = negative ? "-" : layout.sign == '+' ? "+" : layout.sign == ' ' ? " " : "";
  prefix_bytes += sign.size();
  return sign + body;
}

Layout parse_layout(std::string_view spec) {
  Layout layout;
  size_t at = 0;
  const auto aligns = [&](size_t pos) {
    return pos < spec.size() && std::string_view("<>^=").find(spec[pos]) != std::string_view::npos;
  };
  if (!spec.empty() && aligns(next_character(spec, 0))) {
    layout.fill = code_point_at(spec, 0);
    at = next_character(spec, 0);
    layout.align = spec[at++];
  } else if (aligns(0)) {
    layout.align = spec[at++];
  }
  if (at < spec.size() && (spec[at] == '+' || spec[at] == '-' || spec[at] == ' ')) layout.sign = spec[at++];
  if (at < spec.size() && spec[at] == '#') layout.alternate = true, ++at;
  if (at < spec.size() && spec[at] == '0') {
    if (!layout.align) layout.fill = '0', layout.align = '=';
    ++at;
  }
  layout.width = read_number(spec, at);
  if (at < spec.size() && spec[at] == ',') layout.comma = true, ++at;
  if (at < spec.size() && spec[at] == '.') layout.precision = read_number(spec, ++at);
  if (at < spec.size()) layout.type = spec[at++];
  if (at != spec.size()) type_error(message("the format ", quoted(spec), " is not understood"));
  return layout;
}

std::string cut(std::string text, int64_t precision) {
  if (precision < 0) return text;
  text.resize(offset_of(text, count_code_points(text), static_cast<size_t>(precision)));
  return text;
}

// Values for the conversions of percent_format, in order or by name.
class PercentValues {
 public:
  PercentValues(const Value& value) : value_(value), tuple_(value.as_sequence(SequenceKind::tuple)) {}
  Value next() {
    if (tuple_ ? used_ >= tuple_->items.size() : used_ > 0) type_error("not enough values for the format");
    return tuple_ ? tuple_->items[used_++] : (++used_, value_);
  }
  Value named(std::string_view name) {
    const Dict* dict = value_.as_dict();
    if (!dict) type_error("the format asks for a dict of values");
    const Value* found = dict->find(name);
    if (!found) type_error(message("the format asks for ", quoted(name), ", which is not there"));
    named_ = true;
    return *found;
  }
  void finish() const {
    if (named_ || value_.as_dict()) return;
    const bool left = tuple_ ? used_ < tuple_->items.size() : used_ == 0 && !value_.as_sequence();
    if (left) type_error("not all values were used by the format");
  }

 private:
  const Value& value_;
  const Sequence* tuple_;
  size_t used_ = 0;
  bool named_ = false;
};

std::string converted(char type, const Value& value, Layout layout, Budget& budget) {
  if (type == 's' || type == 'r' || type == 'a') {
    layout.fill = ' ';
    const std::string body = cut(type == 's' ? to_text(value, budget) : to_repr(value, budget), layout.precision);
    return padded(body, 0, layout, '>', budget);
  }
  if (type == 'c') {
    if (const Text* text = value.as_text(); text && text->length == 1)
      return padded(text->bytes, 0, layout, '>', budget);
    type_error("%c takes one character");
  }
  if (!value.is_number()) type_error(message("%", type, " takes a number, found ", type_name(value)));
  layout.type = type == 'i' || type == 'u' ? 'd' : type;
  Value number = value;
  if (layout.type == 'd' && value.as_real()) {
    if (!(std::fabs(*value.as_real()) < 9.2e18)) type_error("the number does not fit an integer");
    number = static_cast<int64_t>(*value.as_real());
  }
  size_t prefix = 0;
  const std::string body = number_body(number, layout, prefix);
  return padded(body, prefix, layout, '>', budget);
}

}  // namespace

std::string percent_format(std::string_view format, const Value& value, Budget& budget) {
  PercentValues values(value);
  std::string out;
  for (size_t at = 0; at < format.size();) {
    if (format[at] != '%') {
      out += format[at++];
      continue;
    }
    if (++at >= format.size()) type_error("the format ends in %");
    Layout layout;
    bool named = false;
    std::string_view name;
    if (format[at] == '(') {
      const size_t close = format.find(')', at);
      if (close == std::string_view::npos) type_error("the format lacks a closing parenthesis");
      name = format.substr(at + 1, close - at - 1);
      named = true;
      at = close + 1;
    }
    for (; at < format.size() && std::string_view("-+ 0#").find(format[at]) != std::string_view::npos; ++at) {
      if (format[at] == '-') layout.align = '<';
      else if (format[at] == '0')
        layout.fill = layout.align == '<' ? U' ' : U'0', layout.align = layout.align ? layout.align : '=';
      else if (format[at] == '#') layout.alternate = true;
      else layout.sign = format[at];
    }
    if (layout.align == '<') layout.fill = ' ';
    layout.width = read_number(format, at);
    if (at < format.size() && format[at] == '.') layout.precision = std::max<int64_t>(read_number(format, ++at), 0);
    if (at >= format.size()) type_error("the format ends inside a conversion");
    const char type = format[at++];
    if (type == '%') {
      out += '%';
      continue;
    }
    if (std::string_view("sradiufFeEgGxXoc").find(type) == std::string_view::npos)
      type_error(message("the format has an unknown conversion '", type, "'"));
    out += converted(type, named ? values.named(name) : values.next(), layout, budget);
    budget.fits(out.size());
  }
  values.finish();
  budget.text(out.size());
  return out;
}

std::string format_value(const Value& value, std::string_view spec, Budget& budget) {
  if (spec.empty()) return to_text(value, budget);
  if (!value.is_number() && !value.as_text()) type_error(message("a format for ", type_name(value), " must be empty"));
  const Layout layout = parse_layout(spec);
  if (const Text* text = value.as_text()) {
    if (layout.type != '\0' && layout.type != 's')
      type_error(message("the format code '", layout.type, "' does not take a text"));
    return padded(cut(text->bytes, layout.precision), 0, layout, '<', budget);
  }
  size_t prefix = 0;
  const std::string body = number_body(value, layout, prefix);
  return padded(body, prefix, layout, '>', budget);
}

namespace {

// "0", "name", "0.attribute[key]"; an empty first part takes the next positional value.
Value field(std::string_view name, const Arguments& arguments, size_t& automatic, Interpreter& interpreter) {
  size_t end = name.find_first_of(".[");
  const std::string_view first = name.substr(0, end);
  size_t at = 0;
  int64_t index = first.empty() ? static_cast<int64_t>(automatic++) : read_number(first, at);
  if (!first.empty() && at != first.size()) index = -1;
  Value value;
  if (index >= 0) {
    if (static_cast<size_t>(index) >= arguments.positional.size()) type_error("not enough values for the format");
    value = arguments.positional[static_cast<size_t>(index)];
  } else {
    const auto found = std::find_if(arguments.keywords.begin(), arguments.keywords.end(),
                                    [&](const auto& k) { return k.first == first; });
    if (found == arguments.keywords.end())
      type_error(message("the format asks for ", quoted(first), ", which is not there"));
    value = found->second;
  }
  while (end < name.size()) {
    const bool bracket = name[end] == '[';
    const size_t stop = bracket ? name.find(']', end) : name.find_first_of(".[", end + 1);
    const std::string_view part = name.substr(end + 1, stop == std::string_view::npos ? stop : stop - end - 1);
    if (bracket && stop == std::string_view::npos) type_error("the format lacks a closing bracket");
    const auto number = bracket ? parse_integer(part, 10) : std::nullopt;
    value = bracket ? interpreter.item(value, number ? Value(*number) : Value::text(std::string(part)))
                    : interpreter.attribute(value, part);
    end = stop == std::string_view::npos ? name.size() : bracket ? stop + 1 : stop;
  }
  return value;
}

}  // namespace

std::string brace_format(std::string_view format, const Arguments& arguments, Interpreter& interpreter) {
  Budget& budget = interpreter.budget();
  std::string out;
  size_t automatic = 0;
  for (size_t at = 0; at < format.size();) {
    const char c = format[at];
    if (c != '{' && c != '}') {
      out += format[at++];
      continue;
    }
    if (at + 1 < format.size() && format[at + 1] == c) {
      out += c;
      at += 2;
      continue;
    }
    const size_t close = format.find('}', at);
    if (c == '}' || close == std::string_view::npos) type_error("a single brace in the format");
    std::string_view body = format.substr(at + 1, close - at - 1);
    if (body.find('{') != std::string_view::npos)
      throw Error(Status::unsupported, "nested fields in a format are not supported");
    at = close + 1;
    const size_t colon = body.find(':');
    const std::string_view spec = colon == std::string_view::npos ? std::string_view() : body.substr(colon + 1);
    body = body.substr(0, colon);
    const size_t bang = body.find('!');
    Value value = field(body.substr(0, bang), arguments, automatic, interpreter);
    if (bang != std::string_view::npos) {
      const std::string_view conversion = body.substr(bang + 1);
      if (conversion != "r" && conversion != "s" && conversion != "a")
        type_error("an unknown conversion in the format");
      value = Value::text(conversion == "s" ? to_text(value, budget) : to_repr(value, budget));
    }
    out += format_value(value, spec, budget);
    budget.fits(out.size());
  }
  budget.text(out.size());
  return out;
}

}  // namespace hadal::jinja
