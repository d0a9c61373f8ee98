// The local model store of Ollama: manifests by name, weights by digest.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/host.hpp"

namespace hadal {

// Where a model name would be looked for: $OLLAMA_MODELS, or the stores of the user and of the system service.
std::vector<std::string> ollama_stores();

// Whether the text can be a model name: [[host/]namespace/]name[:tag] of letters, digits, '.', '_' and '-'.
bool is_ollama_name(std::string_view name);

// The path of the GGUF file of that model, or empty if no store has the name. Throws Error(corrupt, unsupported, io).
std::string find_in_ollama_stores(Host& host, std::string_view name, const std::vector<std::string>& stores);

}  // namespace hadal
