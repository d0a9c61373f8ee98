// The knowledge layer's Embedder and Reranker over an open model.
#pragma once

#include <memory>
#include <string_view>

#include "generate/model.hpp"
#include "rag/embedder.hpp"

namespace hadal::api {

// options: keys of the level vectors, over the model's own; purpose, normalize and long_text are the layer's business.
// Throws Error(unsupported) if the model does not embed, or does not rank.
std::unique_ptr<rag::Embedder> make_embedder(std::shared_ptr<Model> model, std::string_view options = "");
std::unique_ptr<rag::Reranker> make_reranker(std::shared_ptr<Model> model, std::string_view options = "");

}  // namespace hadal::api
