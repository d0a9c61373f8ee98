// hadal detokenize MODEL IDS: the exact text of the ids, nothing added.
#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "id_list.hpp"
#include "model_options.hpp"

namespace {

struct Detokenize {
  ModelOptions options;
  std::vector<std::string> ids;
  std::string file;
  bool skip_special = false;
};

int detokenize_ids(const Detokenize& ask) {
  const std::vector<int32_t> ids = parse_ids(ask.file.empty() ? fmt::format("{}", fmt::join(ask.ids, " ")) : read_input(ask.file));
  const Runtime runtime = make_runtime(ask.options);
  const Model model = open_model(runtime.get(), ask.options, "tokenizer_only=on");
  const std::string text = detokenize(model.get(), ids, ask.skip_special ? HADAL_SKIP_SPECIAL : 0);
  if (ask.options.json) fmt::print("{}\n", nlohmann::json{{"text", text}}.dump());
  else std::fwrite(text.data(), 1, text.size(), stdout);
  return 0;
}

}  // namespace

Run add_detokenize(CLI::App& app) {
  auto ask = std::make_shared<Detokenize>();
  add_model(app, ask->options);
  CLI::Option* ids = app.add_option("IDS", ask->ids, "Ids separated by commas or spaces");
  CLI::Option* file = app.add_option("--file", ask->file, "The ids from a file; - is standard input")->excludes(ids);
  app.add_flag("--skip-special", ask->skip_special, "Leave special tokens out");
  add_flags(app, ask->options);
  return [ask, ids, file] {
    if (ids->empty() && file->empty()) throw Failure("detokenize: IDS or --file is required", kExitUsage);
    return detokenize_ids(*ask);
  };
}
