// experts: y[t] = Σ_i weight_i * down_e(silu(gate_e x) * up_e x), e = expert_i; the sum in the order of the token's own
// list. What an expert makes of a token does not depend on who else goes there.
#include <algorithm>
#include <cstring>

#include "backends/cpu/expert_stack.hpp"
#include "backends/cpu/experts_plan.hpp"
#include "backends/cpu/linear_plan.hpp"

namespace hadal::cpu {
namespace {

constexpr int64_t kRowsPerTask = 8;   // of the stages that round rows

bool supports(const Node& node, const CpuConfig&) {
  for (const Weight* weight : node.weights)
    if (!panel_format(weight->dtype) && !is_float_panel(weight->dtype)) return false;
  return node.as<ExpertsAttributes>().num_experts_per_tok > 0;
}

size_t scratch_bytes(const Node& node, const Sizes& sizes, int workers, const CpuConfig& config) {
  return ExpertsScratch(ExpertsShape(node), sizes.tokens, config).bytes(workers);
}

int stages(const Node&, const CpuConfig&) { return kExpertsStages; }

const ExpertStack& stack(const NodeContext& context, size_t i) {
  return static_cast<const ExpertStack&>(*context.weights[i]);
}

// Tokens of a task that adds up: some microseconds of work.
int64_t tokens_per_task(const ExpertsShape& shape) {
  return std::max<int64_t>(1, (1 << 16) / (shape.hidden * shape.per_token));
}

int64_t tasks(const NodeContext& context, int stage, const CpuConfig& config) {
  const int64_t tokens = context.inputs[0].rows;
  if (tokens == 0) return 0;
  const ExpertsShape shape(context.node);
  const ExpertsScratch scratch(shape, tokens, config);
  const auto row_tasks = [](int64_t rows) { return (rows + kRowsPerTask - 1) / kRowsPerTask; };
  const auto num_jobs = [&] { return *scratch.groups(context.scratch).num_jobs; };
  switch (stage) {
    case kGroupPairs: return 1;
    case kTakeInputs: return shape.quantised_input() || tokens > 1 ? row_tasks(scratch.num_inputs()) : 0;
    case kGateUp: return gate_up_tasks(shape, num_jobs(), config).count();
    case kRoundActivations: return shape.quantised_activation() ? row_tasks(scratch.pairs) : 0;
    case kDown: return down_tasks(shape, num_jobs(), config).count();
    default: return (tokens + tokens_per_task(shape) - 1) / tokens_per_task(shape);
  }
}

// One task of any stage.
class Work {
 public:
  Work(const NodeContext& context, int worker, const CpuConfig& config)
      : context_(context),
        config_(config),
        shape_(context.node),
        table_(kernels(config.level)),
        scratch_(shape_, context.inputs[0].rows, config),
        groups_(scratch_.groups(context.scratch)),
        own_(scratch_.own(context.scratch, worker)) {}

  void group_pairs() const {
    const int64_t used = groups_.make(shape_, context_.inputs[1], scratch_.row_block);
    for (size_t i = 0; i < 3; ++i) stack(context_, i).expect({groups_.counts, size_t(used)});
  }

  void take_inputs(int64_t task) const {
    const Tensor& x = context_.inputs[0];
    const QuantRows quantised = scratch_.inputs(context_.scratch);
    const int64_t end = std::min(scratch_.num_inputs(), (task + 1) * kRowsPerTask);
    for (int64_t pair = task * kRowsPerTask; pair < end; ++pair) {
      const float* row = x.row<const float>(scratch_.tokens == 1 ? 0 : groups_.token_of[pair]).data();
      if (shape_.quantised_input()) table_.quantise_row(row, config_.exact, quantised.from(pair));
      if (shape_.float_input() && scratch_.tokens > 1)
        std::memcpy(scratch_.float_inputs(context_.scratch) + pair * shape_.hidden, row,
                    size_t(shape_.hidden) * sizeof(float));
    }
  }

  void gate_up(int64_t task) const {
    const Part part(gate_up_tasks(shape_, *groups_.num_jobs, config_), task, groups_);
    const InputRows x = inputs_of(part.job);
    ExpertStack::Hold gates(stack(context_, 0), part.job.expert), ups(stack(context_, 1), part.job.expert);
    const PanelProduct gate_product = product(shape_.gate, part.job), up_product = product(shape_.up, part.job);
    for (int64_t panel = part.begin; panel < part.end;) {
      const int count = std::min(gate_product.panels_at_once(part.job.rows, part.end - panel),
                                 up_product.panels_at_once(part.job.rows, part.end - panel));
      const auto gate = [&](int r, int64_t t) { return own_.gate + (r * part.job.rows + t) * kPanelRows; };
      multiply(gate_product, gates, panel, count, x, part.job,
               [&](int r, int64_t t, int64_t rows, const float* sums) {
                 std::copy_n(sums, rows * kPanelRows, gate(r, t));
               });
      multiply(up_product, ups, panel, count, x, part.job, [&](int r, int64_t t, int64_t rows, const float* up) {
        const int64_t at = (panel + r) * kPanelRows, n = std::min<int64_t>(kPanelRows, shape_.ff - at);
        float* y = scratch_.activations(context_.scratch) + (part.job.first + t) * shape_.ff + at;
        for (int64_t i = 0; i < rows; ++i, y += shape_.ff)
          table_.swiglu_row(y, gate(r, t + i), up + i * kPanelRows, n);
      });
      panel += count;
    }
  }

  void round_activations(int64_t task) const {
    const QuantRows rounded = scratch_.rounded(context_.scratch);
    const int64_t end = std::min(scratch_.pairs, (task + 1) * kRowsPerTask);
    for (int64_t pair = task * kRowsPerTask; pair < end; ++pair)
      table_.quantise_row(scratch_.activations(context_.scratch) + pair * shape_.ff, config_.exact, rounded.from(pair));
  }

  void down(int64_t task) const {
    const Part part(down_tasks(shape_, *groups_.num_jobs, config_), task, groups_);
    InputRows x;
    if (shape_.quantised_activation()) x.quantised = scratch_.rounded(context_.scratch).from(part.job.first);
    else x.floats = scratch_.activations(context_.scratch) + part.job.first * shape_.ff;
    x.stride = shape_.ff;
    ExpertStack::Hold downs(stack(context_, 2), part.job.expert);
    const PanelProduct down_product = product(shape_.down, part.job);
    for (int64_t panel = part.begin; panel < part.end;) {
      const int count = down_product.panels_at_once(part.job.rows, part.end - panel);
      multiply(down_product, downs, panel, count, x, part.job, [&](int r, int64_t t, int64_t rows, const float* sums) {
        const int64_t at = (panel + r) * kPanelRows, n = std::min<int64_t>(kPanelRows, shape_.hidden - at);
        float* y = scratch_.results(context_.scratch) + (part.job.first + t) * shape_.hidden + at;
        for (int64_t i = 0; i < rows; ++i, y += shape_.hidden, sums += kPanelRows) std::copy_n(sums, n, y);
      });
      panel += count;
    }
  }

  void add_up(int64_t task) const {
    const int64_t k = shape_.per_token, each = tokens_per_task(shape_);
    const float* results = scratch_.results(context_.scratch);
    for (int64_t t = task * each; t < std::min(scratch_.tokens, (task + 1) * each); ++t) {
      const float* weights = context_.inputs[1].row<const float>(t).data() + k;
      float* y = context_.outputs[0].row<float>(t).data();
      for (int64_t i = 0; i < k; ++i) {
        const float* from = results + groups_.pair_of[t * k + i] * shape_.hidden;
        const float weight = weights[i];
        if (i == 0) for (int64_t o = 0; o < shape_.hidden; ++o) y[o] = weight * from[o];
        else for (int64_t o = 0; o < shape_.hidden; ++o) y[o] += weight * from[o];
      }
    }
  }

 private:
  // Panels [begin, end) of a job's expert.
  struct Part {
    Part(const ExpertTasks& all, int64_t task, const ExpertGroups& groups)
        : job(groups.jobs[task / all.groups()]),
          begin(task % all.groups() * all.group),
          end(std::min(all.panels, begin + all.group)) {}
    ExpertJob job;
    int64_t begin, end;
  };

  InputRows inputs_of(const ExpertJob& job) const {
    const int64_t first = scratch_.tokens == 1 ? 0 : job.first;
    InputRows x;
    if (shape_.quantised_input()) x.quantised = scratch_.inputs(context_.scratch).from(first);
    if (!shape_.float_input()) return x;
    const Tensor& in = context_.inputs[0];
    x.floats = scratch_.tokens == 1 ? in.row<const float>(0).data()
                                    : scratch_.float_inputs(context_.scratch) + first * shape_.hidden;
    x.stride = shape_.hidden;
    return x;
  }

  PanelProduct product(const Weight& weight, const ExpertJob& job) const {
    return {table_, weight.dtype, weight.cols, own_.tiles, scratch_.tile_bytes, own_.sums, job.rows <= kDirectRows};
  }

  template <class Done>
  void multiply(const PanelProduct& product, ExpertStack::Hold& expert, int64_t panel, int count, const InputRows& x,
                const ExpertJob& job, Done&& done) const {
    const uint8_t* panels[kMostTilePanels] = {};
    for (int r = 0; r < count; ++r)
      panels[r] = expert.panel(panel + r, own_.packed + size_t(r) * scratch_.packed_bytes);
    product.run(panels, count, x, job.rows, done);
  }

  const NodeContext& context_;
  const CpuConfig& config_;
  ExpertsShape shape_;
  const Kernels& table_;
  ExpertsScratch scratch_;
  ExpertGroups groups_;
  ExpertsScratch::Own own_;
};

void run(const NodeContext& context, int stage, int64_t task, int worker, const CpuConfig& config) {
  const Work work(context, worker, config);
  switch (stage) {
    case kGroupPairs: return work.group_pairs();
    case kTakeInputs: return work.take_inputs(task);
    case kGateUp: return work.gate_up(task);
    case kRoundActivations: return work.round_activations(task);
    case kDown: return work.down(task);
    default: return work.add_up(task);
  }
}

}  // namespace

const CpuOp kExperts = {supports, scratch_bytes, stages, tasks, run};

}  // namespace hadal::cpu
