// Qwen3 dense, R1-0528-Qwen3-8B (arXiv 2505.09388): no biases, q and k normalised per head before rotation.
#include "models/architectures.hpp"
#include "models/decoder.hpp"

namespace hadal {
namespace {

Value attention(Graph& g, const Config& c, const Binder& file, const Rotation& r, Value x) {
  const AttentionWeights w = bind_attention(file, c);
  const Weight& q_norm = file.vector("q_norm", c.head_dim);   // one weight for every head
  const Weight& k_norm = file.vector("k_norm", c.head_dim);
  const auto rotate = [&](Value heads) { return g.rope(heads, r.table, c.head_dim, r.rotary_dim, r.interleaved); };
  const Value q = rotate(g.rms_norm(g.linear(x, w.q_proj), q_norm, c.rms_norm_eps));
  const Value k = rotate(g.rms_norm(g.linear(x, w.k_proj), k_norm, c.rms_norm_eps));
  const Value v = g.linear(x, w.v_proj);
  return g.linear(grouped_query_attention(g, c, q, k, v), w.o_proj);
}

}  // namespace

void build_qwen3(TextModel& model) { record_decoder(model, attention); }

}  // namespace hadal
