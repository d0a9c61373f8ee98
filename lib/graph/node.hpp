// Nodes: one step of a model each, with the formula that defines it. Values are what nodes make.
//
// Every value is f32 [rows, cols] unless said otherwise. T is the number of tokens of the run.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "graph/shape.hpp"
#include "graph/weight.hpp"

namespace hadal {

// A handle to one value of a Graph.
struct Value {
  int32_t id = -1;
  bool valid() const { return id >= 0; }
  bool operator==(const Value&) const = default;
};

enum class Op : uint8_t {
  // y = the rows that the batch brings along.       → [T, cols]
  input,
  // y[t] = table[token[t]], or of the position or the type of the token.  weights {table [vocab, hidden]} → [T, hidden];
  // EmbedAttributes, or none for token ids
  embed,
  // y[t] = magnitude * (cos a_0 .. cos a_{n-1}, sin a_0 .. sin a_{n-1}), a_i = position[t] * inv_freq[i] in f32.
  // → [T, 2n]; attributes RopeTableAttributes
  rope_table,
  // y = x / sqrt(mean(x²) + eps) * w over the first len(w) of each group of `stride` columns; the others are copied.
  // inputs {x}, weights {w}; NormAttributes
  rms_norm,
  // y = (x − mean(x)) / sqrt(mean((x − mean(x))²) + eps) * w + b over all columns.
  // inputs {x}, weights {w, b or null}; NormAttributes
  layer_norm,
  // y = x · Wᵀ + b.                                inputs {x [n, in]}, weights {W [out, in], b [out] or null} → [n, out]
  linear,
  // Rotates pairs of the columns [first, first + rope_dim) of every head_dim: (u, v) → (u cos − v sin, u sin + v cos).
  // inputs {x, rope_table}; RopeAttributes
  rope,
  // Writes k and v of each token into the sequence's cache at the token's position.
  // inputs {k [T, kv_heads * key_dim], v [T, kv_heads * value_dim]; no v if the slot's values lie in its keys}
  // → a value without bytes that orders the reading
  append,
  // Causal softmax(scale * q·k) · v over the cache of the token's own sequence, positions 0 .. its own.
  // Query head h reads kv head h / (heads / kv_heads).  inputs {q, append's value} → [T, heads * value_dim]
  attention,
  // softmax(scale * q·k) · v over the tokens of the token's own sequence in this run, all of them or, if causal, those
  // up to itself; nothing is kept. Query head h reads kv head h / (heads / kv_heads). A run has no more sequences than
  // outputs.  inputs {q [T, heads * key_dim], k [T, kv_heads * key_dim], v [T, kv_heads * value_dim]}
  // → [T, heads * value_dim]; SelfAttentionAttributes
  self_attention,
  // Multi-head latent attention (arXiv 2405.04434, section 2.1). The cache row of a token is [c (kv_lora_rank) | k_pe
  // (rope_dim)]; with W_k of a head [nope_dim, kv_lora_rank] and W_v [value_dim, kv_lora_rank], that head's key is
  // [W_k c | k_pe], its value W_v c, and y = softmax(scale * q·k) · v over positions 0 .. the token's own, or of those
  // the ones in `selected`. Equal up to rounding: scores q_nope W_k · c + q_pe · k_pe, then W_v applied to Σ p c.
  // inputs {q [T, heads * (nope_dim + rope_dim)], append's value, selected from index_select or none};
  // weights {stack of heads W_k, or W_kᵀ if k_transposed; stack of heads W_v} → [T, heads * value_dim]
  latent_attention,
  // The sparse attention's choice (DeepSeek-V3.2-Exp, "lightning indexer"): of positions 0 .. the token's own the top_k
  // with the largest scale * Σ_h w[t, h] * relu(q[t, h] · k[s]), the lower position first where two are equal. All, if
  // there are no more. inputs {q [T, heads * key_dim], w [T, heads], append's value of the indexer's keys}
  // → [T, top_k]: positions ascending, −1 after the last; IndexAttributes
  index_select,
  // Which experts a token goes to, and with what weight (RouteAttributes says how).  inputs {x [T, hidden]},
  // weights {gate [experts, hidden], e_score_correction_bias [experts] or null} → [T, 2k]: k expert numbers, best
  // first, then their weights
  route,
  // y[t] = Σ_i weight_i * down_e(silu(gate_e x) * up_e x), e = expert_i.  inputs {x [T, hidden], route's value};
  // weights {stacks gate [ff, hidden], up [ff, hidden], down [hidden, ff]} → [T, hidden]
  experts,
  // y = silu(gate) * up, silu(z) = z / (1 + e^−z).  inputs {gate, up}
  swiglu,
  // y = x / 2 * (1 + erf(x / √2)), arXiv 1606.08415.
  gelu,
  // y = tanh(x)
  tanh,
  // y = a + b
  add,
  // y[t] = a[t] | b[t]: the columns of both, one after the other.
  concat,
  // y[i] = x[output_rows[i]].                      inputs {x [T, n]} → [outputs, n]
  select_rows,
  // y[i] = the mean of x over all tokens of the sequence that token output_rows[i] belongs to.
  // inputs {x [T, n]} → [outputs, n]
  mean_rows,
  // rms_norm? → linear × n → swiglu?, gelu? or + residual?, in one node: FusedLinearAttributes says which parts are
  // there. Made by the fusion pass only, where the backend supports it; equal to its plain nodes up to rounding.
  // inputs {x, residual if epilogue is add}; weights {norm or null, W_0, b_0 or null, W_1, b_1, ...};
  // outputs: one per projection, or one for swiglu (projection 0 is gate, 1 is up), gelu and add.
  fused_linear,
};

struct EmbedAttributes {
  enum class Index : uint8_t { tokens, positions, types };
  Index index = Index::tokens;
  int64_t first = 0;   // positions: the row of position 0
};

struct NormAttributes {
  float eps;
  int64_t stride = 0;   // rms_norm; 0: the weight's length
};

struct RopeTableAttributes {
  std::vector<float> inv_freq;
  float magnitude = 1;
};

struct RopeAttributes {
  int64_t head_dim;
  int64_t rope_dim;   // <= head_dim, even
  bool interleaved;   // pairs (2i, 2i+1); otherwise (i, i + rope_dim/2)
  int64_t first = 0;  // of the rotated columns in a head
};

struct CacheSlot {
  int32_t index = -1;
  int64_t kv_heads = 0;
  int64_t key_dim = 0;
  int64_t value_dim = 0;
  bool values_in_keys = false;   // a value is the first value_dim components of its key: nothing else is stored
};

struct AttentionAttributes {
  CacheSlot slot;
  int64_t heads = 0;   // attention only
  float scale = 0;     // attention only
};

struct SelfAttentionAttributes {
  int64_t heads = 0;
  int64_t kv_heads = 0;
  int64_t key_dim = 0;
  int64_t value_dim = 0;
  float scale = 0;
  bool causal = false;
};

struct LatentAttentionAttributes {
  CacheSlot slot;              // one head: key_dim = kv_lora_rank + rope_dim, value_dim = kv_lora_rank
  int64_t heads = 0;
  int64_t nope_dim = 0;        // of a query head, before its rope_dim rotated columns
  int64_t value_dim = 0;       // of a head's output
  bool k_transposed = false;   // W_k's stack holds [kv_lora_rank, nope_dim] matrices, as GGUF's attn_k_b does
  float scale = 0;

  int64_t kv_lora_rank() const { return slot.value_dim; }
  int64_t rope_dim() const { return slot.key_dim - slot.value_dim; }
};

struct IndexAttributes {
  CacheSlot slot;   // one head, keys only
  int64_t heads = 0;
  int64_t top_k = 0;
  float scale = 0;
};

// s = score(gate x); groups of experts / n_group neighbours are ranked by their largest s + bias, or the sum of their two
// largest (arXiv 2412.19437, section 2.1.2), and all but the best topk_group drop out; of the rest the k with the
// largest s + bias. Their weights are s, without bias; divided by (their sum + 1e-20) if norm_topk_prob; times
// routed_scaling_factor. Equal scores: the lower group, the lower expert first.
struct RouteAttributes {
  enum class Score : uint8_t { softmax, sigmoid };
  int64_t num_experts_per_tok = 0;
  Score score = Score::softmax;
  int64_t n_group = 1;
  int64_t topk_group = 1;
  bool group_by_two = false;   // groups ranked by the sum of their two largest; otherwise by the largest
  bool norm_topk_prob = false;
  float routed_scaling_factor = 1;
};

struct ExpertsAttributes {
  int64_t num_experts_per_tok = 0;
};

struct FusedLinearAttributes {
  enum class Epilogue : uint8_t { none, swiglu, add, gelu };
  bool norm = false;
  float eps = 0;
  Epilogue epilogue = Epilogue::none;
  int32_t projections = 1;
};

using Attributes = std::variant<std::monostate, EmbedAttributes, SelfAttentionAttributes, NormAttributes,
                                RopeTableAttributes, RopeAttributes, AttentionAttributes, LatentAttentionAttributes,
                                IndexAttributes, RouteAttributes, ExpertsAttributes, FusedLinearAttributes>;

struct Node {
  Op op;
  std::string name;  // "layers.3.self_attn.q_proj"
  std::vector<Value> inputs;
  std::vector<Value> outputs;
  std::vector<const Weight*> weights;  // an absent optional weight is nullptr
  Attributes attributes;

  template <class A>
  const A& as() const {
    return std::get<A>(attributes);
  }
};

const char* name_of(Op op);

}  // namespace hadal
