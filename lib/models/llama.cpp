// Llama 1 to 3, SmolLM2, Mistral without a window, DeepSeek LLM and Coder v1, R1-Distill-Llama
// (arXiv 2302.13971, 2407.21783); with biases on q, k and v also Qwen2 and R1-Distill-Qwen (arXiv 2407.10671); with
// experts instead of the later feed-forwards DeepSeekMoE 16B (arXiv 2401.06066).
#include "models/architectures.hpp"
#include "models/decoder.hpp"

namespace hadal {
namespace {

Value attention(Graph& g, const Config& c, const Binder& file, const Rotation& r, Value x) {
  const AttentionWeights w = bind_attention(file, c);
  const Value q = g.rope(g.linear(x, w.q_proj), r.table, c.head_dim, r.rotary_dim, r.interleaved);
  const Value k = g.rope(g.linear(x, w.k_proj), r.table, c.head_dim, r.rotary_dim, r.interleaved);
  const Value v = g.linear(x, w.v_proj);
  return g.linear(grouped_query_attention(g, c, q, k, v), w.o_proj);
}

}  // namespace

void build_llama(TextModel& model) { record_decoder(model, attention); }

}  // namespace hadal
