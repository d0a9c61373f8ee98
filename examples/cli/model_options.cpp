#include "model_options.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "interrupt.hpp"
#include "platform.hpp"
#include "terminal.hpp"

namespace {

using Json = nlohmann::json;

constexpr const char* kDefaultModel = "SmolLM2-135M-Instruct.Q4_1.gguf";

std::string text_field(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) return "";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

std::string flag_names(const std::string& key) {
  std::string name = "--" + key;
  std::replace(name.begin(), name.end(), '_', '-');
  return key == "temperature" ? name + ",--temp" : name;
}

void add_key(CLI::App& command, ModelOptions& options, const Json& entry) {
  const std::string key = text_field(entry, "key");
  const std::string range = text_field(entry, "range"), fallback = text_field(entry, "default");
  std::string help = text_field(entry, "meaning");
  if (!range.empty()) help += fmt::format(" [{}]", range);
  if (!fallback.empty()) help += fmt::format(" (default {})", fallback);
  const auto keep = [&options, key](const std::string& value) { options.settings.emplace_back(key, value); };
  const std::string level = text_field(entry, "level");
  const std::string group = "Options of the " + (level.empty() ? std::string("library") : level);
  const std::string type = text_field(entry, "type");
  if (type == "boolean") {
    // A switch takes no argument of its own, or it would swallow the word after it: --deterministic,
    // --deterministic=off.
    command.add_flag_function(flag_names(key), [](int64_t) {}, help)->group(group)->each([keep](const std::string& value) {
      keep(value == "true" ? "on" : value == "false" ? "off" : value);
    });
    return;
  }
  CLI::Option* option = command.add_option(flag_names(key))->description(help)->type_name(type)->group(group);
  if (type == "texts") {
    // Given several times, the values become the JSON list that stands for several texts.
    auto given = std::make_shared<Json>(Json::array());
    option->each([keep, given](const std::string& value) {
      given->push_back(value);
      keep(given->size() == 1 ? value : given->dump());
    });
    option->allow_extra_args(false)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  } else {
    option->each(keep)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  }
}

void HADAL_CALL log_line(void*, int32_t, const char* text) { fmt::print(stderr, "{}\n", text); }

struct OpenProgress {
  ProgressBar bar{"Loading"};
};

int32_t HADAL_CALL show_progress(void* context, const char* stage, double done) {
  static_cast<OpenProgress*>(context)->bar.show(stage, done);
  return interrupt::asked() ? 1 : 0;
}

}  // namespace

std::string ModelOptions::value_of(const std::string& key) const {
  std::string found;
  for (const auto& [name, value] : settings)
    if (name == key) found = value;
  return found;
}

std::string ModelOptions::text() const {
  std::string text;
  for (const auto& [key, value] : settings) text += option_text(key, value) + "; ";
  return text;
}

std::string option_text(const std::string& key, const std::string& value) {
  std::string text = key + "=\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') text += '\\';
    if (c == '\n') text += "\\n";
    else if (c == '\t') text += "\\t";
    else text += c;
  }
  return text + '"';
}

void add_flags(CLI::App& command, ModelOptions& options) {
  command.add_flag("--json", options.json, "Print one JSON object");
  command.add_flag("--verbose", options.verbose, "Say on standard error what is going on, warnings included");
  command.add_option("--option", "An option of the library by its key")
      ->type_name("KEY=VALUE")
      ->each([&options](const std::string& pair) {
        const size_t equals = pair.find('=');
        if (equals == std::string::npos) throw CLI::ValidationError("--option", pair + ": expected KEY=VALUE");
        options.settings.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
      })
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  const Json keys = Json::parse(describe("options"), nullptr, false);
  for (const Json& entry : keys)
    if (entry.is_object() && entry.contains("key") && text_field(entry, "level") != "knowledge")
      add_key(command, options, entry);
}

void add_knowledge_flags(CLI::App& command, ModelOptions& options, const std::vector<std::string>& wanted) {
  const Json keys = Json::parse(describe("options"), nullptr, false);
  for (const Json& entry : keys)
    if (entry.is_object() && text_field(entry, "level") == "knowledge" &&
        std::find(wanted.begin(), wanted.end(), text_field(entry, "key")) != wanted.end())
      add_key(command, options, entry);
}

void add_model(CLI::App& command, ModelOptions& options) {
  command.add_option("MODEL", options.model, "A GGUF file, a folder with config.json, or a name in the Ollama store")->required();
}

Runtime make_runtime(const ModelOptions& options) {
  hadal_host host{};
  host.size = sizeof host;
  host.log = log_line;
  hadal_runtime* runtime = nullptr;
  if (hadal_runtime_create(options.verbose ? &host : nullptr, options.text().c_str(), &runtime) < 0)
    throw Failure(hadal_last_error(), kExitUsage);
  return Runtime(runtime);
}

Model open_model(hadal_runtime* runtime, const ModelOptions& options, const std::string& extra) {
  OpenProgress progress;
  hadal_model* opened = nullptr;
  check(hadal_model_open_progress(runtime, options.model.c_str(), extra.c_str(), show_progress, &progress, &opened));
  Model model(opened);
  note(options, model_get_or_empty(opened, "note"));
  // Somebody who waits should know why; a script asks `plan`.
  const std::string memory = model_get_or_empty(opened, "memory_note");
  if (!memory.empty() && (options.verbose || terminal::is_error())) fmt::print(stderr, "{}\n", memory);
  return model;
}

Session make_session(hadal_model* model, const std::string& extra) {
  hadal_session* session = nullptr;
  check(hadal_session_create(model, extra.c_str(), &session));
  return Session(session);
}

void note(const ModelOptions& options, const std::string& sentence) {
  if (options.verbose && !sentence.empty()) fmt::print(stderr, "{}\n", sentence);
}

std::string default_model() { return platform::cached_file(kDefaultModel); }

std::string read_input(const std::string& path) {
  std::FILE* file = path == "-" ? stdin : platform::open_file(path, "rb");
  if (file == nullptr) throw Failure(fmt::format("{}: cannot be read: {}", path, std::strerror(errno)));
  std::string text;
  char block[65536];
  errno = 0;
  for (size_t n; (n = std::fread(block, 1, sizeof block, file)) > 0;) text.append(block, n);
  const bool failed = std::ferror(file) != 0;
  const int reason = errno;
  if (file != stdin) std::fclose(file);
  if (interrupt::asked()) throw Failure("interrupted", kExitInterrupted);
  if (failed) throw Failure(fmt::format("{}: cannot be read: {}", path == "-" ? "standard input" : path, std::strerror(reason)));
  return text;
}

void write_output(const std::string& path, std::string_view bytes) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(platform::open_file(path, "wb"), std::fclose);
  if (!file || std::fwrite(bytes.data(), 1, bytes.size(), file.get()) != bytes.size() || std::fflush(file.get()) != 0)
    throw Failure(fmt::format("{}: cannot be written: {}", path, std::strerror(errno)));
}
