#include "graph/program.hpp"

#include <algorithm>

#include "core/message.hpp"
#include "core/status.hpp"
#include "graph/fusion.hpp"

namespace hadal {
namespace {

CacheLayout lay_out(const Graph& graph, const Backend& backend) {
  constexpr size_t kAlignment = 64;
  CacheLayout layout;
  layout.slots = graph.cache_slots();
  for (const CacheSlot& slot : layout.slots) {
    layout.offsets.push_back(layout.page_bytes);
    layout.page_bytes += (backend.cache_slot_bytes(slot) + kAlignment - 1) / kAlignment * kAlignment;
  }
  return layout;
}

void note_uses(const Node& node, std::vector<WeightUse>& uses) {
  for (size_t i = 0; i < node.weights.size(); ++i) {
    if (!node.weights[i]) continue;
    WeightUse& use = uses[size_t(node.weights[i]->index)];
    const bool matrix = (node.op == Op::linear && i == 0) || (node.op == Op::fused_linear && i % 2 == 1);
    if (node.op == Op::embed) use.lookup = true;
    else if (node.op == Op::experts) use.expert = true;
    else if (node.op == Op::latent_attention) {
      use.head = true;
      use.head_columns = i == 0 && !node.as<LatentAttentionAttributes>().k_transposed;
    }
    else if (node.op == Op::route && i == 0) use.router = true;
    else if (matrix) use.matrix = true;
    else use.vector = true;
  }
}

}  // namespace

Program::Program(const Graph& graph, std::shared_ptr<Backend> backend, const std::vector<Weight>& weights,
                 const Graph* draft)
    : graph_(fuse(graph, *backend)),
      draft_(draft ? std::optional(fuse(*draft, *backend)) : std::nullopt),
      backend_(std::move(backend)),
      weights_(weights),
      uses_(weights.size()),
      cache_(lay_out(graph_, *backend_)),
      packed_(weights.size()) {
  check(graph_);
  if (draft_) check(*draft_);
}

void Program::check(const Graph& graph) {
  for (const Node& node : graph.nodes()) {
    if (!backend_->supports(node))
      throw Error(Status::unsupported, message("backend ", quoted(backend_->name()), " cannot run ", name_of(node.op),
                                               " ", node.name));
    note_uses(node, uses_);
  }
}

void Program::pack(const std::shared_ptr<Host>& host, TaskRunner& runner, Ready ready, Done done) {
  try {
    for (const Weight& weight : weights_) {
      auto& packed = packed_[size_t(weight.index)];
      ready(weight);
      packed = backend_->pack(weight, uses_[size_t(weight.index)], host, runner);
      done(weight, packed->reads_source());
    }
  } catch (...) {
    for (auto& packed : packed_) packed.reset();
    throw;
  }
}

size_t Program::packed_bytes() const {
  size_t bytes = 0;
  for (const Weight& weight : weights_) bytes += backend_->packed_bytes(weight, uses_[size_t(weight.index)]);
  return bytes;
}

// The stacks of one experts node.
struct Program::ExpertLayer {
  std::vector<const Weight*> stacks;
  int64_t count = 0;       // experts
  size_t slot_bytes = 0;   // of one expert, packed; 0 if the backend reads them where they lie
};

std::vector<Program::ExpertLayer> Program::expert_layers() const {
  std::vector<ExpertLayer> layers;
  const auto add = [&](const Graph& graph) {
    for (const Node& node : graph.nodes()) {
      if (node.op != Op::experts) continue;
      ExpertLayer layer{node.weights, int64_t(node.weights.front()->parts.size()), 0};
      for (const Weight* stack : node.weights) {
        WeightUse one = uses_[size_t(stack->index)];
        one.expert_slots = 1;
        layer.slot_bytes += backend_->packed_bytes(*stack, one);
      }
      layers.push_back(std::move(layer));
    }
  };
  add(graph_);
  if (draft_) add(*draft_);
  return layers;
}

Program::Experts Program::experts() const {
  Experts sum;
  for (const ExpertLayer& layer : expert_layers()) {
    const int64_t wanted = uses_[size_t(layer.stacks.front()->index)].expert_slots;
    const int64_t slots = layer.slot_bytes == 0 ? 0 : wanted < 0 ? layer.count : std::min(wanted, layer.count);
    sum.count += layer.count;
    sum.slots += slots;
    sum.all_bytes += size_t(layer.count) * layer.slot_bytes;
    sum.slot_bytes += size_t(slots) * layer.slot_bytes;
    if (layer.slot_bytes == 0) continue;
    for (const Weight* stack : layer.stacks) sum.file_bytes += size_t(layer.count - slots) * stack->part_bytes();
  }
  return sum;
}

void Program::limit_experts(size_t bytes) {
  const std::vector<ExpertLayer> layers = expert_layers();
  size_t round = 0;   // one slot in every layer
  for (const ExpertLayer& layer : layers) round += layer.slot_bytes;
  if (round == 0) return;
  const int64_t each = int64_t(bytes / round);
  size_t left = bytes % round;
  for (const ExpertLayer& layer : layers) {
    const bool one_more = layer.slot_bytes <= left;
    if (one_more) left -= layer.slot_bytes;
    for (const Weight* stack : layer.stacks)
      uses_[size_t(stack->index)].expert_slots = std::min(layer.count, each + (one_more ? 1 : 0));
  }
}

}  // namespace hadal
