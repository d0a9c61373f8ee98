// linear and fused_linear: y = epilogue(norm(x) · Wᵀ + b), for panels of every weight format.
#include "backends/cpu/linear_plan.hpp"

#include <algorithm>

namespace hadal::cpu {
namespace {

constexpr int64_t kRowsPerTask = 8;   // of stage 0

bool supports(const Node& node, const CpuConfig&) {
  const LinearShape shape(node);
  for (int p = 0; p < shape.attributes.projections; ++p) {
    const Dtype dtype = shape.weight(p).dtype;
    if (!panel_format(dtype) && !is_float_panel(dtype)) return false;
  }
  return true;
}

size_t scratch_bytes(const Node& node, const Sizes& sizes, int workers, const CpuConfig& config) {
  return LinearScratch(LinearShape(node), std::max(sizes.tokens, sizes.outputs), config).bytes(workers);
}

int stages(const Node&, const CpuConfig&) { return 2; }

int64_t tasks(const NodeContext& context, int stage, const CpuConfig& config) {
  const LinearShape shape(context.node);
  const int64_t rows = context.inputs[0].rows;
  if (stage == 1) return LinearTasks(shape, rows, config).count();
  if (!shape.any_quantised && !shape.attributes.norm) return 0;
  return (rows + kRowsPerTask - 1) / kRowsPerTask;
}

void prepare_rows(const NodeContext& context, const LinearShape& shape, const LinearScratch& scratch, int64_t task,
                  int worker, const CpuConfig& config) {
  const Kernels& table = kernels(config.level);
  const Tensor& x = context.inputs[0];
  const QuantRows quantised = scratch.quantised(context.scratch);
  float* own_row = scratch.own(context.scratch, worker).row;
  const int64_t end = std::min(x.rows, (task + 1) * kRowsPerTask);
  for (int64_t t = task * kRowsPerTask; t < end; ++t) {
    const float* row = x.row<const float>(t).data();
    if (shape.attributes.norm) {
      float* normalised = shape.any_float ? scratch.normalised(context.scratch) + t * shape.cols : own_row;
      table.rms_norm_row(normalised, row, vector_values(context.weights[0]), shape.cols, shape.attributes.eps);
      row = normalised;
    }
    if (shape.any_quantised) table.quantise_row(row, config.exact, quantised.from(t));
  }
}

// One task of stage 1.
class Multiply {
 public:
  Multiply(const NodeContext& context, const LinearShape& shape, const LinearScratch& scratch, int worker,
           const CpuConfig& config)
      : context_(context),
        shape_(shape),
        table_(kernels(config.level)),
        scratch_(scratch),
        own_(scratch.own(context.scratch, worker)),
        quantised_(scratch.quantised(context.scratch)) {
    const Tensor& x = context.inputs[0];
    float_rows_ = reinterpret_cast<const float*>(x.data);
    float_stride_ = x.stride_bytes / int64_t(sizeof(float));
    if (shape.attributes.norm && shape.any_float) {
      float_rows_ = scratch.normalised(context.scratch);
      float_stride_ = shape.cols;
    }
  }

  void run(const LinearTasks& tasks, int64_t task) {
    first_row_ = task % tasks.blocks() * tasks.row_block;
    num_rows_ = std::min(tasks.row_block, tasks.rows - first_row_);
    few_ = tasks.rows <= kDirectRows;
    const int64_t begin = task / tasks.blocks() * tasks.group, end = std::min(tasks.units, begin + tasks.group);
    if (shape_.swiglu()) {
      run_gated(begin, end);
      return;
    }
    int64_t before = 0;
    for (int p = 0; p < shape_.attributes.projections; ++p) {
      const int64_t panels = panels_of(shape_.weight(p).rows);
      const int64_t first = std::max<int64_t>(begin - before, 0), last = std::min(end - before, panels);
      for (int64_t panel = first; panel < last;) {
        const int count = product(p).panels_at_once(num_rows_, last - panel);
        multiply(p, panel, count, [&](int r, int64_t t, int64_t tokens, const float* sums) {
          finish(p, panel + r, t, tokens, sums);
        });
        panel += count;
      }
      before += panels;
    }
  }

 private:
  const CpuWeight& weight(int p) const {
    return static_cast<const CpuWeight&>(*context_.weights[size_t(shape_.first + shape_.step * p)]);
  }
  const float* bias(int p) const { return vector_values(context_.weights[shape_.bias(p)]); }

  PanelProduct product(int p) const {
    return {table_, weight(p).dtype, shape_.cols, own_.tiles, scratch_.tile_bytes, own_.sums, few_};
  }

  // The packed panel, made now where weights stay as they lie in the file.
  const uint8_t* packed_panel(const CpuWeight& w, int64_t panel, int slot) const {
    if (w.kind == CpuWeight::Kind::panels)
      return reinterpret_cast<const uint8_t*>(w.memory.data()) + panel * panel_bytes(w.dtype, w.cols);
    uint8_t* out = own_.packed + size_t(slot) * scratch_.packed_bytes;
    pack_panel(w.source, w.rows, panel, out);
    return out;
  }

  // Calls done as PanelProduct does, for panels panel + r of projection p and the task's rows.
  template <class Done>
  void multiply(int p, int64_t panel, int count, Done&& done) {
    const uint8_t* panels[kMostTilePanels];
    for (int r = 0; r < count; ++r) panels[r] = packed_panel(weight(p), panel + r, r);
    product(p).run(panels, count,
                   {quantised_.from(first_row_), float_rows_ + first_row_ * float_stride_, float_stride_}, num_rows_,
                   done);
  }

  static void add_bias(float* values, const float* bias, int64_t n) {
    for (int64_t i = 0; bias && i < n; ++i) values[i] += bias[i];
  }

  // Bias, residual and store of a few rows.
  void finish(int p, int64_t panel, int64_t t, int64_t tokens, const float* sums) const {
    const int64_t at = panel * kPanelRows, n = std::min<int64_t>(kPanelRows, shape_.weight(p).rows - at);
    const float* b = bias(p) ? bias(p) + at : nullptr;
    const bool gated = shape_.attributes.epilogue == FusedLinearAttributes::Epilogue::gelu;
    const bool residual = shape_.attributes.epilogue == FusedLinearAttributes::Epilogue::add;
    for (int64_t i = 0; i < tokens; ++i, sums += kPanelRows) {
      const int64_t row = first_row_ + t + i;
      float* y = context_.outputs[size_t(p)].row<float>(row).data() + at;
      std::copy_n(sums, n, y);
      add_bias(y, b, n);
      if (gated) table_.gelu_row(y, y, n);
      if (!residual) continue;
      const float* other = context_.inputs[1].row<const float>(row).data() + at;
      for (int64_t r = 0; r < n; ++r) y[r] += other[r];
    }
  }

  void run_gated(int64_t begin, int64_t end) {
    const int64_t total = shape_.weight(0).rows;
    for (int64_t panel = begin; panel < end;) {
      const int count = std::min(product(0).panels_at_once(num_rows_, end - panel),
                                 product(1).panels_at_once(num_rows_, end - panel));
      const auto gate = [&](int r, int64_t t) { return own_.gate + (r * num_rows_ + t) * kPanelRows; };
      const auto rows_of = [&](int r) { return std::min<int64_t>(kPanelRows, total - (panel + r) * kPanelRows); };
      multiply(0, panel, count, [&](int r, int64_t t, int64_t tokens, const float* sums) {
        for (int64_t i = 0; i < tokens; ++i) {
          float* to = gate(r, t + i);
          std::copy_n(sums + i * kPanelRows, kPanelRows, to);
          add_bias(to, bias(0) ? bias(0) + (panel + r) * kPanelRows : nullptr, rows_of(r));
        }
      });
      multiply(1, panel, count, [&](int r, int64_t t, int64_t tokens, const float* sums) {
        float* up = own_.sums + (sums - own_.sums);
        for (int64_t i = 0; i < tokens; ++i, up += kPanelRows) {
          add_bias(up, bias(1) ? bias(1) + (panel + r) * kPanelRows : nullptr, rows_of(r));
          float* y = context_.outputs[0].row<float>(first_row_ + t + i).data() + (panel + r) * kPanelRows;
          table_.swiglu_row(y, gate(r, t + i), up, rows_of(r));
        }
      });
      panel += count;
    }
  }

  const NodeContext& context_;
  const LinearShape& shape_;
  const Kernels& table_;
  const LinearScratch& scratch_;
  LinearScratch::Own own_;
  QuantRows quantised_;
  const float* float_rows_ = nullptr;
  int64_t float_stride_ = 0;
  int64_t first_row_ = 0, num_rows_ = 0;
  bool few_ = false;
};

void run(const NodeContext& context, int stage, int64_t task, int worker, const CpuConfig& config) {
  const LinearShape shape(context.node);
  const int64_t rows = context.inputs[0].rows;
  const LinearScratch scratch(shape, rows, config);
  if (stage == 0) prepare_rows(context, shape, scratch, task, worker, config);
  else Multiply(context, shape, scratch, worker, config).run(LinearTasks(shape, rows, config), task);
}

}  // namespace

const CpuOp kLinear = {supports, scratch_bytes, stages, tasks, run};
const CpuOp kFusedLinear = {supports, scratch_bytes, stages, tasks, run};

}  // namespace hadal::cpu
