#include "models/architectures.hpp"

#include <algorithm>

#include "core/message.hpp"
#include "core/status.hpp"
#include "models/mapped_weights.hpp"

namespace hadal {
namespace {

constexpr Architecture kArchitectures[] = {
    {"deepseek", build_llama},
    {"deepseek2", build_deepseek_v2},
    {"deepseek32", build_deepseek_v2},
    {"deepseek_v2", build_deepseek_v2},
    {"deepseek_v3", build_deepseek_v2},
    {"deepseek_v32", build_deepseek_v2},
    {"llama", build_llama},
    {"mistral", build_llama},
    {"qwen2", build_llama},
    {"qwen3", build_qwen3},
};

}  // namespace

std::span<const Architecture> architectures() { return kArchitectures; }

std::unique_ptr<TextModel> build_text_model(std::shared_ptr<Checkpoint> checkpoint, bool with_draft) {
  auto model = std::make_unique<TextModel>();
  model->with_draft = with_draft;
  model->config = read_config(*checkpoint);
  model->source = std::make_unique<MappedWeights>(checkpoint);
  model->checkpoint = std::move(checkpoint);
  for (const Architecture& architecture : kArchitectures) {
    if (architecture.model_type != model->config.model_type) continue;
    architecture.build(*model);
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
  for (const Weight& weight : weights) sum += weight.rows * weight.cols * std::max<int64_t>(int64_t(weight.parts.size()), 1);
  return sum;
}

}  // namespace hadal
