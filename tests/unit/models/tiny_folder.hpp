// Tiny random models as folders of safetensors in a host's memory.
#pragma once

#include <string>

#include "unit/formats/memory_host.hpp"

namespace hadal::test {

// "m/config.json", an index and two shards with every other tensor each. f8: the matrices that DeepSeek publishes in FP8
// are, as tests/golden/recipes/f8_models.py has them, with scales in F32, BF16 or F8_E8M0; a weight and its scales lie
// in different shards. Otherwise all is F32.
void write_tiny_folder(MemoryHost& host, const std::string& config_json, bool f8);

}  // namespace hadal::test
