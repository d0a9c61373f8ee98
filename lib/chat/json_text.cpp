#include "chat/json_text.hpp"

#include <algorithm>
#include <cmath>

#include "chat/number_text.hpp"
#include "chat/utf8.hpp"

namespace hadal::jinja {
namespace {

class Writer {
 public:
  Writer(const JsonLayout& layout, Budget& budget) : layout_(layout), budget_(budget) {}

  void value(const Value& value, int level) {
    budget_.step();
    budget_.fits(out_.size());
    if (value.is_none()) out_ += "null";
    else if (const bool* boolean = value.as_bool()) out_ += *boolean ? "true" : "false";
    else if (value.is_number()) out_ += number(value);
    else if (const Text* text = value.as_text()) string(text->bytes);
    else if (const Dict* dict = value.as_dict()) object(*dict, level);
    else if (value.as_sequence(SequenceKind::list) || value.as_sequence(SequenceKind::tuple))
      array(value.as_sequence()->items, level);
    else type_error(message("a value of type ", type_name(value), " has no JSON form"));
  }

  std::string take() {
    budget_.text(out_.size());
    return std::move(out_);
  }

 private:
  static std::string number(const Value& value) {
    if (const int64_t* integer = value.as_integer()) return integer_text(*integer);
    const double real = *value.as_real();
    if (std::isnan(real)) return "NaN";
    if (std::isinf(real)) return real > 0 ? "Infinity" : "-Infinity";
    return real_text(real);
  }

  void line(int level) {
    if (!layout_.indent) return;
    out_ += '\n';
    budget_.text(layout_.indent->size() * static_cast<size_t>(level));
    for (int i = 0; i < level; ++i) out_ += *layout_.indent;
  }

  void array(const Items& items, int level) {
    if (items.empty()) {
      out_ += "[]";
      return;
    }
    out_ += '[';
    for (size_t i = 0; i < items.size(); ++i) {
      if (i > 0) out_ += layout_.item_separator;
      line(level + 1);
      value(items[i], level + 1);
    }
    line(level);
    out_ += ']';
  }

  static std::string key_text(const Value& key) {
    if (const Text* text = key.as_text()) return text->bytes;
    if (key.is_none()) return "null";
    if (const bool* boolean = key.as_bool()) return *boolean ? "true" : "false";
    if (key.is_number()) return number(key);
    type_error(message("a key of type ", type_name(key), " has no JSON form"));
  }

  void object(const Dict& dict, int level) {
    if (dict.entries.empty()) {
      out_ += "{}";
      return;
    }
    std::vector<const std::pair<Value, Value>*> entries;
    for (const auto& entry : dict.entries) entries.push_back(&entry);
    if (layout_.sort_keys)
      std::stable_sort(entries.begin(), entries.end(),
                       [&](const auto* a, const auto* b) { return less(a->first, b->first, budget_); });
    out_ += '{';
    bool first = true;
    for (const auto* entry : entries) {
      if (!first) out_ += layout_.item_separator;
      first = false;
      line(level + 1);
      string(key_text(entry->first));
      out_ += layout_.key_separator;
      value(entry->second, level + 1);
    }
    line(level);
    out_ += '}';
  }

  void hex(char32_t unit) {
    out_ += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out_ += "0123456789abcdef"[(unit >> shift) & 15];
  }

  void string(std::string_view text) {
    budget_.text(text.size());
    out_ += '"';
    for (size_t pos = 0; pos < text.size();) {
      const size_t end = next_character(text, pos);
      const char32_t c = code_point_at(text, pos);
      if (c == '"' || c == '\\') (out_ += '\\') += static_cast<char>(c);
      else if (c == '\n') out_ += "\\n";
      else if (c == '\r') out_ += "\\r";
      else if (c == '\t') out_ += "\\t";
      else if (c == '\b') out_ += "\\b";
      else if (c == '\f') out_ += "\\f";
      else if (c < 0x20) hex(c);
      else if (!layout_.ensure_ascii || c < 0x7F) out_ += text.substr(pos, end - pos);
      else if (c < 0x10000) hex(c);
      else hex(0xD800 + ((c - 0x10000) >> 10)), hex(0xDC00 + ((c - 0x10000) & 0x3FF));
      pos = end;
    }
    out_ += '"';
  }

  const JsonLayout& layout_;
  Budget& budget_;
  std::string out_;
};

}  // namespace

std::string json_text(const Value& value, const JsonLayout& layout, Budget& budget) {
  Writer writer(layout, budget);
  writer.value(value, 0);
  return writer.take();
}

}  // namespace hadal::jinja
