#include "backends/reference/cache_page.hpp"
#include "backends/reference/ops.hpp"

namespace hadal::reference {

// y[i] = the mean of x over the tokens of the sequence that token output_rows[i] belongs to.
// x: [tokens, dim]; y: [outputs, dim].
void mean_rows(Tensor y, Tensor x, const Batch& batch) {
  for (int64_t r = 0; r < y.rows; ++r) {
    const BatchSequence& sequence = sequence_of(batch, batch.output_rows[size_t(r)]);
    const auto out = y.row<float>(r);
    for (size_t i = 0; i < out.size(); ++i) {
      double sum = 0;
      for (int64_t t = 0; t < sequence.num_tokens; ++t) sum += x.row<const float>(sequence.first_token + t)[i];
      out[i] = float(sum / double(sequence.num_tokens));
    }
  }
}

}  // namespace hadal::reference
