#include "generate/json_text.hpp"

#include <cmath>

#include "core/message.hpp"

namespace hadal {

void append_json(std::string& out, std::string_view text) {
  constexpr char kDigits[] = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7F) {
      out += "\\u00";
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

void append_json(std::string& out, const Json& value) {   // as deep as parse_json() lets a value be
  if (const bool* flag = value.as_bool()) {
    out += *flag ? "true" : "false";
  } else if (const int64_t* integer = value.as_integer()) {
    append_to(out, *integer);
  } else if (const double* number = value.as_double()) {
    if (std::isfinite(*number)) append_to(out, *number);
    else out += "null";
  } else if (const std::string* text = value.as_string()) {
    append_json(out, std::string_view(*text));
  } else if (const Json::Array* list = value.as_array()) {
    out += '[';
    for (const Json& item : *list) {
      if (&item != list->data()) out += ',';
      append_json(out, item);
    }
    out += ']';
  } else if (const Json::Object* object = value.as_object()) {
    out += '{';
    for (const auto& member : *object) {
      if (&member != object->data()) out += ',';
      append_json(out, std::string_view(member.first));
      out += ':';
      append_json(out, member.second);
    }
    out += '}';
  } else {
    out += "null";
  }
}

}  // namespace hadal
