#include "graph/fusion.hpp"

#include <algorithm>
#include <vector>

namespace hadal {

// Works on node numbers of the plain graph and builds the new node list in the old order, each group at the place of
// its last member, where all its inputs are there.
class Fusion {
 public:
  Fusion(const Graph& graph, const Backend& backend) : plain_(graph), backend_(backend), fused_(graph) {}

  Graph run() {
    count_readers();
    const auto& nodes = plain_.nodes();
    std::vector<Node> kept;
    std::vector<bool> taken(nodes.size(), false);
    std::vector<std::vector<Node>> inserted(nodes.size());   // fused nodes, by the node they stand in for
    for (size_t n = 0; n < nodes.size(); ++n) {
      if (taken[n] || nodes[n].op != Op::linear) continue;
      std::vector<size_t> members;
      size_t place = 0;
      Node fused = group(n, taken, members, place);
      if (!backend_.supports(fused)) continue;
      for (size_t member : members) taken[member] = true;
      inserted[place].push_back(std::move(fused));
    }
    for (size_t n = 0; n < nodes.size(); ++n) {
      for (Node& node : inserted[n]) kept.push_back(std::move(node));
      if (!taken[n]) kept.push_back(nodes[n]);
    }
    fused_.nodes_ = std::move(kept);
    return std::move(fused_);
  }

 private:
  void count_readers() {
    readers_.assign(size_t(plain_.num_values()), {});
    const auto& nodes = plain_.nodes();
    for (size_t n = 0; n < nodes.size(); ++n)
      for (Value input : nodes[n].inputs) readers_[size_t(input.id)].push_back(n);
    maker_.assign(size_t(plain_.num_values()), 0);
    for (size_t n = 0; n < nodes.size(); ++n) maker_[size_t(nodes[n].outputs.front().id)] = n;
  }
  bool is_output(Value value) const { return value == plain_.output() || value == plain_.hidden(); }

  // The fused node for the linear `first` and those beside it. members: the plain nodes it replaces; place: where the
  // fused node goes.
  Node group(size_t first, const std::vector<bool>& taken, std::vector<size_t>& members, size_t& place) const {
    const auto& nodes = plain_.nodes();
    const Value x = nodes[first].inputs[0];
    for (size_t reader : readers_[size_t(x.id)])
      if (nodes[reader].op == Op::linear && !taken[reader]) members.push_back(reader);
    const std::vector<size_t> linears = members;

    Node fused{Op::fused_linear, nodes[first].name, {x}, {}, {nullptr}, {}};
    FusedLinearAttributes attributes;
    attributes.projections = int32_t(linears.size());
    for (size_t linear : linears) {
      fused.weights.insert(fused.weights.end(), nodes[linear].weights.begin(), nodes[linear].weights.end());
      fused.outputs.push_back(nodes[linear].outputs[0]);
    }
    place = linears.front();   // every reader comes after the first of them, and they read nothing but x

    const Node& source = nodes[maker_[size_t(x.id)]];
    const bool norm_is_ours = source.op == Op::rms_norm && source.weights[0]->cols == plain_.shape(x).cols &&
                              readers_[size_t(x.id)] == linears && !is_output(x);
    if (norm_is_ours) {
      attributes.norm = true;
      attributes.eps = source.as<NormAttributes>().eps;
      fused.inputs[0] = source.inputs[0];
      fused.weights[0] = source.weights[0];
      members.push_back(maker_[size_t(x.id)]);
    }
    take_epilogue(linears, fused, attributes, members, place);
    fused.attributes = attributes;
    return fused;
  }

  void take_epilogue(const std::vector<size_t>& linears, Node& fused, FusedLinearAttributes& attributes,
                     std::vector<size_t>& members, size_t& place) const {
    const auto& nodes = plain_.nodes();
    const auto only_reader = [&](Value value) -> const Node* {
      const auto& readers = readers_[size_t(value.id)];
      return readers.size() == 1 && !is_output(value) ? &nodes[readers[0]] : nullptr;
    };
    const Node* reader = only_reader(fused.outputs[0]);
    if (!reader) return;
    const size_t number = size_t(reader - nodes.data());
    if (linears.size() == 2 && reader->op == Op::swiglu && only_reader(fused.outputs[1]) == reader) {
      if (reader->inputs[0] == fused.outputs[1])   // up was recorded first; gate goes first here
        std::swap_ranges(fused.weights.begin() + 1, fused.weights.begin() + 3, fused.weights.begin() + 3);
      attributes.epilogue = FusedLinearAttributes::Epilogue::swiglu;
    } else if (linears.size() == 1 && reader->op == Op::add) {
      const Value residual = reader->inputs[0] == fused.outputs[0] ? reader->inputs[1] : reader->inputs[0];
      if (residual == fused.outputs[0]) return;
      attributes.epilogue = FusedLinearAttributes::Epilogue::add;
      fused.inputs.push_back(residual);
      place = number;   // the residual may be made after the projection
    } else if (linears.size() == 1 && reader->op == Op::gelu) {
      attributes.epilogue = FusedLinearAttributes::Epilogue::gelu;
    } else {
      return;
    }
    fused.outputs = reader->outputs;
    members.push_back(number);
  }

  const Graph& plain_;
  const Backend& backend_;
  Graph fused_;
  std::vector<std::vector<size_t>> readers_;   // by value
  std::vector<size_t> maker_;                  // by value
};

Graph fuse(const Graph& graph, const Backend& backend) { return Fusion(graph, backend).run(); }

}  // namespace hadal
