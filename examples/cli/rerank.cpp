// hadal rerank MODEL QUERY TEXT…: the texts by how well they answer the query.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "model_options.hpp"
#include "terminal.hpp"
#include "texts.hpp"

namespace {

struct Rerank {
  ModelOptions options;
  std::string query, file;
  std::vector<std::string> texts;
};

int rerank(const Rerank& ask) {
  const Runtime runtime = make_runtime(ask.options);
  std::vector<std::string> texts = ask.texts;
  if (!ask.file.empty()) append_lines(read_input(ask.file), texts);
  const Model model = open_model(runtime.get(), ask.options);
  const TextList list(texts);
  std::vector<float> scores(texts.size());
  size_t size = 0;
  {
    ProgressBar bar("Ranking");
    check(hadal_model_rerank(model.get(), ask.query.data(), static_cast<int64_t>(ask.query.size()), list.texts(),
                             list.sizes(), texts.size(), "", show_progress, &bar, scores.data(), scores.size(), &size));
  }
  std::vector<size_t> order(texts.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return scores[a] > scores[b]; });
  if (ask.options.json) {
    nlohmann::ordered_json ranked = nlohmann::ordered_json::array();
    for (const size_t i : order) ranked.push_back({{"text", i}, {"score", scores[i]}});
    fmt::print("{}\n", nlohmann::ordered_json{{"scores", scores}, {"ranked", ranked}}.dump());
    return 0;
  }
  for (const size_t i : order)
    fmt::print("{}{:9.4f}{}  {}\n", terminal::bold(), scores[i], terminal::plain(),
               first_line(texts[i], terminal::columns() - 12));
  return 0;
}

}  // namespace

Run add_rerank(CLI::App& app) {
  auto ask = std::make_shared<Rerank>();
  add_model(app, ask->options);
  app.add_option("QUERY", ask->query, "What is asked")->required();
  app.add_option("TEXT", ask->texts, "The texts");
  app.add_option("--file", ask->file, "One text a line from a file; - is standard input");
  add_flags(app, ask->options);
  return [ask] {
    if (ask->texts.empty() && ask->file.empty()) throw Failure("rerank: TEXT or --file is required", kExitUsage);
    return rerank(*ask);
  };
}
