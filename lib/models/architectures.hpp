// The architectures this library runs, by the name in config.json and in GGUF.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "models/text_model.hpp"

namespace hadal {

struct Architecture {
  std::string_view model_type;
  std::string_view family;   // for people
  // Binds the weights and records the graph of a model whose config and checkpoint are set.
  void (*build)(TextModel& model);
};

std::span<const Architecture> architectures();

// "DeepSeek-V3: 8 of 256 experts a token, 1 shared": the line of models this one belongs to. One GGUF architecture holds
// several, which the config tells apart.
std::string family(const Config& config);

void build_bert(TextModel& model);
void build_deepseek_v2(TextModel& model);
void build_llama(TextModel& model);
void build_nomic_bert(TextModel& model);
void build_qwen3(TextModel& model);

}  // namespace hadal
