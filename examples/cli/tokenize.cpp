// hadal tokenize MODEL TEXT: the ids on one line.
#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "model_options.hpp"

namespace {

struct Tokenize {
  ModelOptions options;
  std::string text, file;
  bool special = false, pieces = false;
};

std::string spelling(hadal_model* model, int32_t id) {
  return text_out([&](char* buffer, size_t capacity, size_t* size) {
    return hadal_model_token_text(model, id, HADAL_SPELLING, buffer, capacity, size);
  });
}

int tokenize_text(const Tokenize& ask) {
  const Runtime runtime = make_runtime(ask.options);
  const std::string text = ask.file.empty() ? ask.text : read_input(ask.file);
  const Model model = open_model(runtime.get(), ask.options, "tokenizer_only=on");
  const std::vector<int32_t> ids = tokenize(model.get(), text, ask.special ? HADAL_SPECIAL : 0);

  if (ask.options.verbose) {
    const std::string back = detokenize(model.get(), ids, 0);
    if (back != text)
      note(ask.options, fmt::format("the ids give back {} bytes where the text had {}: this tokenizer normalises, or its "
                                    "vocabulary lacks some bytes", back.size(), text.size()));
  }
  if (ask.options.json) {
    nlohmann::ordered_json out{{"ids", ids}};
    if (ask.pieces)
      for (const int32_t id : ids) out["pieces"].push_back(spelling(model.get(), id));
    fmt::print("{}\n", out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  } else if (ask.pieces) {
    for (const int32_t id : ids) fmt::print("{}\t{}\n", id, spelling(model.get(), id));
  } else {
    fmt::print("{}\n", fmt::join(ids, ","));
  }
  return 0;
}

}  // namespace

Run add_tokenize(CLI::App& app) {
  auto ask = std::make_shared<Tokenize>();
  add_model(app, ask->options);
  CLI::Option* text = app.add_option("TEXT", ask->text, "The text");
  CLI::Option* file = app.add_option("--file", ask->file, "The text from a file; - is standard input")->excludes(text);
  app.add_flag("--special", ask->special, "The texts of special tokens become those tokens");
  app.add_flag("--pieces", ask->pieces, "One line for each token: its id and how the vocabulary spells it");
  add_flags(app, ask->options);
  return [ask, text, file] {
    if (text->empty() && file->empty()) throw Failure("tokenize: TEXT or --file is required", kExitUsage);
    return tokenize_text(*ask);
  };
}
