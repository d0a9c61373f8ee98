#include "backends/reference/reference.hpp"

#include <algorithm>

#include "backends/reference/cache_page.hpp"
#include "backends/reference/ops.hpp"
#include "core/message.hpp"
#include "core/status.hpp"
#include "graph/weight_rows.hpp"

namespace hadal::reference {
namespace {

// A linear node's second stage computes this many columns of y a task.
constexpr int64_t kColumnsPerTask = 64;

class SourceWeight final : public PackedWeight {
 public:
  explicit SourceWeight(const Weight& weight) : weight_(weight) {}
  bool reads_source() const override { return true; }
  const Weight& get() const { return weight_; }

 private:
  const Weight& weight_;
};

const Weight& source(const PackedWeight* weight) { return static_cast<const SourceWeight*>(weight)->get(); }
const Weight* optional(const PackedWeight* weight) { return weight ? &source(weight) : nullptr; }

// Other backends meet these bytes while packing; here nothing is packed.
void check_codes(const Weight& weight) {
  const int64_t count = weight.rows * weight.cols;
  if (!has_scales(weight)) throw Error(Status::internal, message(weight.name, ": FP8 without its scales"));
  if (!weight.is_stack() && has_nan_e4m3(weight.data, count))
    throw Error(Status::corrupt, message(weight.name, ": expected numbers, found NaN among its FP8 codes"));
  for (size_t p = 0; p < weight.parts.size(); ++p)
    if (has_nan_e4m3(weight.parts[p].data, count))
      throw Error(Status::corrupt, message(weight.name, ": expected numbers, found NaN among the FP8 codes of matrix ", p));
}

class Reference final : public Backend {
 public:
  std::string_view name() const override { return "reference"; }
  std::string_view level() const override { return "scalar"; }

  // Every op but the fused one, which stays in its plain nodes here: those are its definition.
  bool supports(const Node& node) const override { return node.op != Op::fused_linear; }

  size_t packed_bytes(const Weight&, WeightUse) const override { return 0; }

  std::unique_ptr<PackedWeight> pack(const Weight& weight, WeightUse, const std::shared_ptr<Host>&,
                                     TaskRunner&) override {
    const int64_t block = info(weight.dtype).block_elements;
    if (weight.cols % block != 0)
      throw Error(Status::unsupported, message(weight.name, ": expected rows of a multiple of ", block, " for ",
                                               hadal::name(weight.dtype), ", found ", weight.cols));
    if (weight.dtype == Dtype::f8_e4m3) check_codes(weight);
    return std::make_unique<SourceWeight>(weight);
  }

  size_t cache_slot_bytes(const CacheSlot& slot) const override { return slot_bytes(slot); }

  size_t scratch_bytes(const Node& node, const Sizes& sizes, int workers) const override {
    switch (node.op) {
      case Op::rms_norm:
        return size_t(node.weights[0]->cols) * sizeof(float);
      case Op::linear: {
        const size_t in = size_t(node.weights[0]->cols);
        const size_t rows = size_t(std::max(sizes.tokens, sizes.outputs));
        return in * (rows + 2 * size_t(workers)) * sizeof(double);
      }
      case Op::layer_norm:
        return 2 * size_t(node.weights[0]->cols) * sizeof(float);
      case Op::route:
        return size_t(node.weights[0]->cols + 3 * node.weights[0]->rows) * sizeof(float);
      case Op::attention:
      case Op::self_attention:
      case Op::latent_attention:
      case Op::index_select:
      case Op::experts:
        return size_t(workers) * worker_bytes(node);
      default:
        return 0;
    }
  }

  int stages(const Node& node) const override { return node.op == Op::linear ? 2 : 1; }

  int64_t tasks(const NodeContext& c, int stage) const override {
    if (c.node.op == Op::append) return c.inputs[0].rows > 0 ? 1 : 0;
    const int64_t rows = c.outputs[0].rows;
    if (rows == 0) return 0;
    if (worker_bytes(c.node) > 0) return rows;
    if (c.node.op != Op::linear) return 1;
    return stage == 0 ? rows : (c.outputs[0].cols + kColumnsPerTask - 1) / kColumnsPerTask;
  }

  void run(const NodeContext& c, int stage, int64_t task, int worker) const override {
    const Node& node = c.node;
    std::byte* const own = c.scratch + size_t(worker) * worker_bytes(node);
    switch (node.op) {
      case Op::input:
        return input(c.outputs[0], c.batch.input);
      case Op::embed:
        return embed(c.outputs[0], source(c.weights[0]), node, c.batch);
      case Op::rope_table:
        return rope_table(c.outputs[0], node.as<RopeTableAttributes>(), c.batch.positions);
      case Op::rms_norm:
        return rms_norm(c.outputs[0], c.inputs[0], source(c.weights[0]), node.as<NormAttributes>(),
                        reinterpret_cast<float*>(c.scratch));
      case Op::layer_norm:
        return layer_norm(c.outputs[0], c.inputs[0], source(c.weights[0]), optional(c.weights[1]),
                          node.as<NormAttributes>().eps, reinterpret_cast<float*>(c.scratch));
      case Op::linear:
        return run_linear(c, stage, task, worker);
      case Op::rope:
        return rope(c.outputs[0], c.inputs[0], c.inputs[1], node.as<RopeAttributes>());
      case Op::append:
        return append(c.inputs[0], c.inputs.size() > 1 ? c.inputs[1] : Tensor{}, node.as<AttentionAttributes>().slot,
                      c.batch, c.cache);
      case Op::attention:
        return attention(c.outputs[0], c.inputs[0], node.as<AttentionAttributes>(), c.batch, c.cache, task,
                         reinterpret_cast<double*>(own));
      case Op::self_attention:
        return self_attention(c.outputs[0], c.inputs[0], c.inputs[1], c.inputs[2], node.as<SelfAttentionAttributes>(),
                              c.batch, task, reinterpret_cast<double*>(own));
      case Op::latent_attention: {
        const auto& attributes = node.as<LatentAttentionAttributes>();
        double* doubles = reinterpret_cast<double*>(own);
        return latent_attention(c.outputs[0], c.inputs[0], c.inputs.size() > 2 ? &c.inputs[2] : nullptr,
                                {source(c.weights[0]), source(c.weights[1])}, attributes, c.batch, c.cache, task,
                                doubles, reinterpret_cast<float*>(doubles + 2 * attributes.kv_lora_rank()));
      }
      case Op::index_select:
        return index_select(c.outputs[0], c.inputs[0], c.inputs[1], node.as<IndexAttributes>(), c.batch, c.cache, task,
                            reinterpret_cast<ScoredPosition*>(own));
      case Op::route:
        return route(c.outputs[0], c.inputs[0], source(c.weights[0]), optional(c.weights[1]),
                     node.as<RouteAttributes>(), reinterpret_cast<float*>(c.scratch));
      case Op::experts: {
        double* sums = reinterpret_cast<double*>(own);
        return experts(c.outputs[0], c.inputs[0], c.inputs[1],
                       {source(c.weights[0]), source(c.weights[1]), source(c.weights[2])}, task, sums,
                       reinterpret_cast<float*>(sums + c.outputs[0].cols));
      }
      case Op::swiglu:
        return swiglu(c.outputs[0], c.inputs[0], c.inputs[1]);
      case Op::gelu:
        return gelu(c.outputs[0], c.inputs[0]);
      case Op::tanh:
        return tanh(c.outputs[0], c.inputs[0]);
      case Op::add:
        return add(c.outputs[0], c.inputs[0], c.inputs[1]);
      case Op::concat:
        return concat(c.outputs[0], c.inputs[0], c.inputs[1]);
      case Op::select_rows:
        return select_rows(c.outputs[0], c.inputs[0], c.batch.output_rows);
      case Op::mean_rows:
        return mean_rows(c.outputs[0], c.inputs[0], c.batch);
      case Op::fused_linear:
        return;
    }
  }

 private:
  // Scratch of one worker, of ops whose tasks are tokens; 0 for the others.
  static size_t worker_bytes(const Node& node) {
    switch (node.op) {
      case Op::attention:
        return size_t(node.as<AttentionAttributes>().slot.value_dim) * sizeof(double);
      case Op::self_attention:
        return size_t(node.as<SelfAttentionAttributes>().value_dim) * sizeof(double);
      case Op::latent_attention: {
        const auto& a = node.as<LatentAttentionAttributes>();
        return size_t(2 * a.kv_lora_rank() + std::max(a.kv_lora_rank(), a.nope_dim)) * sizeof(double);
      }
      case Op::index_select:
        return size_t(node.as<IndexAttributes>().top_k) * sizeof(ScoredPosition);
      case Op::experts: {
        const Weight& gate = *node.weights[0];
        return size_t(gate.cols + gate.rows + std::max(gate.rows, gate.cols)) * sizeof(double);
      }
      default:
        return 0;
    }
  }

  // Scratch: x widened [rows, in], then for each worker a row of the weight, widened [in] and as it decodes.
  static void run_linear(const NodeContext& c, int stage, int64_t task, int worker) {
    const Tensor x = c.inputs[0];
    double* widened = reinterpret_cast<double*>(c.scratch);
    if (stage == 0) return widen_row(x, task, widened + task * x.cols);
    double* own = widened + (x.rows + 2 * worker) * x.cols;
    linear(c.outputs[0], source(c.weights[0]), c.weights[1] ? &source(c.weights[1]) : nullptr,
           {.begin = task * kColumnsPerTask,
            .end = std::min((task + 1) * kColumnsPerTask, c.outputs[0].cols),
            .x = widened,
            .weight_row = reinterpret_cast<float*>(own + x.cols),
            .widened_row = own});
  }
};

}  // namespace

bool usable() { return true; }

std::unique_ptr<Backend> make(const BackendOptions& options) {
  if (!options.cpu.empty())
    throw Error(Status::unsupported,
                message("backend \"reference\" has no instruction set levels, found cpu=", options.cpu));
  return std::make_unique<Reference>();
}

}  // namespace hadal::reference
