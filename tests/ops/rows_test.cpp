// embed and select_rows: whole rows, moved.
#include <doctest/doctest.h>

#include "ops/backends_under_test.hpp"
#include "ops/matrix.hpp"
#include "ops/run_node.hpp"
#include "ops/tolerance.hpp"

namespace hadal::test {
namespace {

TEST_CASE("embed gives the decoded rows of its table, bit for bit") {
  std::vector<std::unique_ptr<Backend>> backends = backends_under_test();
  for (const Dtype dtype : weight_types()) {
    for (const int64_t cols : {1, 7, 64, 513, 768}) {
      if (cols % info(dtype).block_elements != 0) continue;
      CAPTURE(std::string(name(dtype)));
      CAPTURE(cols);
      const OwnedWeight table = random_weight(dtype, 9, cols, 11);
      const Node node{Op::embed, "test", {}, {Value{0}}, {&table.weight}, {}};
      TestBatch batch = plain_batch(5);
      batch.tokens = {8, 0, 3, 3, 1};
      Matrix expected(5, cols);
      for (int64_t t = 0; t < 5; ++t)
        for (int64_t i = 0; i < cols; ++i)
          expected.at(t, i) = float(table.decoded[size_t(batch.tokens[size_t(t)] * cols + i)]);
      CHECK(same_bits(run_one(reference(), node, {}, {5, cols}, batch), expected));
      for (const auto& backend : backends) {
        CAPTURE(label(*backend));
        CHECK(same_bits(run_one(*backend, node, {}, {5, cols}, batch), expected));
      }
    }
  }
}

TEST_CASE("select_rows takes the rows it is told to") {
  std::vector<std::unique_ptr<Backend>> backends = backends_under_test();
  const Node node{Op::select_rows, "test", {Value{0}}, {Value{1}}, {}, {}};
  for (const int64_t cols : {1, 7, 64, 513}) {
    const Matrix x = gaussian(8, cols, 12);
    for (const std::vector<int32_t>& rows : {std::vector<int32_t>{}, {7}, {0, 2, 3, 7}}) {
      TestBatch batch = plain_batch(8);
      batch.output_rows = rows;
      Matrix expected(int64_t(rows.size()), cols);
      for (size_t r = 0; r < rows.size(); ++r)
        for (int64_t i = 0; i < cols; ++i) expected.at(int64_t(r), i) = x.at(rows[r], i);
      const OutputShape shape{int64_t(rows.size()), cols};
      CHECK(same_bits(run_one(reference(), node, {&x, 1}, shape, batch), expected));
      for (const auto& backend : backends) {
        CAPTURE(label(*backend));
        CHECK(same_bits(run_one(*backend, node, {&x, 1}, shape, batch), expected));
      }
    }
  }
}

}  // namespace
}  // namespace hadal::test
