#include <algorithm>
#include <cmath>
#include <limits>

#include "backends/reference/ops.hpp"
#include "backends/reference/weight_row.hpp"

namespace hadal::reference {
namespace {

// s = softmax or sigmoid of gate · x. f32 in the end, as the original: choices compare f32 scores.
void score(std::span<const float> x, const Weight& gate, RouteAttributes::Score kind, float* weight_row, float* scores) {
  const int64_t experts = gate.rows;
  double highest = -std::numeric_limits<double>::infinity();
  for (int64_t e = 0; e < experts; ++e) {
    decode_row(gate, e, weight_row);
    double sum = 0;
    for (size_t i = 0; i < x.size(); ++i) sum += double(weight_row[i]) * x[i];
    scores[e] = float(sum);
    highest = std::max(highest, double(scores[e]));
  }
  if (kind == RouteAttributes::Score::sigmoid) {
    for (int64_t e = 0; e < experts; ++e) scores[e] = float(1.0 / (1.0 + std::exp(-double(scores[e]))));
    return;
  }
  double total = 0;
  for (int64_t e = 0; e < experts; ++e) total += std::exp(scores[e] - highest);
  for (int64_t e = 0; e < experts; ++e) scores[e] = float(std::exp(scores[e] - highest) / total);
}

// The largest of `values` that is not yet -inf; the lowest index of equal ones.
int64_t take_largest(float* values, int64_t count) {
  const int64_t best = std::max_element(values, values + count) - values;
  values[best] = -std::numeric_limits<float>::infinity();
  return best;
}

// All but the best topk_group groups become -inf.
void drop_groups(const RouteAttributes& how, float* choice, int64_t experts, float* group_scores) {
  const int64_t size = experts / how.n_group;
  for (int64_t g = 0; g < how.n_group; ++g) {
    float first = -std::numeric_limits<float>::infinity(), second = first;
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
    std::fill_n(choice + worst * size, size, -std::numeric_limits<float>::infinity());
  }
}

}  // namespace

// The choice of experts, as lib/graph/node.hpp's RouteAttributes says (arXiv 2405.04434 section 2.2, 2412.19437
// section 2.1.2). x: [tokens, hidden]; y: [tokens, 2k]; scratch: [hidden + 3 * experts].
void route(Tensor y, Tensor x, const Weight& gate, const Weight* bias, const RouteAttributes& how, float* scratch) {
  const int64_t experts = gate.rows, k = how.num_experts_per_tok;
  float* const weight_row = scratch;
  float* const scores = weight_row + gate.cols;
  float* const choice = scores + experts;
  float* const group_scores = choice + experts;
  for (int64_t t = 0; t < x.rows; ++t) {
    score(x.row<const float>(t), gate, how.score, weight_row, scores);
    for (int64_t e = 0; e < experts; ++e) choice[e] = scores[e] + (bias ? decode_value(*bias, e) : 0.0f);
    if (how.topk_group < how.n_group) drop_groups(how, choice, experts, group_scores);
    const auto out = y.row<float>(t);
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

}  // namespace hadal::reference
