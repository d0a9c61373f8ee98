// hadal quantize IN OUT TYPE: any source to any block type, with what it cost in accuracy.
#include <algorithm>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "byte_size.hpp"
#include "command.hpp"
#include "interrupt.hpp"
#include "model_options.hpp"
#include "terminal.hpp"

namespace {

using Json = nlohmann::ordered_json;

// Asking for the report's size first would do the whole work twice, so there is room for any.
constexpr size_t kReportBytes = size_t{32} << 20;

struct Quantize {
  ModelOptions options;   // model is IN
  std::string out, type;
};

int32_t HADAL_CALL show_progress(void* bar, const char* stage, double done) {
  static_cast<ProgressBar*>(bar)->show(stage, done);
  return interrupt::asked() ? 1 : 0;
}

void print_report(const Json& report) {
  const Json& tensors = report.is_array() ? report : report.value("tensors", Json::array());
  for (const Json& tensor : tensors) {
    fmt::print("{:44}", tensor.value("name", ""));
    for (const auto& [key, value] : tensor.items()) {
      if (key == "name") continue;
      if (value.is_number_float()) fmt::print("  {} {:.3g}", key, value.get<double>());
      else fmt::print("  {} {}", key, value.is_string() ? value.get<std::string>() : value.dump());
    }
    fmt::print("\n");
  }
  if (report.is_object())
    for (const auto& [key, value] : report.items())
      if (!value.is_structured()) fmt::print("{}  {}\n", key, value.is_string() ? value.get<std::string>() : value.dump());
}

int quantize_model(Quantize& ask) {
  std::transform(ask.type.begin(), ask.type.end(), ask.type.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  const Runtime runtime = make_runtime(ask.options);
  std::string report(kReportBytes, '\0');
  size_t size = 0;
  {
    ProgressBar bar("Quantizing");
    check(hadal_quantize(runtime.get(), ask.options.model.c_str(), ask.out.c_str(), ask.type.c_str(), "", show_progress,
                         &bar, report.data(), report.size(), &size));
  }
  report.resize(std::min(size, report.size()));
  Json parsed = Json::parse(report, nullptr, false);
  if (parsed.is_discarded()) parsed = Json::object();
  if (ask.options.json) fmt::print("{}\n", parsed.dump());
  else print_report(parsed);
  return 0;
}

}  // namespace

Run add_quantize(CLI::App& app) {
  auto ask = std::make_shared<Quantize>();
  app.add_option("IN", ask->options.model, "A GGUF file or a folder with config.json and safetensors")->required();
  app.add_option("OUT", ask->out, "The GGUF file to write")->required();
  app.add_option("TYPE", ask->type, "Block type of the weights: Q4_K, Q8_0, F16, BF16, F32, ...")->required();
  add_flags(app, ask->options);
  return [ask] { return quantize_model(*ask); };
}
