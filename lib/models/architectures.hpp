// The architectures this library runs, by the name in config.json and in GGUF.
#pragma once

#include <span>
#include <string_view>

#include "models/text_model.hpp"

namespace hadal {

struct Architecture {
  std::string_view model_type;
  // Binds the weights and records the graph of a model whose config and checkpoint are set.
  void (*build)(TextModel& model);
};

std::span<const Architecture> architectures();

void build_deepseek_v2(TextModel& model);
void build_llama(TextModel& model);
void build_qwen3(TextModel& model);

}  // namespace hadal
