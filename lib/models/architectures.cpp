#include "models/architectures.hpp"

#include <algorithm>

#include "core/message.hpp"
#include "core/status.hpp"
#include "models/mapped_weights.hpp"

namespace hadal {
namespace {

constexpr Architecture kArchitectures[] = {
    {"bert", "BERT", build_bert},
    {"deepseek", "DeepSeekMoE", build_llama},
    {"deepseek2", "DeepSeek-V2", build_deepseek_v2},
    {"deepseek32", "DeepSeek-V3.2", build_deepseek_v2},
    {"deepseek_v2", "DeepSeek-V2", build_deepseek_v2},
    {"deepseek_v3", "DeepSeek-V3", build_deepseek_v2},
    {"deepseek_v32", "DeepSeek-V3.2", build_deepseek_v2},
    {"llama", "Llama", build_llama},
    {"mistral", "Mistral", build_llama},
    {"nomic-bert", "Nomic BERT", build_nomic_bert},
    {"nomic_bert", "Nomic BERT", build_nomic_bert},
    {"qwen2", "Qwen2", build_llama},
    {"qwen3", "Qwen3", build_qwen3},
    {"roberta", "RoBERTa", build_bert},
    {"xlm-roberta", "XLM-RoBERTa", build_bert},
};

}  // namespace

std::span<const Architecture> architectures() { return kArchitectures; }

std::unique_ptr<TextModel> build_text_model(std::shared_ptr<Checkpoint> checkpoint, bool with_draft, Pooling pooling) {
  auto model = std::make_unique<TextModel>();
  model->with_draft = with_draft;
  model->config = read_config(*checkpoint);
  model->config.pooling = pooling != Pooling::none ? pooling : model->config.encoder.pooling;
  model->source = std::make_unique<MappedWeights>(checkpoint);
  model->checkpoint = std::move(checkpoint);
  for (const Architecture& architecture : kArchitectures) {
    if (architecture.model_type != model->config.model_type) continue;
    architecture.build(*model);
    if (model->config.pooling != Pooling::none && !model->graph.cache_slots().empty())
      throw Error(Status::unsupported, message("pooling: expected a model whose attention needs no cache, found ",
                                               quoted(model->config.model_type)));
    return model;
  }
  std::string known;
  for (const Architecture& architecture : kArchitectures)
    known += message(known.empty() ? "" : ", ", architecture.model_type);
  throw Error(Status::unsupported, message("architecture ", quoted(model->config.model_type),
                                           " is not one this library runs: ", known));
}

int64_t TextModel::parameters() const {
  int64_t sum = 0;
  for (const Weight& weight : weights)
    sum += weight.rows * weight.cols * std::max<int64_t>(int64_t(weight.parts.size()), 1);
  return sum;
}

int64_t TextModel::active_parameters() const {
  int64_t idle = 0;
  for (const Node& node : graph.nodes())
    if (node.op == Op::experts)
      for (const Weight* stack : node.weights)
        idle += stack->rows * stack->cols * (int64_t(stack->parts.size()) - config.moe.num_experts_per_tok);
  return parameters() - idle;
}

std::string family(const Config& c) {
  std::string name = c.model_type;
  if (c.mla.index_topk > 0) name = "DeepSeek-V3.2";
  else if (c.mla.kv_lora_rank > 0) name = c.moe.sigmoid ? "DeepSeek-V3" : "DeepSeek-V2";
  else if (c.moe.n_routed_experts > 0) name = "DeepSeekMoE";
  else
    for (const Architecture& architecture : kArchitectures)
      if (architecture.model_type == c.model_type) name = architecture.family;
  if (c.moe.n_routed_experts > 0)
    name += message(": ", c.moe.num_experts_per_tok, " of ", c.moe.n_routed_experts, " experts a token, ",
                    c.moe.n_shared_experts, " shared");
  return name;
}

}  // namespace hadal
