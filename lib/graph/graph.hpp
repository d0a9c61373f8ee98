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

  Value embed(const Weight& table);
  Value rope_table(std::vector<float> inv_freq, float magnitude);
  Value rms_norm(Value x, const Weight& weight, float eps);
  Value linear(Value x, const Linear& projection);
  Value rope(Value x, Value table, int64_t head_dim, int64_t rope_dim, bool interleaved);
  CacheSlot cache_slot(int64_t kv_heads, int64_t key_dim, int64_t value_dim);
  Value append(const CacheSlot& slot, Value k, Value v);
  Value attention(Value q, Value appended, int64_t heads, float scale);
  Value swiglu(Value gate, Value up);
  Value add(Value a, Value b);
  Value select_rows(Value x);

  // The graph's result: [outputs, n].
  void set_output(Value value);
  Value output() const { return output_; }

  const Shape& shape(Value value) const { return shapes_[size_t(value.id)]; }
  const std::vector<Node>& nodes() const { return nodes_; }
  const std::vector<CacheSlot>& cache_slots() const { return slots_; }
  int32_t num_values() const { return int32_t(shapes_.size()); }

 private:
  friend class Fusion;
  Value record(Op op, std::string name, std::vector<Value> inputs, std::vector<const Weight*> weights,
               Attributes attributes, Shape shape);
  std::string named(std::string_view name) const;

  std::vector<Node> nodes_;
  std::vector<Shape> shapes_;   // by value id
  std::vector<CacheSlot> slots_;
  Value output_;
  std::string prefix_;
};

}  // namespace hadal
