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
  // y[t] = table[token[t]].                        weights {table [vocab, hidden]} → [T, hidden]
  embed,
  // y[t] = magnitude * (cos a_0 .. cos a_{n-1}, sin a_0 .. sin a_{n-1}), a_i = position[t] * inv_freq[i] in f32.
  // → [T, 2n]; attributes RopeTableAttributes
  rope_table,
  // y = x / sqrt(mean(x²) + eps) * w over each group of len(w) columns.  inputs {x}, weights {w}; NormAttributes
  rms_norm,
  // y = x · Wᵀ + b.                                inputs {x [n, in]}, weights {W [out, in], b [out] or null} → [n, out]
  linear,
  // Rotates pairs of the first rope_dim of every head_dim columns: (u, v) → (u cos − v sin, u sin + v cos).
  // inputs {x, rope_table}; RopeAttributes
  rope,
  // Writes k and v of each token into the sequence's cache at the token's position.
  // inputs {k [T, kv_heads * key_dim], v [T, kv_heads * value_dim]} → a value without bytes that orders the reading
  append,
  // Causal softmax(scale * q·k) · v over the cache of the token's own sequence, positions 0 .. its own.
  // Query head h reads kv head h / (heads / kv_heads).  inputs {q, append's value} → [T, heads * value_dim]
  attention,
  // y = silu(gate) * up, silu(z) = z / (1 + e^−z).  inputs {gate, up}
  swiglu,
  // y = a + b
  add,
  // y[i] = x[output_rows[i]].                      inputs {x [T, n]} → [outputs, n]
  select_rows,
  // rms_norm? → linear × n → swiglu? or + residual?, in one node: FusedLinearAttributes says which parts are there.
  // Made by the fusion pass only, where the backend supports it; equal to its plain nodes up to rounding.
  // inputs {x, residual if epilogue is add}; weights {norm or null, W_0, b_0 or null, W_1, b_1, ...};
  // outputs: one per projection, or one for swiglu (projection 0 is gate, 1 is up) and add.
  fused_linear,
};

struct NormAttributes {
  float eps;
};

struct RopeTableAttributes {
  std::vector<float> inv_freq;
  float magnitude = 1;
};

struct RopeAttributes {
  int64_t head_dim;
  int64_t rope_dim;   // <= head_dim, even
  bool interleaved;   // pairs (2i, 2i+1); otherwise (i, i + rope_dim/2)
};

struct CacheSlot {
  int32_t index = -1;
  int64_t kv_heads = 0;
  int64_t key_dim = 0;
  int64_t value_dim = 0;
};

struct AttentionAttributes {
  CacheSlot slot;
  int64_t heads = 0;   // attention only
  float scale = 0;     // attention only
};

struct FusedLinearAttributes {
  enum class Epilogue : uint8_t { none, swiglu, add };
  bool norm = false;
  float eps = 0;
  Epilogue epilogue = Epilogue::none;
  int32_t projections = 1;
};

using Attributes = std::variant<std::monostate, NormAttributes, RopeTableAttributes, RopeAttributes,
                                AttentionAttributes, FusedLinearAttributes>;

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
