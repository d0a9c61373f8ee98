// hadal_quantize: a model into a GGUF file of other number formats.
#include "api/handles.hpp"
#include "formats/byte_sink.hpp"
#include "formats/checkpoint.hpp"
#include "formats/quantize.hpp"
#include "generate/json_text.hpp"

using namespace hadal;
using namespace hadal::api;

namespace {

std::string report_json(const QuantizeReport& report, std::string_view type) {
  Json::Array tensors;
  for (const QuantizeError& error : report.tensors)
    tensors.push_back(Json(Json::Object{{"name", error.name},
                                        {"from", std::string(name(error.from))},
                                        {"to", std::string(name(error.to))},
                                        {"elements", error.elements},
                                        {"rmse", error.rmse},
                                        {"max", error.max},
                                        {"rms", error.rms}}));
  std::string out;
  append_json(out, Json(Json::Object{{"type", std::string(type)},
                                     {"tensor_bytes", int64_t(report.tensor_bytes)},
                                     {"tensors", Json(std::move(tensors))}}));
  return out;
}

}  // namespace

hadal_status hadal_quantize(hadal_runtime* handle, const char* in, const char* out, const char* type,
                            const char* options, hadal_progress progress, void* progress_context, char* report,
                            size_t capacity, size_t* size) {
  return guard([&]() -> hadal_status {
    check_buffer(report, capacity, "report");
    const std::string source(text_in(in, -1, "in")), target(text_in(out, -1, "out"));
    const std::string_view wanted = text_in(type, -1, "type");
    const QuantMix& mix = quant_mix(wanted);
    const std::shared_ptr<Runtime> runtime = runtime_or_default(handle, optional_text(options));
    Options merged = runtime->options();
    merged.merge(optional_text(options), OptionLevel::model);
    const auto host = std::make_shared<LimitedHost>(runtime->host(), uint64_t(merged.integer("memory_limit")));
    const auto checkpoint = open_checkpoint(host, source);
    FileSink sink(target);
    TaskRunner& runner = runtime->runner();
    const std::lock_guard computing(runtime->computing());
    const QuantizeReport result =
        quantize(host, runner, quantize_job(checkpoint), mix, sink, [&](const QuantizeProgress& p) {
          const double done = p.values > 0 ? double(p.values_done) / double(p.values) : 1;
          return !progress || progress(progress_context, "quantize", done) == 0;
        });
    sink.commit();
    return text_out(report_json(result, wanted), report, capacity, size);
  });
}
