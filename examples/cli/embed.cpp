// hadal embed MODEL TEXT…: one vector for each text.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "model_options.hpp"
#include "terminal.hpp"
#include "texts.hpp"

namespace {

struct Embed {
  ModelOptions options;
  std::vector<std::string> texts;
  std::string file;
  bool query = false, document = false;
};

double product(const float* a, const float* b, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; ++i) sum += double(a[i]) * b[i];
  return sum;
}

// For people: the first numbers of each vector, and how alike the texts are.
void show(const std::vector<std::string>& texts, const std::vector<float>& vectors, size_t dim) {
  const size_t shown = std::min<size_t>(dim, 6);
  for (size_t i = 0; i < texts.size(); ++i) {
    const float* vector = vectors.data() + i * dim;
    fmt::print("{}{:2}{} {}\n   ", terminal::bold(), i + 1, terminal::plain(),
               first_line(texts[i], terminal::columns() - 4));
    for (size_t j = 0; j < shown; ++j) fmt::print("{: .4f} ", vector[j]);
    fmt::print("{}… {} numbers{}\n", terminal::dim(), dim, terminal::plain());
  }
  if (texts.size() < 2 || texts.size() > 12) return;
  fmt::print("\nCosine\n   ");
  for (size_t j = 0; j < texts.size(); ++j) fmt::print("{:6}", j + 1);
  for (size_t i = 0; i < texts.size(); ++i) {
    fmt::print("\n{:3}", i + 1);
    const float* a = vectors.data() + i * dim;
    for (size_t j = 0; j < texts.size(); ++j) {
      const float* b = vectors.data() + j * dim;
      fmt::print("{:6.2f}", product(a, b, dim) / std::sqrt(product(a, a, dim) * product(b, b, dim)));
    }
  }
  fmt::print("\n");
}

int embed(const Embed& ask) {
  const Runtime runtime = make_runtime(ask.options);
  std::vector<std::string> texts = ask.texts;
  if (!ask.file.empty()) append_lines(read_input(ask.file), texts);
  const Model model = open_model(runtime.get(), ask.options);
  const std::string options = ask.query ? "purpose=query" : ask.document ? "purpose=document" : "";
  const TextList list(texts);
  ProgressBar bar("Embedding");
  size_t size = 0;
  check(hadal_model_embed(model.get(), list.texts(), list.sizes(), texts.size(), options.c_str(), nullptr, nullptr,
                          nullptr, 0, &size));
  std::vector<float> vectors(size);
  check(hadal_model_embed(model.get(), list.texts(), list.sizes(), texts.size(), options.c_str(), show_progress, &bar,
                          vectors.data(), vectors.size(), &size));
  const size_t dim = texts.empty() ? 0 : size / texts.size();
  if (!ask.options.json) {
    show(texts, vectors, dim);
    return 0;
  }
  // Nine digits give every float back exactly; a long list is written as it goes.
  fmt::print("{{\"vectors\":[");
  for (size_t i = 0; i < texts.size(); ++i)
    fmt::print("{}[{:.9g}]", i == 0 ? "" : ",",
               fmt::join(vectors.begin() + ptrdiff_t(i * dim), vectors.begin() + ptrdiff_t((i + 1) * dim), ","));
  fmt::print("],\"dim\":{}}}\n", dim);
  return 0;
}

}  // namespace

Run add_embed(CLI::App& app) {
  auto ask = std::make_shared<Embed>();
  add_model(app, ask->options);
  app.add_option("TEXT", ask->texts, "The texts");
  app.add_option("--file", ask->file, "One text a line from a file; - is standard input");
  CLI::Option* query =
      app.add_flag("--query", ask->query, "The texts are queries: the model's prefix goes before each");
  app.add_flag("--document", ask->document, "The texts are documents: the model's prefix goes before each")
      ->excludes(query);
  add_flags(app, ask->options);
  return [ask] {
    if (ask->texts.empty() && ask->file.empty()) throw Failure("embed: TEXT or --file is required", kExitUsage);
    return embed(*ask);
  };
}
