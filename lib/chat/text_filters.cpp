// Filters that make a text or a number.
#include <algorithm>
#include <cmath>

#include "chat/filters.hpp"
#include "chat/interpreter.hpp"
#include "chat/json_text.hpp"
#include "chat/number_text.hpp"
#include "chat/python_text.hpp"
#include "chat/text_format.hpp"
#include "chat/unicode_case.hpp"
#include "chat/utf8.hpp"
#include "formats/json.hpp"

namespace hadal::jinja {
namespace {

// markupsafe's soft_str: a text stays what it is, anything else becomes its str().
Value soft(Interpreter& run, const Value& value) {
  return value.as_text() ? value : Value::text(to_text(value, run.budget()));
}

template <std::string (*change)(std::string_view)>
Value changed(Interpreter& run, const Value& input, const Arguments& arguments) {
  Bound("the filter", arguments, {});
  const Value text = soft(run, input);
  run.budget().text(3 * text.as_text()->bytes.size());
  return Value::text(change(text.as_text()->bytes), text.as_text()->markup);
}

// jinja2's own title: words begin after blanks and opening brackets, whatever characters they have.
std::string filter_title(std::string_view text) {
  std::string out;
  const auto separates = [](char32_t c) {
    return c == '-' || c == '(' || c == '{' || c == '[' || c == '<' || is_space(c);
  };
  for (size_t pos = 0; pos < text.size();) {
    size_t end = pos;
    const bool separator = separates(code_point_at(text, pos));
    while (end < text.size() && separates(code_point_at(text, end)) == separator) end = next_character(text, end);
    out += upper_first(text.substr(pos, end - pos));
    pos = end;
  }
  return out;
}

Value trim(Interpreter& run, const Value& input, const Arguments& arguments) {
  const Bound bound("trim", arguments, {"chars"});
  const Value value = soft(run, input);
  const Text& text = *value.as_text();
  const std::string* chars = bound.text(0);
  run.budget().text(text.bytes.size());
  const std::string_view set = chars ? std::string_view(chars->data(), chars->size()) : std::string_view();
  return Value::text(std::string(strip(text.bytes, set, true, true)), text.markup);
}

Value string(Interpreter& run, const Value& input, const Arguments& arguments) {
  Bound("string", arguments, {});
  return soft(run, input);
}

Value safe(Interpreter& run, const Value& input, const Arguments& arguments) {
  Bound("safe", arguments, {});
  return Value::text(to_text(input, run.budget()), true);
}

Value escape(Interpreter& run, const Value& input, const Arguments& arguments) {
  Bound("escape", arguments, {});
  if (input.as_text() && input.as_text()->markup) return input;
  return Value::text(escape_html(to_text(input, run.budget()), run.budget()), true);
}

Value force_escape(Interpreter& run, const Value& input, const Arguments& arguments) {
  Bound("forceescape", arguments, {});
  return Value::text(escape_html(to_text(input, run.budget()), run.budget()), true);
}

Value replaced(Interpreter& run, const Value& input, const Arguments& arguments) {
  const Bound bound("replace", arguments, {"old", "new", "count"}, 2);
  Budget& budget = run.budget();
  const int64_t count = bound.some(2) ? bound.integer(2, -1) : -1;
  return Value::text(
      replace(to_text(input, budget), to_text(*bound[0], budget), to_text(*bound[1], budget), count, budget));
}

Value center(Interpreter& run, const Value& input, const Arguments& arguments) {
  const Bound bound("center", arguments, {"width"});
  const Value value = soft(run, input);
  const Text& text = *value.as_text();
  const auto length = static_cast<int64_t>(text.length);
  const int64_t width = bound.integer(0, 80);
  if (width <= length) return value;
  const int64_t missing = width - length;
  run.budget().text(static_cast<uint64_t>(missing) + text.bytes.size());
  // As str.center splits an odd number of blanks.
  const auto left = static_cast<size_t>(missing / 2 + (missing & width & 1));
  return Value::text(std::string(left, ' ') + text.bytes + std::string(static_cast<size_t>(missing) - left, ' '),
                     text.markup);
}

Value indent(Interpreter& run, const Value& input, const Arguments& arguments) {
  const Bound bound("indent", arguments, {"width", "first", "blank"});
  if (const Undefined* undefined = input.as_undefined()) type_error(undefined->reason);
  if (!input.as_text()) type_error(message("indent expected a text, found ", type_name(input)));
  std::string indention;
  if (bound[0] && bound[0]->as_text()) {
    indention = bound[0]->as_text()->bytes;
  } else {
    const int64_t width = std::max<int64_t>(bound.integer(0, 4), 0);
    run.budget().text(static_cast<uint64_t>(width));
    indention.assign(static_cast<size_t>(width), ' ');
  }
  const std::string text = input.as_text()->bytes + "\n";
  run.budget().items(text.size() / 2);
  const std::vector<std::string_view> lines = split_lines(text, false);
  run.budget().text(text.size() + lines.size() * indention.size());
  const bool blank = bound.flag(2, false);
  std::string out = bound.flag(1, false) ? indention : "";
  for (size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) out += '\n';
    if (i > 0 && (blank || !lines[i].empty())) out += indention;
    out += lines[i];
  }
  return Value::text(std::move(out), input.as_text()->markup);
}

Value truncate(Interpreter& run, const Value& input, const Arguments& arguments) {
  const Bound bound("truncate", arguments, {"length", "killwords", "end", "leeway"});
  if (!input.as_text()) type_error(message("truncate expected a text, found ", type_name(input)));
  const Text& text = *input.as_text();
  const int64_t length = bound.integer(0, 255), leeway = bound.some(3) ? bound.integer(3, 5) : 5;
  const std::string end = bound.text(2) ? *bound.text(2) : "...";
  const auto end_length = static_cast<int64_t>(count_code_points(end));
  if (length < end_length || leeway < 0) type_error("truncate expected a length that holds its end");
  if (text.length <= static_cast<uint64_t>(length) + static_cast<uint64_t>(leeway)) return input;
  std::string kept = text.bytes.substr(0, offset_of(text.bytes, text.length, static_cast<size_t>(length - end_length)));
  if (!bound.flag(1, false)) kept.resize(std::min(kept.rfind(' '), kept.size()));
  run.budget().text(kept.size() + end.size());
  return Value::text(kept + end);
}

Value wordcount(Interpreter& run, const Value& input, const Arguments& arguments) {
  Bound("wordcount", arguments, {});
  const Value value = soft(run, input);
  const std::string& text = value.as_text()->bytes;
  int64_t count = 0;
  bool in_word = false;
  run.budget().step(text.size() / 16);
  for (size_t pos = 0; pos < text.size(); pos = next_character(text, pos)) {
    const char32_t c = code_point_at(text, pos);
    const bool word = c == '_' || is_alphabetic(c) || is_numeric(c);
    count += word && !in_word;
    in_word = word;
  }
  return count;
}

Value urlencode(Interpreter& run, const Value& input, const Arguments& arguments) {
  Bound("urlencode", arguments, {});
  if (input.as_dict() || (input.as_sequence() && !input.as_text()))
    throw Error(Status::unsupported, "urlencode of anything but a text is not supported");
  const std::string text = to_text(input, run.budget());
  run.budget().text(3 * text.size());
  std::string out;
  for (char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("_.-~/").find(c) != std::string_view::npos;
    const auto byte = static_cast<unsigned char>(c);
    if (plain) out += c;
    else ((out += '%') += "0123456789ABCDEF"[byte >> 4]) += "0123456789ABCDEF"[byte & 15];
  }
  return Value::text(std::move(out));
}

Value format(Interpreter& run, const Value& input, const Arguments& arguments) {
  if (!arguments.positional.empty() && !arguments.keywords.empty())
    type_error("format takes either positional or named values");
  Value values = Value::tuple(arguments.positional);
  if (!arguments.keywords.empty()) {
    std::vector<std::pair<Value, Value>> entries;
    for (const auto& [name, value] : arguments.keywords) entries.emplace_back(Value::text(name), value);
    values = Value::dict(std::move(entries));
  }
  const Value text = soft(run, input);
  return Value::text(percent_format(text.as_text()->bytes, values, run.budget()));
}

Value tojson(Interpreter& run, const Value& input, const Arguments& arguments) {
  const Bound bound("tojson", arguments, {"ensure_ascii", "indent", "separators", "sort_keys"});
  JsonLayout layout;
  layout.ensure_ascii = bound.flag(0, false);
  layout.sort_keys = bound.flag(3, false);
  if (const Value* indent_value = bound.some(1)) {
    if (indent_value->as_text()) {
      layout.indent = indent_value->as_text()->bytes;
    } else {
      const int64_t width = std::max<int64_t>(bound.integer(1, 0), 0);
      run.budget().text(static_cast<uint64_t>(width));
      layout.indent = std::string(static_cast<size_t>(width), ' ');
    }
    layout.item_separator = ",";
  }
  if (const Value* separators = bound.some(2)) {
    const Items pair = to_items(*separators, run.budget());
    if (pair.size() != 2 || !pair[0].as_text() || !pair[1].as_text()) type_error("tojson expected two separators");
    layout.item_separator = pair[0].as_text()->bytes;
    layout.key_separator = pair[1].as_text()->bytes;
  }
  if (const Undefined* undefined = input.as_undefined())
    type_error(message("Undefined has no JSON form: ", undefined->reason));
  return Value::text(json_text(input, layout, run.budget()));
}

// Not one of jinja2's: for templates that take apart what a call gives as JSON text.
Value fromjson(Interpreter& run, const Value& input, const Arguments& arguments) {
  const Bound bound("fromjson", arguments, {});
  const Text* text = input.as_text();
  if (!text) type_error(message("fromjson expected a text, found ", type_name(input)));
  run.budget().items(text->bytes.size());  // "[[],[],": a value for every few bytes
  try {
    return from_json(parse_json(text->bytes, "fromjson"), run.budget());
  } catch (const Error& error) {
    if (error.status() != Status::corrupt) throw;
    type_error(error.what());
  }
}

// Python's int(float): towards zero; false if it is no number that fits.
bool truncated(double real, int64_t& out) {
  if (!std::isfinite(real)) return false;
  if (std::fabs(real) >= 9223372036854775808.0) throw Error(Status::unsupported, "an integer does not fit 64 bits");
  out = static_cast<int64_t>(real);
  return true;
}

Value to_int(Interpreter&, const Value& input, const Arguments& arguments) {
  const Bound bound("int", arguments, {"default", "base"});
  const Value fallback = bound[0] ? *bound[0] : Value(int64_t{0});
  if (const Undefined* undefined = input.as_undefined()) type_error(undefined->reason);
  int64_t whole = 0;
  if (input.to_integer(whole)) return whole;
  if (const double* real = input.as_real()) return truncated(*real, whole) ? Value(whole) : fallback;
  const Text* text = input.as_text();
  if (!text) return fallback;
  if (const auto parsed = parse_integer(text->bytes, static_cast<int>(bound.integer(1, 10)))) return *parsed;
  const auto real = parse_real(text->bytes);  // "42.23"|int is 42
  return real && truncated(*real, whole) ? Value(whole) : fallback;
}

Value to_float(Interpreter&, const Value& input, const Arguments& arguments) {
  const Bound bound("float", arguments, {"default"});
  const Value fallback = bound[0] ? *bound[0] : Value(0.0);
  if (const Undefined* undefined = input.as_undefined()) type_error(undefined->reason);
  int64_t whole = 0;
  if (input.to_integer(whole)) return static_cast<double>(whole);
  if (input.as_real()) return input;
  if (!input.as_text()) return fallback;
  const auto parsed = parse_real(input.as_text()->bytes);
  return parsed ? Value(*parsed) : fallback;
}

Value absolute(Interpreter&, const Value& input, const Arguments& arguments) {
  Bound("abs", arguments, {});
  if (const Undefined* undefined = input.as_undefined()) type_error(undefined->reason);
  int64_t whole = 0;
  if (input.to_integer(whole)) {
    if (whole == INT64_MIN) throw Error(Status::unsupported, "an integer does not fit 64 bits");
    return whole < 0 ? -whole : whole;
  }
  if (!input.as_real()) type_error(message("abs expected a number, found ", type_name(input)));
  return std::fabs(*input.as_real());
}

// Python's round: the decimal places of the exact value, ties to even.
double rounded(double value, int64_t places) {
  if (!std::isfinite(value) || places > 300) return value;
  if (places >= 0) return *parse_real(fixed_text(value, static_cast<int>(places)));
  if (places < -308) return std::copysign(0.0, value);
  const double scale = std::pow(10.0, static_cast<double>(-places));
  return std::nearbyint(value / scale) * scale;
}

Value round(Interpreter&, const Value& input, const Arguments& arguments) {
  const Bound bound("round", arguments, {"precision", "method"});
  if (const Undefined* undefined = input.as_undefined()) type_error(undefined->reason);
  const int64_t places = bound.integer(0, 0);
  const std::string method = bound.text(1) ? *bound.text(1) : "common";
  int64_t whole = 0;
  const bool integer = input.to_integer(whole);
  if (!integer && !input.as_real()) type_error(message("round expected a number, found ", type_name(input)));
  if (method == "common") {
    if (integer && places >= 0) return whole;
    const double value = rounded(integer ? static_cast<double>(whole) : *input.as_real(), places);
    return integer ? Value(static_cast<int64_t>(value)) : Value(value);
  }
  if (method != "ceil" && method != "floor") type_error("round expected the method common, ceil or floor");
  const double scale = std::pow(10.0, static_cast<double>(places));
  const double scaled = (integer ? static_cast<double>(whole) : *input.as_real()) * scale;
  return (method == "ceil" ? std::ceil(scaled) : std::floor(scaled)) / scale;
}

constexpr FilterEntry kTextFilters[] = {
    {"abs", absolute},           {"capitalize", changed<capitalize>}, {"center", center},   {"e", escape},
    {"escape", escape},          {"float", to_float},                 {"forceescape", force_escape},
    {"format", format},          {"fromjson", fromjson},              {"indent", indent},   {"int", to_int},
    {"lower", changed<lower>},
    {"replace", replaced},       {"round", round},                    {"safe", safe},       {"string", string},
    {"title", changed<filter_title>}, {"tojson", tojson},             {"trim", trim},       {"truncate", truncate},
    {"upper", changed<upper>},   {"urlencode", urlencode},            {"wordcount", wordcount},
};

}  // namespace

std::span<const FilterEntry> text_filters() { return kTextFilters; }

}  // namespace hadal::jinja
