#include "graph/graph.hpp"

#include <algorithm>
#include <utility>

#include "core/message.hpp"
#include "core/status.hpp"

namespace hadal {
namespace {

[[noreturn]] void refuse(Op op, const std::string& node, const std::string& expectation) {
  throw Error(Status::corrupt, message(name_of(op), " ", node, ": ", expectation));
}

// A weight's name without the suffix that all of them share, which is the node's name.
std::string_view stem(std::string_view weight) {
  constexpr std::string_view kSuffix = ".weight";
  return weight.ends_with(kSuffix) ? weight.substr(0, weight.size() - kSuffix.size()) : weight;
}

std::string shape_text(const Weight& weight) {
  return weight.is_vector() ? message("[", weight.cols, "]") : message("[", weight.rows, ", ", weight.cols, "]");
}

}  // namespace

Graph::Scope::Scope(Graph& graph, std::string_view prefix) : graph_(graph), outer_length_(graph.prefix_.size()) {
  graph_.prefix_ += prefix;
  graph_.prefix_ += '.';
}
Graph::Scope::~Scope() { graph_.prefix_.resize(outer_length_); }

std::string Graph::named(std::string_view name) const { return message(prefix_, name); }

Value Graph::record(Op op, std::string name, std::vector<Value> inputs, std::vector<const Weight*> weights,
                    Attributes attributes, Shape shape) {
  const Value value{num_values()};
  shapes_.push_back(shape);
  nodes_.push_back({op, std::move(name), std::move(inputs), {value}, std::move(weights), std::move(attributes)});
  return value;
}

Value Graph::input(int64_t cols) {
  return record(Op::input, named("input"), {}, {}, {}, {kTokens, cols});
}

Value Graph::embed(const Weight& table) {
  return record(Op::embed, std::string(stem(table.name)), {}, {&table}, {}, {kTokens, table.cols});
}

Value Graph::embed(const Weight& table, EmbedAttributes index) {
  return record(Op::embed, std::string(stem(table.name)), {}, {&table}, index, {kTokens, table.cols});
}

Value Graph::rope_table(std::vector<float> inv_freq, float magnitude) {
  const int64_t cols = 2 * int64_t(inv_freq.size());
  return record(Op::rope_table, named("rope_table"), {}, {}, RopeTableAttributes{std::move(inv_freq), magnitude},
                {kTokens, cols});
}

Value Graph::rms_norm(Value x, const Weight& weight, float eps, int64_t stride) {
  const Shape in = shape(x);
  const int64_t group = stride > 0 ? stride : weight.cols;
  if (!weight.is_vector() || weight.cols < 1 || weight.cols > group || in.cols % group != 0)
    refuse(Op::rms_norm, weight.name, message("expected a vector whose length divides ", in.cols, ", found ",
                                              shape_text(weight)));
  return record(Op::rms_norm, std::string(stem(weight.name)), {x}, {&weight},
                NormAttributes{eps, group == weight.cols ? 0 : group}, in);
}

Value Graph::layer_norm(Value x, const Weight& weight, const Weight* bias, float eps) {
  const Shape in = shape(x);
  for (const Weight* vector : {&weight, bias})
    if (vector && (!vector->is_vector() || vector->cols != in.cols))
      refuse(Op::layer_norm, vector->name, message("expected [", in.cols, "], found ", shape_text(*vector)));
  return record(Op::layer_norm, std::string(stem(weight.name)), {x}, {&weight, bias}, NormAttributes{eps}, in);
}

Value Graph::linear(Value x, const Linear& projection) {
  const Weight& weight = *projection.weight;
  const Shape in = shape(x);
  if (weight.cols != in.cols)
    refuse(Op::linear, weight.name, message("expected [out, ", in.cols, "], found ", shape_text(weight)));
  if (projection.bias && (!projection.bias->is_vector() || projection.bias->cols != weight.rows))
    refuse(Op::linear, projection.bias->name,
           message("expected [", weight.rows, "], found ", shape_text(*projection.bias)));
  return record(Op::linear, std::string(stem(weight.name)), {x}, {&weight, projection.bias}, {},
                {in.rows, weight.rows});
}

Value Graph::rope(Value x, Value table, int64_t head_dim, int64_t rope_dim, bool interleaved, int64_t first) {
  const Shape in = shape(x);
  if (head_dim < 1 || in.cols % head_dim != 0)
    refuse(Op::rope, named("rope"), message("expected heads of ", head_dim, " columns, found ", in.cols, " columns"));
  if (first < 0 || first + rope_dim > head_dim || shape(table).cols != rope_dim)
    refuse(Op::rope, named("rope"), message("expected ", rope_dim, " of ", head_dim, " columns rotated from column ",
                                            first, ", found a table for ", shape(table).cols));
  return record(Op::rope, named("rope"), {x, table}, {}, RopeAttributes{head_dim, rope_dim, interleaved, first}, in);
}

CacheSlot Graph::cache_slot(int64_t kv_heads, int64_t key_dim, int64_t value_dim) {
  return slots_.emplace_back(CacheSlot{int32_t(slots_.size()), kv_heads, key_dim, value_dim});
}

CacheSlot Graph::shared_cache_slot(int64_t key_dim, int64_t value_dim) {
  if (key_dim < 1 || value_dim < 0 || value_dim > key_dim)
    refuse(Op::append, named("append"), message("expected values within keys of ", key_dim, ", found ", value_dim));
  return slots_.emplace_back(CacheSlot{int32_t(slots_.size()), 1, key_dim, value_dim, true});
}

Value Graph::append(const CacheSlot& slot, Value k, Value v) {
  if (shape(k).cols != slot.kv_heads * slot.key_dim || shape(v).cols != slot.kv_heads * slot.value_dim)
    refuse(Op::append, named("append"),
           message("expected keys of ", slot.kv_heads * slot.key_dim, " and values of ",
                   slot.kv_heads * slot.value_dim, " columns, found ", shape(k).cols, " and ", shape(v).cols));
  return record(Op::append, named("append"), {k, v}, {}, AttentionAttributes{slot, 0, 0}, {Extent{0}, 0});
}

Value Graph::append(const CacheSlot& shared, Value rows) {
  if (!shared.values_in_keys || shape(rows).cols != shared.key_dim)
    refuse(Op::append, named("append"),
           message("expected rows of ", shared.key_dim, " columns, found ", shape(rows).cols));
  return record(Op::append, named("append"), {rows}, {}, AttentionAttributes{shared, 0, 0}, {Extent{0}, 0});
}

CacheSlot Graph::slot_of(Op op, Value appended) const {
  const Node* source = nullptr;
  for (const Node& node : nodes_)
    if (node.outputs.front() == appended) source = &node;
  if (!source || source->op != Op::append) refuse(op, named(name_of(op)), "its cache was not appended to");
  return source->as<AttentionAttributes>().slot;
}

Value Graph::attention(Value q, Value appended, int64_t heads, float scale) {
  const CacheSlot slot = slot_of(Op::attention, appended);
  if (heads < 1 || heads % slot.kv_heads != 0 || shape(q).cols != heads * slot.key_dim)
    refuse(Op::attention, named("attention"),
           message("expected ", heads, " query heads of ", slot.key_dim, " columns over ", slot.kv_heads,
                   " key heads, found ", shape(q).cols, " columns"));
  return record(Op::attention, named("attention"), {q, appended}, {}, AttentionAttributes{slot, heads, scale},
                {shape(q).rows, heads * slot.value_dim});
}

Value Graph::self_attention(Value q, Value k, Value v, int64_t heads, int64_t kv_heads, float scale, bool causal) {
  constexpr Op op = Op::self_attention;
  if (heads < 1 || kv_heads < 1 || heads % kv_heads != 0 || shape(q).cols % heads != 0 ||
      shape(k).cols != shape(q).cols / heads * kv_heads || shape(v).cols % kv_heads != 0 || shape(v).cols == 0)
    refuse(op, named(name_of(op)),
           message("expected ", heads, " query heads over ", kv_heads, " key heads of their size, found ",
                   shape(q).cols, ", ", shape(k).cols, " and ", shape(v).cols, " columns"));
  const SelfAttentionAttributes a{heads, kv_heads, shape(q).cols / heads, shape(v).cols / kv_heads, scale, causal};
  return record(op, named(name_of(op)), {q, k, v}, {}, a, {shape(q).rows, heads * a.value_dim});
}

Value Graph::latent_attention(Value q, Value appended, const LatentHeads& heads, float scale, Value selected) {
  constexpr Op op = Op::latent_attention;
  LatentAttentionAttributes a;
  a.slot = slot_of(op, appended);
  a.heads = int64_t(heads.k->parts.size());
  a.k_transposed = heads.k_transposed;
  a.nope_dim = heads.k_transposed ? heads.k->cols : heads.k->rows;
  a.value_dim = heads.v->rows;
  a.scale = scale;
  const int64_t rank = heads.k_transposed ? heads.k->rows : heads.k->cols;
  if (!a.slot.values_in_keys || rank != a.kv_lora_rank() || heads.v->cols != rank ||
      heads.v->parts.size() != heads.k->parts.size())
    refuse(op, heads.k->name, message("expected heads over a latent of ", a.kv_lora_rank(), ", found ", rank, " and ",
                                      heads.v->cols));
  if (a.heads < 1 || shape(q).cols != a.heads * (a.nope_dim + a.rope_dim()))
    refuse(op, named(name_of(op)), message("expected ", a.heads, " query heads of ", a.nope_dim + a.rope_dim(),
                                           " columns, found ", shape(q).cols, " columns"));
  std::vector<Value> inputs{q, appended};
  if (selected.valid()) inputs.push_back(selected);
  return record(op, named(name_of(op)), std::move(inputs), {heads.k, heads.v}, a,
                {shape(q).rows, a.heads * a.value_dim});
}

Value Graph::index_select(Value q, Value weights, Value appended, int64_t heads, int64_t top_k, float scale) {
  constexpr Op op = Op::index_select;
  const CacheSlot slot = slot_of(op, appended);
  if (heads < 1 || top_k < 1 || shape(q).cols != heads * slot.key_dim || shape(weights).cols != heads)
    refuse(op, named(name_of(op)), message("expected ", heads, " heads of ", slot.key_dim, " columns, found ",
                                           shape(q).cols, " columns and ", shape(weights).cols, " weights"));
  return record(op, named(name_of(op)), {q, weights, appended}, {}, IndexAttributes{slot, heads, top_k, scale},
                {shape(q).rows, top_k});
}

Value Graph::route(Value x, const Weight& gate, const Weight* bias, const RouteAttributes& how) {
  const int64_t experts = gate.rows;
  if (gate.cols != shape(x).cols)
    refuse(Op::route, gate.name, message("expected [experts, ", shape(x).cols, "], found ", shape_text(gate)));
  if (bias && (!bias->is_vector() || bias->cols != experts))
    refuse(Op::route, bias->name, message("expected [", experts, "], found ", shape_text(*bias)));
  if (how.n_group < 1 || experts % how.n_group != 0 || how.topk_group < 1 || how.topk_group > how.n_group ||
      how.num_experts_per_tok < 1 || how.num_experts_per_tok > experts / how.n_group * how.topk_group)
    refuse(Op::route, gate.name, message("expected ", how.num_experts_per_tok, " of ", experts, " experts out of ",
                                         how.topk_group, " of ", how.n_group, " groups, which cannot be"));
  return record(Op::route, std::string(stem(gate.name)), {x}, {&gate, bias}, how,
                {shape(x).rows, 2 * how.num_experts_per_tok});
}

Value Graph::experts(Value x, Value routing, const Weight& gate, const Weight& up, const Weight& down) {
  const int64_t hidden = shape(x).cols, ff = gate.rows;
  const auto expect = [&](const Weight& weight, int64_t rows, int64_t cols) {
    if (weight.rows != rows || weight.cols != cols || weight.parts.size() != gate.parts.size() || !weight.is_stack())
      refuse(Op::experts, weight.name, message("expected ", gate.parts.size(), " matrices [", rows, ", ", cols,
                                               "], found ", weight.parts.size(), " of ", shape_text(weight)));
  };
  expect(gate, ff, hidden);
  expect(up, ff, hidden);
  expect(down, hidden, ff);
  // Expert numbers are not looked at again when they are used.
  const auto router = std::find_if(nodes_.begin(), nodes_.end(), [&](const Node& node) {
    return node.op == Op::route && node.outputs.front() == routing;
  });
  if (router == nodes_.end() || router->weights.front()->rows != int64_t(gate.parts.size()))
    refuse(Op::experts, gate.name, message("expected the choice of a router over ", gate.parts.size(), " experts"));
  return record(Op::experts, named("experts"), {x, routing}, {&gate, &up, &down},
                ExpertsAttributes{shape(routing).cols / 2}, shape(x));
}

Value Graph::swiglu(Value gate, Value up) {
  if (!(shape(gate) == shape(up)))
    refuse(Op::swiglu, named("swiglu"), message("expected equal shapes, found ", shape(gate), " and ", shape(up)));
  return record(Op::swiglu, named("swiglu"), {gate, up}, {}, {}, shape(gate));
}

Value Graph::gelu(Value x) { return record(Op::gelu, named("gelu"), {x}, {}, {}, shape(x)); }

Value Graph::tanh(Value x) { return record(Op::tanh, named("tanh"), {x}, {}, {}, shape(x)); }

Value Graph::add(Value a, Value b) {
  if (!(shape(a) == shape(b)))
    refuse(Op::add, named("add"), message("expected equal shapes, found ", shape(a), " and ", shape(b)));
  return record(Op::add, named("add"), {a, b}, {}, {}, shape(a));
}

Value Graph::concat(Value a, Value b) {
  if (!(shape(a).rows == shape(b).rows))
    refuse(Op::concat, named("concat"), message("expected as many rows, found ", shape(a), " and ", shape(b)));
  return record(Op::concat, named("concat"), {a, b}, {}, {}, {shape(a).rows, shape(a).cols + shape(b).cols});
}

Value Graph::select_rows(Value x) {
  return record(Op::select_rows, named("select_rows"), {x}, {}, {}, {kOutputs, shape(x).cols});
}

Value Graph::mean_rows(Value x) {
  return record(Op::mean_rows, named("mean_rows"), {x}, {}, {}, {kOutputs, shape(x).cols});
}

void Graph::set_hidden(Value value) {
  if (!(shape(value).rows == kTokens))
    refuse(nodes_.back().op, nodes_.back().name, message("the hidden rows must be [tokens, n], found ", shape(value)));
  hidden_ = value;
}

void Graph::set_output(Value value) {
  if (!(shape(value).rows == kOutputs))
    refuse(nodes_.back().op, nodes_.back().name, message("the output must be [outputs, n], found ", shape(value)));
  output_ = value;
}

}  // namespace hadal
