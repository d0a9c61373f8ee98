#include "models/architectures.hpp"

#include "core/message.hpp"
#include "core/status.hpp"

namespace hadal {
namespace {

constexpr Architecture kArchitectures[] = {
    {"llama", build_llama},
    {"mistral", build_llama},
    {"qwen2", build_llama},
    {"qwen3", build_qwen3},
};

}  // namespace

std::span<const Architecture> architectures() { return kArchitectures; }

std::unique_ptr<TextModel> build_text_model(std::shared_ptr<Checkpoint> checkpoint) {
  auto model = std::make_unique<TextModel>();
  model->config = read_config(*checkpoint);
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
  for (const Weight& weight : weights) sum += weight.rows * weight.cols;
  return sum;
}

}  // namespace hadal
