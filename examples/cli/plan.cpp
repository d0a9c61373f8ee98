// hadal plan MODEL --context N: the bytes it will take, from the headers alone.
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "byte_size.hpp"
#include "command.hpp"
#include "model_options.hpp"
#include "terminal.hpp"

namespace {

struct Choice {
  std::string option;   // as --option takes it
  hadal_plan plan;
};

// The same model with the longest context that fits, then with other weights, largest first.
std::vector<Choice> smaller_choices(hadal_runtime* runtime, const ModelOptions& options, const hadal_plan& asked) {
  std::vector<Choice> smaller;
  // What cannot be planned, a type this model's rows do not divide into say, is no choice.
  const auto consider = [&](const std::string& option) {
    Choice choice{option, {}};
    choice.plan.size = sizeof choice.plan;
    const bool planned = hadal_model_plan(runtime, options.model.c_str(), option.c_str(), &choice.plan) == HADAL_OK;
    if (planned && choice.plan.total < asked.total) smaller.push_back(choice);
    return planned && choice.plan.fits != 0;
  };
  for (int64_t context = asked.context / 2; context >= 256; context /= 2)
    if (consider(fmt::format("context={}", context))) break;
  for (const char* type : {"auto", "q8_0", "q6_k", "q5_k_m", "q4_k_m", "q3_k_m", "q2_k"})
    consider(fmt::format("weights={}", type));
  return smaller;
}

void say_what_would_fit(const std::vector<Choice>& smaller) {
  const char* before = "What would fit:";
  for (const Choice& choice : smaller) {
    if (choice.plan.fits == 0) continue;
    fmt::print("{:15} --option {} ({}{})\n", before, choice.option, byte_text(choice.plan.total),
               choice.plan.experts_in_file != 0 ? ", experts read from the file, slower" : "");
    before = "";
  }
  if (*before == '\0') return;
  const Choice* least = nullptr;
  for (const Choice& choice : smaller)
    if (least == nullptr || choice.plan.total < least->plan.total) least = &choice;
  if (least == nullptr)
    fmt::print("Nothing smaller can be made of it.\n");
  else
    fmt::print("Nothing smaller would fit either; the least is --option {} with {}.\n", least->option,
               byte_text(least->plan.total));
}

int plan_model(const ModelOptions& options) {
  const Runtime runtime = make_runtime(options);
  hadal_plan plan{};
  plan.size = sizeof plan;
  check(hadal_model_plan(runtime.get(), options.model.c_str(), "", &plan));
  const auto smaller = plan.fits != 0 ? std::vector<Choice>{} : smaller_choices(runtime.get(), options, plan);
  if (options.json) {
    auto would_fit = nlohmann::ordered_json::array();
    for (const Choice& choice : smaller)
      if (choice.plan.fits != 0) would_fit.push_back({{"option", choice.option}, {"total", choice.plan.total}});
    fmt::print("{}\n", nlohmann::ordered_json{{"weights", plan.weights}, {"packed", plan.packed}, {"cache", plan.cache},
                                              {"arena", plan.arena}, {"total", plan.total},
                                              {"available", plan.available}, {"fits", plan.fits != 0},
                                              {"context", plan.context}, {"parameters", plan.parameters},
                                              {"experts", plan.experts}, {"experts_kept", plan.experts_kept},
                                              {"experts_in_file", plan.experts_in_file},
                                              {"would_fit", would_fit}}.dump());
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
  if (plan.fits == 0) say_what_would_fit(smaller);
  if (plan.experts_in_file != 0)
    fmt::print("It runs from the file: {} % of the experts stay in memory, the others make it slower;\n"
               "all of it in memory would take {}.\n",
               plan.experts_kept * 100 / plan.experts, byte_text(plan.total + plan.experts_in_file));
  return 0;
}

}  // namespace

Run add_plan(CLI::App& app) {
  auto options = std::make_shared<ModelOptions>();
  add_model(app, *options);
  add_flags(app, *options);
  return [options] { return plan_model(*options); };
}
