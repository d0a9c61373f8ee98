// Records a model's steps. A build function calls these methods in the order of the paper; nothing is computed.
// Shapes are checked at once, and the error names the node and the weight.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/node.hpp"

namespace hadal {

class Graph {
 public:
  // Names recorded from here on begin with `prefix` and a dot. Returns to the outer prefix when it ends.
  class Scope {
   public:
    Scope(Graph& graph, std::string_view prefix);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Graph& graph_;
    size_t outer_length_;
  };

  // A projection with an optional bias.
  struct Linear {
    const Weight* weight = nullptr;
    const Weight* bias = nullptr;
  };

  Graph() = default;
  // A graph over the same cache pages as another one: `slots` come first.
  explicit Graph(std::vector<CacheSlot> slots) : slots_(std::move(slots)) {}

  Value input(int64_t cols);
  Value embed(const Weight& table);
  // A table of positions, whose row `first` is that of position 0, or of types.
  Value embed(const Weight& table, EmbedAttributes index);
  Value rope_table(std::vector<float> inv_freq, float magnitude);
  // stride: columns of a group, of which the first len(weight) are normalised; 0: all of them.
  Value rms_norm(Value x, const Weight& weight, float eps, int64_t stride = 0);
  Value layer_norm(Value x, const Weight& weight, const Weight* bias, float eps);
  Value linear(Value x, const Linear& projection);
  // first: where the rotated columns of a head begin.
  Value rope(Value x, Value table, int64_t head_dim, int64_t rope_dim, bool interleaved, int64_t first = 0);
  CacheSlot cache_slot(int64_t kv_heads, int64_t key_dim, int64_t value_dim);
  // One head whose values are the first value_dim components of its keys.
  CacheSlot shared_cache_slot(int64_t key_dim, int64_t value_dim);
  Value append(const CacheSlot& slot, Value k, Value v);
  Value append(const CacheSlot& shared, Value rows);
  Value attention(Value q, Value appended, int64_t heads, float scale);
  // Attention without a cache; head sizes follow from the shapes.
  Value self_attention(Value q, Value k, Value v, int64_t heads, int64_t kv_heads, float scale, bool causal);
  // How MLA's heads read the latent cache; heads and head sizes follow from the weights and the slot.
  struct LatentHeads {
    const Weight* k = nullptr;   // stack of heads: [nope_dim, kv_lora_rank], transposed if k_transposed
    const Weight* v = nullptr;   // stack of heads: [value_dim, kv_lora_rank]
    bool k_transposed = false;
  };
  // selected: what index_select chose, or an invalid value for all positions.
  Value latent_attention(Value q, Value appended, const LatentHeads& heads, float scale, Value selected = {});
  Value index_select(Value q, Value weights, Value appended, int64_t heads, int64_t top_k, float scale);
  Value route(Value x, const Weight& gate, const Weight* bias, const RouteAttributes& how);
  Value experts(Value x, Value routing, const Weight& gate, const Weight& up, const Weight& down);
  Value swiglu(Value gate, Value up);
  Value gelu(Value x);
  Value tanh(Value x);
  Value add(Value a, Value b);
  Value concat(Value a, Value b);
  Value select_rows(Value x);
  Value mean_rows(Value x);

  // The graph's result: [outputs, n].
  void set_output(Value value);
  Value output() const { return output_; }

  // A second result, [tokens, n]: what the head reads, kept for whoever drafts from it.
  void set_hidden(Value value);
  Value hidden() const { return hidden_; }

  // Pages get room for these slots, of which this graph may use the first ones only.
  void set_cache_slots(std::vector<CacheSlot> slots) { slots_ = std::move(slots); }

  const Shape& shape(Value value) const { return shapes_[size_t(value.id)]; }
  const std::vector<Node>& nodes() const { return nodes_; }
  const std::vector<CacheSlot>& cache_slots() const { return slots_; }
  int32_t num_values() const { return int32_t(shapes_.size()); }

 private:
  friend class Fusion;
  Value record(Op op, std::string name, std::vector<Value> inputs, std::vector<const Weight*> weights,
               Attributes attributes, Shape shape);
  std::string named(std::string_view name) const;
  CacheSlot slot_of(Op op, Value appended) const;

  std::vector<Node> nodes_;
  std::vector<Shape> shapes_;   // by value id
  std::vector<CacheSlot> slots_;
  Value output_, hidden_;
  std::string prefix_;
};

}  // namespace hadal
