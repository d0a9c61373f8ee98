#include "backends/reference/ops.hpp"
#include "backends/reference/weight_row.hpp"

namespace hadal::reference {

// y[t] = table[i], i the token's id, position or type as the node says.
// table: [vocab, hidden]; y: [tokens, hidden].
void embed(Tensor y, const Weight& table, const Node& node, const Batch& batch) {
  for (int64_t t = 0; t < y.rows; ++t) decode_row(table, batch.table_row(node, size_t(t)), y.row<float>(t).data());
}

}  // namespace hadal::reference
