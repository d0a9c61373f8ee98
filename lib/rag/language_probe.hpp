// Whether an embedding model understands Chinese well enough to be trusted with a question in it. Many models were
// trained on English alone: they give vectors for any text, and for Chinese those say little.
#pragma once

#include <string_view>

#include "rag/embedder.hpp"

namespace hadal::rag {

// The share of ten questions whose answer is the nearest of twenty sentences; no words are shared. A model that knows
// the language finds nearly all of them, chance half of one.
double chinese_understood(Embedder& embedder);

constexpr double kUnderstood = 0.7;

}  // namespace hadal::rag
