// layers: models backends
// Bytes as the config.json of a folder whose index names every tensor a small model can have and holds none: reading
// the config, binding the weights, recording the graph and planning its memory. A clean Error, or a plan.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/status.hpp"
#include "graph/backend.hpp"
#include "graph/program.hpp"
#include "models/architectures.hpp"
#include "unit/formats/memory_host.hpp"

namespace {

// Four layers, the last one for drafts.
std::string index_of_everything() {
  std::string names;
  const auto add = [&](const std::string& name) { names += (names.empty() ? "\"" : ",\"") + name + "\":\"absent.safetensors\""; };
  const auto add_linear = [&](const std::string& name) {
    add(name + ".weight");
    add(name + ".bias");
  };
  for (const char* name : {"model.embed_tokens", "model.norm", "lm_head"}) add_linear(name);
  for (int i = 0; i < 4; ++i) {
    const std::string layer = "model.layers." + std::to_string(i);
    for (const char* name : {"input_layernorm", "post_attention_layernorm", "enorm", "hnorm", "eh_proj", "embed_tokens",
                             "shared_head.norm", "shared_head.head", "mlp.gate"})
      add_linear(layer + "." + name);
    add(layer + ".mlp.gate.e_score_correction_bias");
    for (const char* name : {"q_proj", "k_proj", "v_proj", "o_proj", "q_norm", "k_norm", "q_a_proj", "q_a_layernorm", "q_b_proj",
                             "kv_a_proj_with_mqa", "kv_a_layernorm", "kv_b_proj", "indexer.wq_b", "indexer.wk",
                             "indexer.k_norm", "indexer.weights_proj"})
      add_linear(layer + ".self_attn." + name);
    std::vector<std::string> parts = {".mlp.", ".mlp.shared_experts."};
    for (int e = 0; e < 20; ++e) parts.push_back(".mlp.experts." + std::to_string(e) + ".");
    for (const std::string& part : parts)
      for (const char* name : {"gate_proj", "up_proj", "down_proj"}) add_linear(layer + part + name);
  }
  return "{\"weight_map\":{" + names + "}}";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hadal;
  static const std::string index = index_of_everything();
  auto host = std::make_shared<test::MemoryHost>();
  host->files["m/config.json"] = std::string(reinterpret_cast<const char*>(data), size);
  host->files["m/model.safetensors.index.json"] = index;
  try {
    const auto model = build_text_model(open_checkpoint(host, "m"), true);
    if (model->parameters() < model->active_parameters() || family(model->config).empty()) std::abort();
    for (const char* backend : {"reference", "cpu"}) {
      const Program program(model->graph, open_backend(backend, {}), model->weights, model->draft ? &*model->draft : nullptr);
      volatile size_t bytes = program.plan({64, 8}, 2).arena_bytes + program.packed_bytes();
      (void)bytes;
    }
  } catch (const Error& error) {
    if (error.status() != Status::corrupt && error.status() != Status::unsupported && error.status() != Status::not_found)
      std::abort();
  }
  return 0;
}
