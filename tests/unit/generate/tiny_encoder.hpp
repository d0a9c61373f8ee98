// Tiny random encoders as folders and GGUF files in a host's memory, drawn as tests/golden/recipes/encoders.py draws
// them. Word n of a text is token n: "w7 w120".
#pragma once

#include <string>
#include <vector>

#include "unit/formats/memory_host.hpp"

namespace hadal::test {

// The golden's folder name: "bert", "bert_cls", "bert_rank", "xlm_roberta", "xlm_roberta_rank", "nomic_bert",
// "llama_last".
void write_encoder_folder(MemoryHost& host, const std::string& folder, const std::string& name);
// As converters write them; not bert_rank and llama_last.
void write_encoder_gguf(MemoryHost& host, const std::string& path, const std::string& name);

// Those of the recipe.
std::vector<std::string> encoder_texts();
// [texts, cols]
std::vector<float> encoder_rows(const std::string& name);

}  // namespace hadal::test
