#include "backends/reference/reference.hpp"

#include <algorithm>

#include "backends/reference/cache_page.hpp"
#include "backends/reference/ops.hpp"
#include "core/message.hpp"
#include "core/status.hpp"

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
      case Op::attention:
        return size_t(workers) * size_t(node.as<AttentionAttributes>().slot.value_dim) * sizeof(double);
      default:
        return 0;
    }
  }

  int stages(const Node& node) const override { return node.op == Op::linear ? 2 : 1; }

  int64_t tasks(const NodeContext& c, int stage) const override {
    if (c.node.op == Op::append) return c.inputs[0].rows > 0 ? 1 : 0;
    const int64_t rows = c.outputs[0].rows;
    if (rows == 0) return 0;
    if (c.node.op == Op::attention) return rows;
    if (c.node.op != Op::linear) return 1;
    return stage == 0 ? rows : (c.outputs[0].cols + kColumnsPerTask - 1) / kColumnsPerTask;
  }

  void run(const NodeContext& c, int stage, int64_t task, int worker) const override {
    const Node& node = c.node;
    switch (node.op) {
      case Op::embed:
        return embed(c.outputs[0], source(c.weights[0]), c.batch.tokens);
      case Op::rope_table:
        return rope_table(c.outputs[0], node.as<RopeTableAttributes>(), c.batch.positions);
      case Op::rms_norm:
        return rms_norm(c.outputs[0], c.inputs[0], source(c.weights[0]), node.as<NormAttributes>().eps,
                        reinterpret_cast<float*>(c.scratch));
      case Op::linear:
        return run_linear(c, stage, task, worker);
      case Op::rope:
        return rope(c.outputs[0], c.inputs[0], c.inputs[1], node.as<RopeAttributes>());
      case Op::append:
        return append(c.inputs[0], c.inputs[1], node.as<AttentionAttributes>().slot, c.batch, c.cache);
      case Op::attention: {
        const auto& attributes = node.as<AttentionAttributes>();
        double* sums = reinterpret_cast<double*>(c.scratch) + worker * attributes.slot.value_dim;
        return attention(c.outputs[0], c.inputs[0], attributes, c.batch, c.cache, task, sums);
      }
      case Op::swiglu:
        return swiglu(c.outputs[0], c.inputs[0], c.inputs[1]);
      case Op::add:
        return add(c.outputs[0], c.inputs[0], c.inputs[1]);
      case Op::select_rows:
        return select_rows(c.outputs[0], c.inputs[0], c.batch.output_rows);
      case Op::fused_linear:
        return;
    }
  }

 private:
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
