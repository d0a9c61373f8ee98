#include "backends/reference/ops.hpp"
#include "backends/reference/weight_row.hpp"

namespace hadal::reference {

// y[t] = table[token[t]].
// table: [vocab, hidden]; y: [tokens, hidden].
void embed(Tensor y, const Weight& table, std::span<const int32_t> tokens) {
  for (int64_t t = 0; t < y.rows; ++t) decode_row(table, tokens[size_t(t)], y.row<float>(t).data());
}

}  // namespace hadal::reference
