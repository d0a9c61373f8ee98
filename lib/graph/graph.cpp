#include "graph/graph.hpp"

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

Value Graph::embed(const Weight& table) {
  return record(Op::embed, std::string(stem(table.name)), {}, {&table}, {}, {kTokens, table.cols});
}

Value Graph::rope_table(std::vector<float> inv_freq, float magnitude) {
  const int64_t cols = 2 * int64_t(inv_freq.size());
  return record(Op::rope_table, named("rope_table"), {}, {}, RopeTableAttributes{std::move(inv_freq), magnitude},
                {kTokens, cols});
}

Value Graph::rms_norm(Value x, const Weight& weight, float eps) {
  const Shape in = shape(x);
  if (!weight.is_vector() || weight.cols < 1 || in.cols % weight.cols != 0)
    refuse(Op::rms_norm, weight.name, message("expected a vector whose length divides ", in.cols, ", found ",
                                              shape_text(weight)));
  return record(Op::rms_norm, std::string(stem(weight.name)), {x}, {&weight}, NormAttributes{eps}, in);
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

Value Graph::rope(Value x, Value table, int64_t head_dim, int64_t rope_dim, bool interleaved) {
  const Shape in = shape(x);
  if (head_dim < 1 || in.cols % head_dim != 0)
    refuse(Op::rope, named("rope"), message("expected heads of ", head_dim, " columns, found ", in.cols, " columns"));
  if (rope_dim > head_dim || shape(table).cols != rope_dim)
    refuse(Op::rope, named("rope"),
           message("expected ", rope_dim, " of ", head_dim, " columns rotated, found a table for ", shape(table).cols));
  return record(Op::rope, named("rope"), {x, table}, {}, RopeAttributes{head_dim, rope_dim, interleaved}, in);
}

CacheSlot Graph::cache_slot(int64_t kv_heads, int64_t key_dim, int64_t value_dim) {
  return slots_.emplace_back(CacheSlot{int32_t(slots_.size()), kv_heads, key_dim, value_dim});
}

Value Graph::append(const CacheSlot& slot, Value k, Value v) {
  if (shape(k).cols != slot.kv_heads * slot.key_dim || shape(v).cols != slot.kv_heads * slot.value_dim)
    refuse(Op::append, named("append"),
           message("expected keys of ", slot.kv_heads * slot.key_dim, " and values of ",
                   slot.kv_heads * slot.value_dim, " columns, found ", shape(k).cols, " and ", shape(v).cols));
  return record(Op::append, named("append"), {k, v}, {}, AttentionAttributes{slot, 0, 0}, {Extent{0}, 0});
}

Value Graph::attention(Value q, Value appended, int64_t heads, float scale) {
  const Node* source = nullptr;
  for (const Node& node : nodes_)
    if (node.outputs.front() == appended) source = &node;
  if (!source || source->op != Op::append) refuse(Op::attention, named("attention"), "its cache was not appended to");
  const CacheSlot slot = source->as<AttentionAttributes>().slot;
  if (heads < 1 || heads % slot.kv_heads != 0 || shape(q).cols != heads * slot.key_dim)
    refuse(Op::attention, named("attention"),
           message("expected ", heads, " query heads of ", slot.key_dim, " columns over ", slot.kv_heads,
                   " key heads, found ", shape(q).cols, " columns"));
  return record(Op::attention, named("attention"), {q, appended}, {}, AttentionAttributes{slot, heads, scale},
                {shape(q).rows, heads * slot.value_dim});
}

Value Graph::swiglu(Value gate, Value up) {
  if (!(shape(gate) == shape(up)))
    refuse(Op::swiglu, named("swiglu"), message("expected equal shapes, found ", shape(gate), " and ", shape(up)));
  return record(Op::swiglu, named("swiglu"), {gate, up}, {}, {}, shape(gate));
}

Value Graph::add(Value a, Value b) {
  if (!(shape(a) == shape(b)))
    refuse(Op::add, named("add"), message("expected equal shapes, found ", shape(a), " and ", shape(b)));
  return record(Op::add, named("add"), {a, b}, {}, {}, shape(a));
}

Value Graph::select_rows(Value x) {
  return record(Op::select_rows, named("select_rows"), {x}, {}, {}, {kOutputs, shape(x).cols});
}

void Graph::set_output(Value value) {
  if (!(shape(value).rows == kOutputs))
    refuse(nodes_.back().op, nodes_.back().name, message("the output must be [outputs, n], found ", shape(value)));
  output_ = value;
}

}  // namespace hadal
