// str() and repr() of values.
#include "chat/number_text.hpp"
#include "chat/python_text.hpp"
#include "chat/value.hpp"

namespace hadal::jinja {
namespace {

void append_repr(std::string& out, const Value& value, Budget& budget);

void append_items(std::string& out, const Items& items, Budget& budget) {
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += ", ";
    append_repr(out, items[i], budget);
  }
}

void append_range(std::string& out, const Items& items) {
  const auto at = [&](size_t i) { return *items[i].as_integer(); };
  const int64_t step = items.size() > 1 ? at(1) - at(0) : 1;
  const int64_t start = items.empty() ? 0 : at(0);
  const int64_t stop = items.empty() ? 0 : at(items.size() - 1) + (step > 0 ? 1 : -1);
  out += message("range(", start, ", ", stop);
  out += step == 1 ? ")" : message(", ", step, ")");
}

void append_sequence(std::string& out, const Sequence& sequence, Budget& budget) {
  switch (sequence.kind) {
    case SequenceKind::list:
      out += '[';
      append_items(out, sequence.items, budget);
      out += ']';
      return;
    case SequenceKind::tuple:
      out += '(';
      append_items(out, sequence.items, budget);
      out += sequence.items.size() == 1 ? ",)" : ")";
      return;
    case SequenceKind::range: return append_range(out, sequence.items);
    case SequenceKind::dict_keys: out += "dict_keys(["; break;
    case SequenceKind::dict_values: out += "dict_values(["; break;
    case SequenceKind::dict_items: out += "dict_items(["; break;
  }
  append_items(out, sequence.items, budget);
  out += "])";
}

void append_repr(std::string& out, const Value& value, Budget& budget) {
  budget.step();
  budget.fits(out.size());
  if (value.is_none()) {
    out += "None";
  } else if (const bool* boolean = value.as_bool()) {
    out += *boolean ? "True" : "False";
  } else if (const int64_t* integer = value.as_integer()) {
    out += integer_text(*integer);
  } else if (const double* real = value.as_real()) {
    out += real_text(*real);
  } else if (const Text* text = value.as_text()) {
    budget.text(text->bytes.size());
    const std::string body = quoted_repr(text->bytes);
    out += text->markup ? message("Markup(", body, ")") : body;
  } else if (const Sequence* sequence = value.as_sequence()) {
    append_sequence(out, *sequence, budget);
  } else if (const Dict* dict = value.as_dict()) {
    out += '{';
    bool first = true;
    for (const auto& [key, item] : dict->entries) {
      if (!first) out += ", ";
      first = false;
      append_repr(out, key, budget);
      out += ": ";
      append_repr(out, item, budget);
    }
    out += '}';
  } else if (value.as_undefined()) {
    out += "Undefined";
  } else if (const Loop* loop = value.as_loop()) {
    out += message("<LoopContext ", loop->index0 + 1, "/", loop->items.size(), ">");
  } else if (const Callable* callable = value.as_callable(); callable && callable->macro) {
    out += message("<Macro ", quoted_repr(callable->name), ">");
  } else {
    // Python would show a memory address here.
    throw Error(Status::unsupported, message("a value of type ", type_name(value), " has no text"));
  }
}

}  // namespace

std::string to_text(const Value& value, Budget& budget) {
  if (const Text* text = value.as_text()) {
    budget.text(text->bytes.size());
    return text->bytes;
  }
  return value.as_undefined() ? std::string() : to_repr(value, budget);
}

std::string to_repr(const Value& value, Budget& budget) {
  std::string out;
  append_repr(out, value, budget);
  return out;
}

}  // namespace hadal::jinja
