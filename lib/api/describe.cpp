#include "api/describe.hpp"

#include <array>
#include <cmath>

#include "api/cpu_info.hpp"
#include "api/knowledge_options.hpp"
#include "core/message.hpp"
#include "core/status.hpp"
#include "core/system.hpp"
#include "core/thread_pool.hpp"
#include "generate/json_text.hpp"
#include "generate/options.hpp"
#include "graph/backend.hpp"
#include "graph/probe.hpp"
#include "hadal/hadal.h"

namespace hadal::api {
namespace {

std::string text_of(Json value) {
  std::string out;
  append_json(out, value);
  return out;
}

Json text(std::string_view value) { return Json(std::string(value)); }

std::string_view compiler() {
#if defined(__clang__)
  return "clang " __clang_version__;
#elif defined(__GNUC__)
  return "gcc " __VERSION__;
#else
  return "unknown";
#endif
}

std::string build() {
  Json::Array parts;
  for (const BackendEntry& entry : backend_list()) parts.push_back(text(message("backend ", entry.name)));
#if defined(HADAL_HAS_JSON)
  parts.push_back(text("json"));
#endif
  return text_of(Json(Json::Object{{"version", text(hadal_version())},
                                   {"abi", int64_t(HADAL_ABI)},
                                   {"compiler", text(compiler())},
                                   {"pointer_bits", int64_t(sizeof(void*) * 8)},
                                   {"parts", Json(std::move(parts))}}));
}

// Levels are asked of the backend itself: what it refuses to make cannot run here.
bool usable(const BackendEntry& entry, std::string_view level) {
  BackendOptions options;
  options.cpu = level;
  if (entry.name == "reference") options.cache_type = Dtype::f32;
  try {
    return entry.make(options) != nullptr;
  } catch (const Error&) {
    return false;
  }
}

Json::Array usable_levels() {
  constexpr std::array<std::string_view, 3> kLevels = {"scalar", "avx2", "avx512"};
  Json::Array out;
  for (const BackendEntry& entry : backend_list()) {
    if (entry.name != "cpu" || !entry.usable()) continue;
    for (const std::string_view level : kLevels)
      if (usable(entry, level)) out.push_back(text(level));
  }
  return out;
}

std::string cpu() {
  const CpuInfo found = cpu_info();
  Json::Array features;
  for (const std::string& feature : found.features) features.push_back(text(feature));
  Json::Array levels = usable_levels();
  Json chosen = levels.empty() ? text("scalar") : levels.back();
  return text_of(Json(Json::Object{{"name", text(found.name)},
                                   {"cores", int64_t(usable_processors())},
                                   {"features", Json(std::move(features))},
                                   {"levels", Json(std::move(levels))},
                                   {"level", std::move(chosen)}}));
}

std::string devices() {
  Json::Array out;
  for (const BackendEntry& entry : backend_list())
    out.push_back(Json(Json::Object{{"name", text(entry.name)}, {"usable", entry.usable() && usable(entry, "")}}));
  return text_of(Json(std::move(out)));
}

std::string range_of(const OptionInfo& option) {
  std::string out;
  switch (option.type) {
    case OptionType::integer: case OptionType::number: case OptionType::bytes:
      return message(option.least, " to ", option.most);
    case OptionType::boolean: return "on, off";
    case OptionType::choice:
      for (const char c : option.choices) {
        if (c == ' ') out += ',';
        out += c;
      }
      return out;
    default: return out;
  }
}

std::string options() {
  Json::Array out;
  for (const auto& table : {option_table(), knowledge_keys()})
    for (const OptionInfo& option : table)
      out.push_back(Json(Json::Object{{"key", text(option.key)},
                                      {"level", text(name_of(option.level))},
                                      {"type", text(name_of(option.type))},
                                      {"range", text(range_of(option))},
                                      {"default", text(option.initial)},
                                      {"meaning", text(option.meaning)}}));
  return text_of(Json(std::move(out)));
}

std::string licences() {
  Json::Array out;
  const auto add = [&](std::string_view part, std::string_view licence, std::string_view use) {
    out.push_back(Json(Json::Object{{"part", text(part)}, {"licence", text(licence)}, {"use", text(use)}}));
  };
  add("hadal", "Apache-2.0", "this library");
  add("Unicode character data", "Unicode-3.0", "tables of the tokenizers and templates");
#if defined(HADAL_HAS_JSON)
  add("nlohmann-json", "MIT", "reading JSON");
#endif
#if defined(HADAL_HAS_EIGEN)
  add("Eigen", "MPL-2.0", "matrix products of the reference backend");
#endif
  return text_of(Json(std::move(out)));
}

// "threads=2;cpu=avx2" after "probe:".
std::string probe(std::string_view settings) {
  Options wanted;
  wanted.merge(settings, OptionLevel::runtime);
  const int64_t threads = wanted.integer("threads");
  const std::string_view level = wanted.get("cpu");
  ThreadPool pool(threads > 0 ? int(threads) : usable_processors());
  const auto host = system_host();
  const ProbeResult found = probe_machine(host, pool, level == "auto" ? "" : level);
  return text_of(Json(Json::Object{{"threads", int64_t(pool.concurrency())},
                                   {"read_gbs", std::round(found.read_gbs * 1000) / 1000},
                                   {"int8_gops", std::round(found.int8_gops * 100) / 100},
                                   {"level", text(found.level)}}));
}

}  // namespace

std::string describe(std::string_view topic) {
  constexpr std::array<std::string_view, 6> kTopics = {"build", "cpu", "devices", "options", "licences", "probe"};
  if (topic == "build") return build();
  if (topic == "cpu") return cpu();
  if (topic == "devices") return devices();
  if (topic == "options") return options();
  if (topic == "licences") return licences();
  if (topic == "probe") return probe({});
  if (topic.starts_with("probe:")) return probe(topic.substr(6));
  const std::string_view near = nearest(topic, kTopics);
  throw Error(Status::not_found, message("no topic ", quoted(topic),
                                         near.empty() ? "" : message("; the nearest is ", quoted(near))));
}

}  // namespace hadal::api
