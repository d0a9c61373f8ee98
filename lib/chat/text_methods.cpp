// Methods of texts.
#include <algorithm>

#include "chat/builtins.hpp"
#include "chat/filters.hpp"
#include "chat/interpreter.hpp"
#include "chat/python_text.hpp"
#include "chat/text_format.hpp"
#include "chat/utf8.hpp"

namespace hadal::jinja {
namespace {

const std::string& bytes(const Value& self) { return self.as_text()->bytes; }

Value same_markup(const Value& self, std::string text) { return Value::text(std::move(text), self.as_text()->markup); }

template <std::string (*change)(std::string_view)>
Value changed(Interpreter& run, const Value& self, const Arguments& arguments) {
  Bound("the method", arguments, {});
  run.budget().text(3 * bytes(self).size());
  return same_markup(self, change(bytes(self)));
}

template <bool (*holds)(std::string_view)>
Value asked(Interpreter& run, const Value& self, const Arguments& arguments) {
  Bound("the method", arguments, {});
  run.budget().step(bytes(self).size() / 16);
  return holds(bytes(self));
}

bool all_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool all_printable(std::string_view text) {
  for (size_t pos = 0; pos < text.size(); pos = next_character(text, pos))
    if (!is_printable(code_point_at(text, pos))) return false;
  return true;
}

bool is_identifier(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !text.empty() && letter(text[0]) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

Value stripped(Interpreter& run, const Value& self, const Arguments& arguments, bool left, bool right) {
  const Bound bound("strip", arguments, {"chars"});
  const std::string* chars = bound.text(0);
  run.budget().text(bytes(self).size());
  const std::string_view set = chars ? std::string_view(chars->data(), chars->size()) : std::string_view();
  return same_markup(self, std::string(strip(bytes(self), set, left, right)));
}

Value strip_both(Interpreter& r, const Value& s, const Arguments& a) { return stripped(r, s, a, true, true); }
Value strip_left(Interpreter& r, const Value& s, const Arguments& a) { return stripped(r, s, a, true, false); }
Value strip_right(Interpreter& r, const Value& s, const Arguments& a) { return stripped(r, s, a, false, true); }

Value pieces(Interpreter& run, const Value& self, const std::vector<std::string_view>& parts) {
  run.budget().items(4 * parts.size());
  run.budget().text(bytes(self).size());
  Items items;
  for (std::string_view part : parts) items.push_back(same_markup(self, std::string(part)));
  return Value::list(std::move(items));
}

Value split_from(Interpreter& run, const Value& self, const Arguments& arguments, bool right) {
  const Bound bound("split", arguments, {"sep", "maxsplit"});
  const std::string* separator = bound.text(0);
  if (separator && separator->empty()) type_error("empty separator");
  const std::string_view by = separator ? std::string_view(*separator) : std::string_view();
  const int64_t limit = bound.integer(1, -1);
  // An upper bound of the parts, before they are collected.
  run.budget().items(separator ? static_cast<uint64_t>(count_occurrences(bytes(self), by)) : bytes(self).size() / 2);
  return pieces(run, self, right ? split_from_right(bytes(self), by, limit) : split(bytes(self), by, limit));
}

Value split_left(Interpreter& r, const Value& s, const Arguments& a) { return split_from(r, s, a, false); }
Value split_right(Interpreter& r, const Value& s, const Arguments& a) { return split_from(r, s, a, true); }

Value splitlines(Interpreter& run, const Value& self, const Arguments& arguments) {
  const Bound bound("splitlines", arguments, {"keepends"});
  run.budget().items(bytes(self).size() / 2);
  return pieces(run, self, split_lines(bytes(self), bound.flag(0, false)));
}

Value partitioned(Interpreter& run, const Value& self, const Arguments& arguments, bool right) {
  const Bound bound("partition", arguments, {"sep"}, 1);
  const std::string* separator = bound.text(0);
  if (!separator || separator->empty()) type_error("partition expected a separator");
  run.budget().text(bytes(self).size());
  const std::string& text = bytes(self);
  const size_t found = right ? text.rfind(*separator) : text.find(*separator);
  const auto part = [&](std::string s) { return same_markup(self, std::move(s)); };
  if (found == std::string::npos)
    return right ? Value::tuple({part(""), part(""), self}) : Value::tuple({self, part(""), part("")});
  return Value::tuple({part(text.substr(0, found)), part(*separator), part(text.substr(found + separator->size()))});
}

Value partition_left(Interpreter& r, const Value& s, const Arguments& a) { return partitioned(r, s, a, false); }
Value partition_right(Interpreter& r, const Value& s, const Arguments& a) { return partitioned(r, s, a, true); }

// The part of self that start and end (as in str.find) select; false if start lies behind the text.
bool window(const Value& self, const Bound& bound, size_t first, std::string_view& part, size_t& skipped) {
  const auto size = static_cast<int64_t>(self.as_text()->length);
  int64_t start = bound.some(first) ? bound.integer(first, 0) : 0;
  int64_t end = bound.some(first + 1) ? bound.integer(first + 1, size) : size;
  if (start < 0) start = std::max<int64_t>(start + size, 0);
  if (end < 0) end = std::max<int64_t>(end + size, 0);
  end = std::min(end, size);
  if (start > end) return false;
  const std::string_view text = bytes(self);
  const size_t from = offset_of(text, self.as_text()->length, static_cast<size_t>(start));
  const size_t to = offset_of(text, self.as_text()->length, static_cast<size_t>(end));
  part = text.substr(from, to - from);
  skipped = static_cast<size_t>(start);
  return true;
}

Value matches_end(Interpreter& run, const Value& self, const Arguments& arguments, bool front) {
  const Bound bound(front ? "startswith" : "endswith", arguments, {"prefix", "start", "end"}, 1);
  run.budget().step();
  std::string_view part;
  size_t skipped = 0;
  if (!window(self, bound, 1, part, skipped)) return false;
  const auto matches = [&](const Value& affix) -> bool {
    if (!affix.as_text()) type_error(message("expected a text or a tuple of texts, found ", type_name(affix)));
    return front ? part.starts_with(affix.as_text()->bytes) : part.ends_with(affix.as_text()->bytes);
  };
  const Sequence* several = bound[0]->as_sequence(SequenceKind::tuple);
  if (!several) return matches(*bound[0]);
  return std::any_of(several->items.begin(), several->items.end(), matches);
}

Value starts_with(Interpreter& r, const Value& s, const Arguments& a) { return matches_end(r, s, a, true); }
Value ends_with(Interpreter& r, const Value& s, const Arguments& a) { return matches_end(r, s, a, false); }

Value found_at(Interpreter& run, const Value& self, const Arguments& arguments, bool last, bool must) {
  const Bound bound("find", arguments, {"sub", "start", "end"}, 1);
  const std::string* wanted = bound.text(0);
  if (!wanted) type_error("find expected a text");
  run.budget().step(bytes(self).size() / 64);
  std::string_view part;
  size_t skipped = 0, at = std::string_view::npos;
  if (window(self, bound, 1, part, skipped)) at = last ? part.rfind(*wanted) : part.find(*wanted);
  if (at != std::string_view::npos) return static_cast<int64_t>(skipped + count_code_points(part.substr(0, at)));
  if (must) type_error("the text to find is not there");
  return int64_t{-1};
}

Value find(Interpreter& r, const Value& s, const Arguments& a) { return found_at(r, s, a, false, false); }
Value rfind(Interpreter& r, const Value& s, const Arguments& a) { return found_at(r, s, a, true, false); }
Value index(Interpreter& r, const Value& s, const Arguments& a) { return found_at(r, s, a, false, true); }
Value rindex(Interpreter& r, const Value& s, const Arguments& a) { return found_at(r, s, a, true, true); }

Value count(Interpreter& run, const Value& self, const Arguments& arguments) {
  const Bound bound("count", arguments, {"sub", "start", "end"}, 1);
  const std::string* wanted = bound.text(0);
  if (!wanted) type_error("count expected a text");
  run.budget().step(bytes(self).size() / 64);
  std::string_view part;
  size_t skipped = 0;
  return window(self, bound, 1, part, skipped) ? count_occurrences(part, *wanted) : int64_t{0};
}

Value replaced(Interpreter& run, const Value& self, const Arguments& arguments) {
  const Bound bound("replace", arguments, {"old", "new", "count"}, 2);
  const std::string* old = bound.text(0);
  const std::string* with = bound.text(1);
  if (!old || !with) type_error("replace expected two texts");
  return same_markup(self, replace(bytes(self), *old, *with, bound.integer(2, -1), run.budget()));
}

Value removed(Interpreter& run, const Value& self, const Arguments& arguments, bool front) {
  const Bound bound("removeprefix", arguments, {"prefix"}, 1);
  const std::string* affix = bound.text(0);
  if (!affix) type_error("expected a text to remove");
  std::string_view text = bytes(self);
  run.budget().text(text.size());
  if (front && text.starts_with(*affix)) text.remove_prefix(affix->size());
  else if (!front && text.ends_with(*affix)) text.remove_suffix(affix->size());
  return same_markup(self, std::string(text));
}

Value remove_prefix(Interpreter& r, const Value& s, const Arguments& a) { return removed(r, s, a, true); }
Value remove_suffix(Interpreter& r, const Value& s, const Arguments& a) { return removed(r, s, a, false); }

Value join(Interpreter& run, const Value& self, const Arguments& arguments) {
  const Bound bound("join", arguments, {"iterable"}, 1);
  Budget& budget = run.budget();
  std::string out;
  bool first = true;
  for (const Value& item : to_items(*bound[0], budget)) {
    if (!item.as_text()) type_error(message("join expected texts, found ", type_name(item)));
    if (!first) out += bytes(self);
    first = false;
    out += bytes(item);
    budget.fits(out.size());
    budget.text(bytes(item).size() + bytes(self).size());
  }
  return same_markup(self, std::move(out));
}

// Widths as str.ljust and friends pad: '<' left, '>' right, '^' both sides.
Value padded(Interpreter& run, const Value& self, const Arguments& arguments, char align) {
  const Bound bound("the method", arguments, {"width", "fillchar"}, 1);
  const std::string* fill = bound.text(1);
  if (fill && count_code_points(*fill) != 1) type_error("expected one character to fill with");
  const int64_t width = bound.integer(0, 0), length = static_cast<int64_t>(self.as_text()->length);
  if (width <= length) return self;
  const int64_t missing = width - length;
  run.budget().text(4 * static_cast<uint64_t>(missing) + bytes(self).size());
  const int64_t left = align == '<' ? 0 : align == '>' ? missing : missing / 2 + (missing & width & 1);
  std::string out;
  for (int64_t i = 0; i < left; ++i) out += fill ? *fill : " ";
  out += bytes(self);
  for (int64_t i = left; i < missing; ++i) out += fill ? *fill : " ";
  return same_markup(self, std::move(out));
}

Value ljust(Interpreter& r, const Value& s, const Arguments& a) { return padded(r, s, a, '<'); }
Value rjust(Interpreter& r, const Value& s, const Arguments& a) { return padded(r, s, a, '>'); }
Value center(Interpreter& r, const Value& s, const Arguments& a) { return padded(r, s, a, '^'); }

Value zfill(Interpreter& run, const Value& self, const Arguments& arguments) {
  const Bound bound("zfill", arguments, {"width"}, 1);
  const int64_t missing = bound.integer(0, 0) - static_cast<int64_t>(self.as_text()->length);
  if (missing <= 0) return self;
  run.budget().text(static_cast<uint64_t>(missing) + bytes(self).size());
  std::string out = bytes(self);
  const size_t sign = !out.empty() && (out[0] == '-' || out[0] == '+') ? 1 : 0;
  return same_markup(self, out.insert(sign, static_cast<size_t>(missing), '0'));
}

Value format(Interpreter& run, const Value& self, const Arguments& arguments) {
  return same_markup(self, brace_format(bytes(self), arguments, run));
}

Value format_map(Interpreter& run, const Value& self, const Arguments& arguments) {
  const Bound bound("format_map", arguments, {"mapping"}, 1);
  if (!bound[0]->as_dict()) type_error("format_map expected a mapping");
  Arguments named;
  for (const auto& [key, value] : bound[0]->as_dict()->entries)
    if (key.as_text()) named.keywords.emplace_back(bytes(key), value);
  return same_markup(self, brace_format(bytes(self), named, run));
}

Value unsupported(Interpreter&, const Value&, const Arguments&) {
  throw Error(Status::unsupported, "this method of texts is not supported");
}

struct Method {
  std::string_view name;
  Callable::Function function;
};

// All that Python's str has, so that a name never falls through to "no such attribute" here and not there.
constexpr Method kMethods[] = {
    {"capitalize", changed<capitalize>}, {"casefold", unsupported}, {"center", center}, {"count", count},
    {"encode", unsupported}, {"endswith", ends_with}, {"expandtabs", unsupported}, {"find", find},
    {"format", format}, {"format_map", format_map}, {"index", index}, {"isalnum", asked<all_alphanumeric>},
    {"isalpha", asked<all_alphabetic>}, {"isascii", asked<all_ascii>}, {"isdecimal", asked<all_decimal>},
    {"isdigit", asked<all_decimal>}, {"isidentifier", asked<is_identifier>}, {"islower", asked<is_lower>},
    {"isnumeric", asked<all_decimal>}, {"isprintable", asked<all_printable>}, {"isspace", asked<all_space>},
    {"istitle", asked<is_title>}, {"isupper", asked<is_upper>}, {"join", join}, {"ljust", ljust},
    {"lower", changed<lower>}, {"lstrip", strip_left}, {"maketrans", unsupported}, {"partition", partition_left},
    {"removeprefix", remove_prefix}, {"removesuffix", remove_suffix}, {"replace", replaced}, {"rfind", rfind},
    {"rindex", rindex}, {"rjust", rjust}, {"rpartition", partition_right}, {"rsplit", split_right},
    {"rstrip", strip_right}, {"split", split_left}, {"splitlines", splitlines}, {"startswith", starts_with},
    {"strip", strip_both}, {"swapcase", changed<swapcase>}, {"title", changed<title>}, {"translate", unsupported},
    {"upper", changed<upper>}, {"zfill", zfill},
};

}  // namespace

Callable::Function text_method(std::string_view name) {
  for (const Method& method : kMethods)
    if (method.name == name) return method.function;
  return nullptr;
}

}  // namespace hadal::jinja
