// route: which experts a token goes to, and with what weight (RouteAttributes says how).
#include <algorithm>
#include <cmath>
#include <limits>

#include "backends/cpu/op.hpp"
#include "backends/cpu/panel.hpp"
#include "backends/cpu/quant_layout.hpp"
#include "backends/cpu/router_dots.hpp"

namespace hadal::cpu {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();
constexpr int64_t kRows = 12;    // of a task; a multiple of kRouterRows

struct RouteScratch {
  RouteScratch(const Node& node, int64_t tokens) {
    const int64_t experts = node.weights[0]->rows;
    logits_cols = panels_of(experts) * kPanelRows;
    workers_at = aligned(size_t(tokens * logits_cols) * sizeof(float));
    own_bytes = aligned(size_t(experts + node.as<RouteAttributes>().n_group) * sizeof(float));
  }
  float* logits(std::byte* scratch, int64_t token) const {
    return reinterpret_cast<float*>(scratch) + token * logits_cols;
  }
  float* own(std::byte* scratch, int worker) const {
    return reinterpret_cast<float*>(scratch + workers_at + size_t(worker) * own_bytes);
  }
  int64_t logits_cols;
  size_t workers_at, own_bytes;
};

bool supports(const Node& node, const CpuConfig&) { return node.weights[0]->dtype != Dtype::boolean; }

size_t scratch_bytes(const Node& node, const Sizes& sizes, int workers, const CpuConfig&) {
  const RouteScratch scratch(node, sizes.tokens);
  return scratch.workers_at + size_t(workers) * scratch.own_bytes;
}

// Stage 0: logits, panels of experts times rows of x; stage 1: the choice.
int stages(const Node&, const CpuConfig&) { return 2; }

int64_t blocks(const NodeContext& context) { return (context.inputs[0].rows + kRows - 1) / kRows; }

int64_t tasks(const NodeContext& context, int stage, const CpuConfig&) {
  return stage == 0 ? blocks(context) * panels_of(context.node.weights[0]->rows) : blocks(context);
}

void multiply(const NodeContext& context, int64_t task, const CpuConfig& config) {
  const auto& gate = static_cast<const CpuWeight&>(*context.weights[0]);
  const Tensor& x = context.inputs[0];
  const RouteScratch scratch(context.node, x.rows);
  const int64_t panel = task / blocks(context), first = task % blocks(context) * kRows;
  const int64_t end = std::min(x.rows, first + kRows), stride = x.stride_bytes / int64_t(sizeof(float));
  const float* weights = reinterpret_cast<const float*>(gate.memory.data()) + panel * kPanelRows * gate.cols;
  for (int64_t t = first; t < end; t += kRouterRows) {
    const int rows = int(std::min<int64_t>(kRouterRows, end - t));
    float sums[kRouterRows * kPanelRows];
    router_dots(config.level)(weights, x.row<const float>(t).data(), stride, gate.cols, rows, sums);
    for (int i = 0; i < rows; ++i)
      std::copy_n(sums + i * kPanelRows, kPanelRows, scratch.logits(context.scratch, t + i) + panel * kPanelRows);
  }
}

// logits become scores, as the reference makes them.
void score(RouteAttributes::Score kind, float* logits, int64_t experts) {
  if (kind == RouteAttributes::Score::sigmoid) {
    for (int64_t e = 0; e < experts; ++e) logits[e] = float(1.0 / (1.0 + std::exp(-double(logits[e]))));
    return;
  }
  double highest = kNever, total = 0;
  for (int64_t e = 0; e < experts; ++e) highest = std::max(highest, double(logits[e]));
  for (int64_t e = 0; e < experts; ++e) total += std::exp(logits[e] - highest);
  for (int64_t e = 0; e < experts; ++e) logits[e] = float(std::exp(logits[e] - highest) / total);
}

// The largest of `values`, which becomes -inf; the lowest index of equal ones.
int64_t take_largest(float* values, int64_t count) {
  const int64_t best = std::max_element(values, values + count) - values;
  values[best] = kNever;
  return best;
}

// All but the best topk_group groups become -inf.
void drop_groups(const RouteAttributes& how, float* choice, int64_t experts, float* group_scores) {
  const int64_t size = experts / how.n_group;
  for (int64_t g = 0; g < how.n_group; ++g) {
    float first = kNever, second = kNever;
    for (int64_t i = g * size; i < (g + 1) * size; ++i) {
      if (choice[i] > first) second = first, first = choice[i];
      else if (choice[i] > second) second = choice[i];
    }
    group_scores[g] = how.group_by_two && size > 1 ? first + second : first;
  }
  for (int64_t dropped = how.n_group - how.topk_group; dropped > 0; --dropped) {
    // The lowest score goes first, the highest index of equal ones.
    int64_t worst = -1;
    for (int64_t g = 0; g < how.n_group; ++g)
      if (!std::isnan(group_scores[g]) && (worst < 0 || group_scores[g] <= group_scores[worst])) worst = g;
    if (worst < 0) return;
    group_scores[worst] = std::numeric_limits<float>::quiet_NaN();
    std::fill_n(choice + worst * size, size, kNever);
  }
}

void choose(const NodeContext& context, int64_t task, int worker) {
  const auto& how = context.node.as<RouteAttributes>();
  const int64_t experts = context.node.weights[0]->rows, k = how.num_experts_per_tok;
  const RouteScratch scratch(context.node, context.inputs[0].rows);
  const float* bias = vector_values(context.weights[1]);
  float* const choice = scratch.own(context.scratch, worker);
  for (int64_t t = task * kRows; t < std::min(context.inputs[0].rows, (task + 1) * kRows); ++t) {
    float* const scores = scratch.logits(context.scratch, t);
    score(how.score, scores, experts);
    for (int64_t e = 0; e < experts; ++e) choice[e] = scores[e] + (bias ? bias[e] : 0.0f);
    if (how.topk_group < how.n_group) drop_groups(how, choice, experts, choice + experts);
    const auto out = context.outputs[0].row<float>(t);
    double sum = 0;
    for (int64_t i = 0; i < k; ++i) {
      const int64_t e = take_largest(choice, experts);
      out[size_t(i)] = float(e);
      out[size_t(k + i)] = scores[e];
      sum += scores[e];
    }
    const double factor = how.routed_scaling_factor / (how.norm_topk_prob ? sum + 1e-20 : 1.0);
    for (int64_t i = k; i < 2 * k; ++i) out[size_t(i)] = float(out[size_t(i)] * factor);
  }
}

void run(const NodeContext& context, int stage, int64_t task, int worker, const CpuConfig& config) {
  if (stage == 0) multiply(context, task, config);
  else choose(context, task, worker);
}

}  // namespace

const CpuOp kRoute = {supports, scratch_bytes, stages, tasks, run};

}  // namespace hadal::cpu
