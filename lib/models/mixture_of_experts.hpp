// DeepSeekMoE, arXiv 2401.06066: some experts of many, chosen per token, and shared ones that are always on.
#pragma once

#include "models/binder.hpp"
#include "models/config.hpp"

namespace hadal {

// x [tokens, hidden_size], normalised; `file` stands at the layer's mlp.
Value mixture_of_experts(Graph& g, const Config& c, const Binder& file, Value x);

}  // namespace hadal
