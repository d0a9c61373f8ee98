// hadal score MODEL --file F: how well the model predicts a text.
#include <cmath>
#include <memory>
#include <numbers>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "model_options.hpp"

namespace {

struct Score {
  ModelOptions options;
  std::string text, file;
  bool special = false;
};

int score_text(const Score& ask) {
  const Runtime runtime = make_runtime(ask.options);
  const std::string text = ask.file.empty() ? ask.text : read_input(ask.file);
  const Model model = open_model(runtime.get(), ask.options);
  const Session session = make_session(model.get());
  double log_probability = 0;
  int64_t tokens = 0;
  check(hadal_session_score(session.get(), text.data(), static_cast<int64_t>(text.size()), ask.special ? HADAL_SPECIAL : 0,
                            &log_probability, &tokens));
  if (tokens <= 0) throw Failure("score: the text has no token to predict");
  const double perplexity = std::exp(-log_probability / static_cast<double>(tokens));
  const double bits_per_byte = -log_probability / std::numbers::ln2 / static_cast<double>(text.size());
  if (ask.options.json)
    fmt::print("{}\n", nlohmann::ordered_json{{"perplexity", perplexity}, {"bits_per_byte", bits_per_byte},
                                              {"tokens", tokens}, {"bytes", text.size()},
                                              {"log_probability", log_probability}}.dump());
  else
    fmt::print("perplexity     {:.4f}\nbits per byte  {:.4f}\ntokens         {}\nbytes          {}\n", perplexity,
               bits_per_byte, tokens, text.size());
  return 0;
}

}  // namespace

Run add_score(CLI::App& app) {
  auto ask = std::make_shared<Score>();
  add_model(app, ask->options);
  CLI::Option* text = app.add_option("--text", ask->text, "The text");
  CLI::Option* file = app.add_option("--file", ask->file, "The text from a file; - is standard input")->excludes(text);
  app.add_flag("--special", ask->special, "The texts of special tokens are those tokens");
  add_flags(app, ask->options);
  return [ask, text, file] {
    if (text->empty() && file->empty()) throw Failure("score: --file or --text is required", kExitUsage);
    return score_text(*ask);
  };
}
