// hadal info MODEL: what a model file holds.
#include <cstdlib>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "byte_size.hpp"
#include "command.hpp"
#include "model_options.hpp"
#include "terminal.hpp"

namespace {

using Json = nlohmann::ordered_json;

struct Info {
  ModelOptions options;
  bool no_tensors = false;
};

constexpr const char* kTextFacts[] = {"name",          "architecture", "family", "license", "quantization",
                                      "pre_tokenizer", "backend",      "cpu",    "hash",    "note"};
constexpr const char* kNumberFacts[] = {"parameters", "active_parameters", "context",      "layers",  "hidden",
                                        "vocabulary", "weights_bytes",     "packed_bytes", "cache_bytes_per_token"};

Json number_or_text(const std::string& value) {
  char* end = nullptr;
  const long long number = std::strtoll(value.c_str(), &end, 10);
  if (value.empty()) return nullptr;
  return *end == '\0' ? Json(number) : Json(value);
}

Json parsed(const std::string& text) {
  Json value = Json::parse(text, nullptr, false);
  return value.is_discarded() ? Json(text) : value;
}

std::string count_text(const Json& count) {
  if (!count.is_number()) return count.is_string() ? count.get<std::string>() : "?";
  const double value = count.get<double>();
  if (value >= 1e9) return fmt::format("{:.2f} billion", value / 1e9);
  if (value >= 1e6) return fmt::format("{:.1f} million", value / 1e6);
  return fmt::format("{:.0f}", value);
}

Json facts_of(hadal_model* model) {
  Json facts;
  for (const char* key : kTextFacts) facts[key] = model_get_or_empty(model, key);
  for (const char* key : kNumberFacts) facts[key] = number_or_text(model_get_or_empty(model, key));
  facts["chat_template"] = model_get_or_empty(model, "chat_template");
  facts["tensors"] = parsed(model_get_or_empty(model, "tensors"));
  facts["metadata"] = parsed(model_get_or_empty(model, "metadata"));
  return facts;
}

void print_tensors(const Json& tensors) {
  if (!tensors.is_array()) return;
  fmt::print("\n{}{} tensors{}\n", terminal::bold(), tensors.size(), terminal::plain());
  for (const Json& tensor : tensors)
    fmt::print("  {:44} {:8} {:20} {:>12}\n", tensor.value("name", ""), tensor.value("dtype", ""),
               tensor.contains("shape") ? tensor["shape"].dump() : "", byte_text(tensor.value("bytes", uint64_t{0})));
}

uint64_t stored_bytes(const Json& tensors) {
  uint64_t sum = 0;
  if (tensors.is_array())
    for (const Json& tensor : tensors) sum += tensor.value("bytes", uint64_t{0});
  return sum;
}

int print_info(const Info& ask) {
  const Runtime runtime = make_runtime(ask.options);
  const Model model = open_model(runtime.get(), ask.options);
  const Json facts = facts_of(model.get());
  if (ask.options.json) {
    fmt::print("{}\n", facts.dump(-1, ' ', false, Json::error_handler_t::replace));
    return 0;
  }
  const auto row = [](const char* name, const std::string& value) {
    if (!value.empty()) fmt::print("{}{:14}{} {}\n", terminal::dim(), name, terminal::plain(), value);
  };
  const auto text = [&](const char* key) { return facts[key].get<std::string>(); };
  const auto bytes = [&](const char* key) {
    return facts[key].is_number() ? byte_text(facts[key].get<uint64_t>()) : std::string();
  };
  row("name", text("name"));
  row("architecture", text("architecture"));
  row("family", text("family"));
  const bool mixture = facts["active_parameters"] != facts["parameters"];
  row("parameters", count_text(facts["parameters"]) +
                        (mixture ? fmt::format(", {} active for a token", count_text(facts["active_parameters"])) : ""));
  row("quantisation", text("quantization"));
  row("weights", byte_text(stored_bytes(facts["tensors"])));
  row("context", count_text(facts["context"]) + " tokens");
  // Of models that embed or rank; they keep no cache.
  const std::string dimension = model_get_or_empty(model.get(), "dimension");
  if (dimension.empty())
    row("cache", bytes("cache_bytes_per_token") + " a token");
  else
    row("vectors", fmt::format("{} of texts up to {} tokens{}", dimension == "1" ? "scores" : dimension + " numbers",
                               model_get(model.get(), "max_tokens_per_text"),
                               dimension == "1" ? "" : ", pooling " + model_get(model.get(), "pooling")));
  row("query prefix", model_get_or_empty(model.get(), "query_prefix"));
  row("text prefix", model_get_or_empty(model.get(), "document_prefix"));
  row("layers", fmt::format("{} of width {}", count_text(facts["layers"]), count_text(facts["hidden"])));
  row("vocabulary", fmt::format("{}, {}", count_text(facts["vocabulary"]), text("pre_tokenizer")));
  row("licence", text("license").empty() ? "not stated in the file" : text("license"));
  row("hash", text("hash"));
  row("backend", text("cpu").empty() ? text("backend") : fmt::format("{} ({})", text("backend"), text("cpu")));
  row("note", text("note"));
  if (const std::string source = text("chat_template"); !source.empty())
    fmt::print("\n{}template{}\n{}\n", terminal::bold(), terminal::plain(), source);
  else if (dimension.empty())
    row("template", "none");
  if (!ask.no_tensors) print_tensors(facts["tensors"]);
  return 0;
}

}  // namespace

Run add_info(CLI::App& app) {
  auto ask = std::make_shared<Info>();
  add_model(app, ask->options);
  app.add_flag("--no-tensors", ask->no_tensors, "Leave the tensor table out");
  add_flags(app, ask->options);
  return [ask] { return print_info(*ask); };
}
