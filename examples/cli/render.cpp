// hadal render MODEL < messages.json: the exact prompt text, nothing added.
#include <cstdio>
#include <memory>
#include <string>

#include <nlohmann/json.hpp>
#include <fmt/format.h>

#include "command.hpp"
#include "model_options.hpp"

namespace {

struct Render {
  ModelOptions options;
  std::string file = "-";
};

int render_messages(const Render& ask) {
  const Runtime runtime = make_runtime(ask.options);
  const std::string messages = read_input(ask.file);
  const Model model = open_model(runtime.get(), ask.options, "tokenizer_only=on");
  const std::string prompt = text_out([&](char* buffer, size_t capacity, size_t* size) {
    return hadal_model_render(model.get(), messages.data(), static_cast<int64_t>(messages.size()), buffer, capacity, size);
  });
  if (ask.options.json) fmt::print("{}\n", nlohmann::json{{"prompt", prompt}}.dump());
  else std::fwrite(prompt.data(), 1, prompt.size(), stdout);
  return 0;
}

}  // namespace

Run add_render(CLI::App& app) {
  auto ask = std::make_shared<Render>();
  add_model(app, ask->options);
  app.add_option("--file", ask->file, "The messages from a file instead of standard input");
  add_flags(app, ask->options);
  return [ask] { return render_messages(*ask); };
}
