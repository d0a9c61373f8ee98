// hadal plan MODEL --context N: the bytes it will take, from the headers alone.
#include <memory>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "byte_size.hpp"
#include "command.hpp"
#include "model_options.hpp"
#include "terminal.hpp"

namespace {

int plan_model(const ModelOptions& options) {
  const Runtime runtime = make_runtime(options);
  hadal_plan plan{};
  plan.size = sizeof plan;
  check(hadal_model_plan(runtime.get(), options.model.c_str(), "", &plan));
  if (options.json) {
    fmt::print("{}\n", nlohmann::ordered_json{{"weights", plan.weights}, {"packed", plan.packed}, {"cache", plan.cache},
                                              {"arena", plan.arena}, {"total", plan.total},
                                              {"available", plan.available}, {"fits", plan.fits != 0},
                                              {"context", plan.context}, {"parameters", plan.parameters},
                                              {"experts", plan.experts}, {"experts_kept", plan.experts_kept},
                                              {"experts_in_file", plan.experts_in_file}}.dump());
    return 0;
  }
  const auto row = [](const char* name, uint64_t bytes, const std::string& meaning) {
    fmt::print("{:9} {:>10}  {:>16}  {}{}{}\n", name, byte_text(bytes), bytes, terminal::dim(), meaning, terminal::plain());
  };
  row("weights", plan.weights, "read where they lie in the file");
  row("packed", plan.packed, "weights rearranged for speed");
  row("cache", plan.cache, fmt::format("one session of {} tokens", plan.context));
  row("arena", plan.arena, "working memory of a run");
  if (plan.experts_in_file != 0)
    row("in file", plan.experts_in_file, "experts beyond that, read whenever they are used");
  fmt::print("{}", terminal::bold());
  row("total", plan.total, "");
  fmt::print("{}", terminal::plain());
  if (plan.available != 0)
    fmt::print("It {} this machine: {} could be used now.\n", plan.fits != 0 ? "fits" : "does not fit", byte_text(plan.available));
  else
    fmt::print("It {}.\n", plan.fits != 0 ? "fits the limit" : "does not fit the limit");
  if (plan.experts_in_file != 0)
    fmt::print("It runs from the file: {} % of the experts stay in memory, the others make it slower.\n",
               plan.experts_kept * 100 / plan.experts);
  return 0;
}

}  // namespace

Run add_plan(CLI::App& app) {
  auto options = std::make_shared<ModelOptions>();
  add_model(app, *options);
  add_flags(app, *options);
  return [options] { return plan_model(*options); };
}
