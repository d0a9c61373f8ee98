#include <algorithm>
#include <chrono>

#include "chat/chat.hpp"
#include "chat/interpreter.hpp"
#include "chat/template_parser.hpp"

namespace hadal {
namespace {

// Bytes of all texts, with a bound on the nesting: Json made by hand may be deeper than any parser would allow.
uint64_t text_bytes(const Json& json, int depth) {
  if (depth > 180) throw Error(Status::invalid_argument, "the template's variables are nested deeper than 180");
  uint64_t total = 0;
  if (const std::string* text = json.as_string()) total += text->size();
  if (const Json::Array* array = json.as_array())
    for (const Json& item : *array) total += 8 + text_bytes(item, depth + 1);
  if (const Json::Object* object = json.as_object())
    for (const auto& [key, value] : *object) total += 8 + key.size() + text_bytes(value, depth + 1);
  return total;
}

int64_t system_seconds() {
  using namespace std::chrono;
  return duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace

struct ChatTemplate::Program {
  jinja::Block body;
};

ChatTemplate::ChatTemplate(std::string_view source)
    : program_(std::make_unique<Program>(Program{jinja::parse_template(source)})) {}
ChatTemplate::~ChatTemplate() = default;
ChatTemplate::ChatTemplate(ChatTemplate&&) noexcept = default;
ChatTemplate& ChatTemplate::operator=(ChatTemplate&&) noexcept = default;

std::string ChatTemplate::render(const Json& variables) const { return render(variables, system_seconds()); }

std::string ChatTemplate::render(const Json& variables, int64_t local_seconds) const {
  if (!variables.as_object()) throw Error(Status::invalid_argument, "expected an object of template variables");
  jinja::Budget budget(text_bytes(variables, 0));
  const jinja::Value values = jinja::from_json(variables, budget);
  jinja::Interpreter interpreter(budget, local_seconds);
  return interpreter.run(program_->body, values);
}

}  // namespace hadal
