// hadal logits MODEL --ids 1,2,3 --out F.npy: float32 [tokens, vocab], the row after each token.
#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "id_list.hpp"
#include "interrupt.hpp"
#include "model_options.hpp"
#include "npy.hpp"
#include "terminal.hpp"

namespace {

// Rows kept in memory at a time when the caller names no chunk.
constexpr size_t kDefaultRows = 256;

struct Logits {
  ModelOptions options;
  std::string ids, text, file, out;
  bool special = false;
};

std::vector<int32_t> wanted_ids(const Logits& ask, hadal_model* model) {
  if (!ask.ids.empty()) return parse_ids(ask.ids);
  return tokenize(model, ask.file.empty() ? ask.text : read_input(ask.file), ask.special ? HADAL_SPECIAL : 0);
}

int write_logits(const Logits& ask) {
  const Runtime runtime = make_runtime(ask.options);
  if (!ask.ids.empty()) parse_ids(ask.ids);   // a typing mistake is found before the model is loaded
  const Model model = open_model(runtime.get(), ask.options);
  const std::vector<int32_t> ids = wanted_ids(ask, model.get());
  if (ids.empty()) throw Failure("logits: there are no tokens");

  std::string session_options = "logits=all";
  if (ask.options.value_of("context").empty()) {
    // Room for all of them, even where the default context is shorter.
    session_options += fmt::format("; context={}", ids.size());
  }
  const Session session = make_session(model.get(), session_options);
  const std::string chunk = ask.options.value_of("chunk");
  const size_t step = chunk.empty() ? kDefaultRows : static_cast<size_t>(std::max(1L, std::atol(chunk.c_str())));

  std::optional<NpyWriter> file;
  std::vector<float> rows;
  size_t vocabulary = 0;
  ProgressBar bar("Logits");
  for (size_t done = 0; done < ids.size();) {
    if (interrupt::asked()) throw Failure("interrupted", kExitInterrupted);
    const size_t count = std::min(step, ids.size() - done);
    check(hadal_session_add_tokens(session.get(), ids.data() + done, count));
    size_t size = 0;
    check(hadal_session_logits(session.get(), nullptr, 0, &size));
    if (!file) {
      vocabulary = size / count;
      file.emplace(ask.out, static_cast<int64_t>(ids.size()), static_cast<int64_t>(vocabulary));
    }
    if (size != count * vocabulary)
      throw Failure(fmt::format("logits: expected {} rows of {}, found {} values", count, vocabulary, size));
    rows.resize(size);
    check(hadal_session_logits(session.get(), rows.data(), rows.size(), &size));
    file->write(rows);
    done += count;
    bar.show("tokens", static_cast<double>(done) / static_cast<double>(ids.size()));
  }
  file->finish();
  if (ask.options.json)
    fmt::print("{}\n", nlohmann::ordered_json{{"tokens", ids.size()}, {"vocab", vocabulary}, {"out", ask.out}}.dump());
  return 0;
}

}  // namespace

Run add_logits(CLI::App& app) {
  auto ask = std::make_shared<Logits>();
  add_model(app, ask->options);
  CLI::Option* ids = app.add_option("--ids", ask->ids, "The tokens, separated by commas");
  CLI::Option* text = app.add_option("--text", ask->text, "The tokens of this text")->excludes(ids);
  CLI::Option* file = app.add_option("--file", ask->file, "The tokens of a file's text; - is standard input")->excludes(ids, text);
  app.add_flag("--special", ask->special, "The texts of special tokens become those tokens");
  app.add_option("--out", ask->out, "The .npy file to write")->required();
  add_flags(app, ask->options);
  return [ask, ids, text, file] {
    if (ids->empty() && text->empty() && file->empty())
      throw Failure("logits: --ids, --text or --file is required", kExitUsage);
    return write_logits(*ask);
  };
}
