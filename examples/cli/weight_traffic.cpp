#include "weight_traffic.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace {

using Json = nlohmann::json;

bool holds(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// The first number of the metadata whose key ends in one of these names (GGUF and config.json spell them differently).
double metadata_number(const Json& metadata, std::initializer_list<std::string_view> names) {
  if (!metadata.is_object()) return 0;
  for (const auto& [key, value] : metadata.items())
    for (const std::string_view name : names)
      if (value.is_number() && std::string_view(key).ends_with(name)) return value.get<double>();
  return 0;
}

double elements(const Json& tensor) {
  const Json shape = tensor.value("shape", Json::array());
  double product = shape.empty() ? 0 : 1;
  for (const Json& size : shape) product *= size.is_number() ? size.get<double>() : 0;
  return shape.size() < 2 ? 0 : product;   // norms and biases cost nothing that counts
}

}  // namespace

WeightTraffic weight_traffic(hadal_model* model) {
  const Json tensors = Json::parse(model_get_or_empty(model, "tensors"), nullptr, false);
  const Json metadata = Json::parse(model_get_or_empty(model, "metadata"), nullptr, false);
  WeightTraffic traffic;
  double embedding_bytes = 0, embedding_operations = 0;
  if (tensors.is_array())
    for (const Json& tensor : tensors) {
      const std::string name = tensor.value("name", "");
      const double bytes = tensor.value("bytes", 0.0), operations = 2 * elements(tensor);
      if (holds(name, "token_embd") || holds(name, "embed_tokens")) {
        embedding_bytes += bytes;
        embedding_operations += operations;
      } else if (name == "output.weight" || holds(name, "lm_head")) {
        traffic.head_bytes += bytes;
        traffic.head_operations += operations;
      } else if (holds(name, "_exps.") || holds(name, ".mlp.experts.")) {
        traffic.expert_bytes += bytes;
        traffic.expert_operations += operations;
      } else {
        traffic.dense_bytes += bytes;
        traffic.dense_operations += operations;
      }
    }
  if (traffic.head_bytes == 0) {   // the head is the embedding
    traffic.head_bytes = embedding_bytes;
    traffic.head_operations = embedding_operations;
  }
  if (traffic.expert_bytes > 0) {
    traffic.experts = metadata_number(metadata, {".expert_count", "n_routed_experts", "num_experts"});
    traffic.experts_used = metadata_number(metadata, {".expert_used_count", "num_experts_per_tok"});
    if (traffic.experts < 1) traffic.experts = traffic.experts_used = 1;
  }
  traffic.cache_bytes_per_token = std::atof(model_get_or_empty(model, "cache_bytes_per_token").c_str());
  return traffic;
}

double WeightTraffic::least_seconds(double tokens, double logits, double sequences, double depth, double read_gbs,
                                    double int8_gops) const {
  double bytes = dense_bytes + (logits > 0 ? head_bytes : 0) + sequences * depth * cache_bytes_per_token;
  double operations = tokens * dense_operations + logits * head_operations;
  if (experts > 0) {
    // Experts that at least one of the tokens chooses, if all are equally likely.
    const double touched = experts * (1 - std::pow(1 - experts_used / experts, tokens));
    bytes += expert_bytes * touched / experts;
    operations += tokens * expert_operations * experts_used / experts;
  }
  const double reading = read_gbs > 0 ? bytes / (read_gbs * 1e9) : 0;
  const double computing = int8_gops > 0 ? operations / (int8_gops * 1e9) : 0;
  return std::max(reading, computing);
}
