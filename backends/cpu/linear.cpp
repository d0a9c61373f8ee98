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
        const int count = panels_at_once(p, last - panel);
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

  const FormatKernels& format(int p) const { return table_.formats[format_index(weight(p).dtype)]; }
  bool direct(int p) const {
    const auto& kernels = format(p).direct;
    return few_ && kernels[1] && (num_rows_ == 1 || kernels[2]);
  }
  int panels_at_once(int p, int64_t left) const {
    if (!panel_format(weight(p).dtype) || direct(p)) return 1;
    return int(std::min<int64_t>(left, table_.tile_panels));
  }

  // The packed panel, made now where weights stay as they lie in the file.
  const uint8_t* packed_panel(const CpuWeight& w, int64_t panel, int slot) const {
    if (w.kind == CpuWeight::Kind::panels)
      return reinterpret_cast<const uint8_t*>(w.memory.data()) + panel * panel_bytes(w.dtype, w.cols);
    uint8_t* out = own_.packed + size_t(slot) * scratch_.packed_bytes;
    pack_panel(w.dtype, w.source, w.rows, w.cols, panel, out);
    return out;
  }

  template <class Kernel>
  static int widest(const Kernel* kernels, int64_t left) {
    int tokens = int(std::min<int64_t>(left, kMostTokens));
    while (!kernels[tokens]) --tokens;
    return tokens;
  }

  // Calls done(r, t, tokens, sums [tokens][16]) for panels panel + r and the task's rows t, t + 1, ...
  template <class Done>
  void multiply(int p, int64_t panel, int count, Done&& done) {
    const CpuWeight& w = weight(p);
    const uint8_t* panels[kMostTilePanels];
    for (int r = 0; r < count; ++r) panels[r] = packed_panel(w, panel + r, r);
    if (!panel_format(w.dtype)) {
      const auto* dots = table_.floats[w.dtype == Dtype::f32 ? 0 : w.dtype == Dtype::f16 ? 1 : 2];
      for (int64_t t = 0; t < num_rows_;) {
        const int tokens = widest(dots, num_rows_ - t);
        dots[tokens](panels[0], float_rows_ + (first_row_ + t) * float_stride_, float_stride_, w.cols, own_.sums);
        done(0, t, tokens, own_.sums);
        t += tokens;
      }
      return;
    }
    const DotKernel* dots = format(p).direct;
    if (!direct(p)) {
      dots = format(p).tile[count];
      for (int r = 0; r < count; ++r) {
        uint8_t* tile = own_.tiles + size_t(r) * scratch_.tile_bytes;
        format(p).unpack(panels[r], w.cols / kBlock, tile);
        panels[r] = tile;
      }
    }
    for (int64_t t = 0; t < num_rows_;) {
      const int tokens = widest(dots, num_rows_ - t);
      dots[tokens](panels, quantised_.from(first_row_ + t), own_.sums);
      for (int r = 0; r < count; ++r) done(r, t, tokens, own_.sums + r * tokens * kPanelRows);
      t += tokens;
    }
  }

  static void add_bias(float* values, const float* bias, int64_t n) {
    for (int64_t i = 0; bias && i < n; ++i) values[i] += bias[i];
  }

  // Bias, residual and store of a few rows.
  void finish(int p, int64_t panel, int64_t t, int64_t tokens, const float* sums) const {
    const int64_t at = panel * kPanelRows, n = std::min<int64_t>(kPanelRows, shape_.weight(p).rows - at);
    const float* b = bias(p) ? bias(p) + at : nullptr;
    const bool residual = shape_.attributes.epilogue == FusedLinearAttributes::Epilogue::add;
    for (int64_t i = 0; i < tokens; ++i, sums += kPanelRows) {
      const int64_t row = first_row_ + t + i;
      float* y = context_.outputs[size_t(p)].row<float>(row).data() + at;
      std::copy_n(sums, n, y);
      add_bias(y, b, n);
      if (!residual) continue;
      const float* other = context_.inputs[1].row<const float>(row).data() + at;
      for (int64_t r = 0; r < n; ++r) y[r] += other[r];
    }
  }

  void run_gated(int64_t begin, int64_t end) {
    const int64_t total = shape_.weight(0).rows;
    for (int64_t panel = begin; panel < end;) {
      const int count = std::min(panels_at_once(0, end - panel), panels_at_once(1, end - panel));
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
