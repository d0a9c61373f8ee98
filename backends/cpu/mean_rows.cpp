// mean_rows: the mean of each sequence's rows, summed in double in the order of the tokens.
#include <algorithm>

#include "backends/cpu/op.hpp"

namespace hadal::cpu {
namespace {

constexpr int64_t kColumns = 64;   // summed at once

bool supports(const Node&, const CpuConfig&) { return true; }

int64_t tasks(const NodeContext& context, int, const CpuConfig&) { return context.outputs[0].rows; }

void run(const NodeContext& context, int, int64_t task, int, const CpuConfig&) {
  const int64_t token = context.batch.output_rows[size_t(task)];
  const auto after = std::upper_bound(context.batch.sequences.begin(), context.batch.sequences.end(), token,
                                      [](int64_t t, const BatchSequence& s) { return t < s.first_token; });
  const BatchSequence& sequence = after[-1];
  const auto y = context.outputs[0].row<float>(task);
  const int64_t cols = int64_t(y.size());
  for (int64_t begin = 0; begin < cols; begin += kColumns) {
    double sums[kColumns] = {};
    const int64_t n = std::min(kColumns, cols - begin);
    for (int64_t t = 0; t < sequence.num_tokens; ++t) {
      const float* const x = context.inputs[0].row<const float>(sequence.first_token + t).data() + begin;
      for (int64_t i = 0; i < n; ++i) sums[i] += x[i];
    }
    for (int64_t i = 0; i < n; ++i) y[size_t(begin + i)] = float(sums[i] / double(sequence.num_tokens));
  }
}

}  // namespace

const CpuOp kMeanRows = {supports, no_scratch, one_stage, tasks, run};

}  // namespace hadal::cpu
