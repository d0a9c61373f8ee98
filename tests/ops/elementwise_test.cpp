// swiglu and add: one value from the two in its place.
#include <doctest/doctest.h>

#include <cmath>

#include "ops/backends_under_test.hpp"
#include "ops/matrix.hpp"
#include "ops/run_node.hpp"
#include "ops/tolerance.hpp"

namespace hadal::test {
namespace {

constexpr OutputShape kShapes[] = {{1, 1}, {3, 7}, {2, 64}, {5, 513}, {65, 100}};

Matrix run(Backend& backend, Op op, const Matrix (&inputs)[2]) {
  const Node node{op, "test", {Value{0}, Value{1}}, {Value{2}}, {}, {}};
  return run_one(backend, node, inputs, {inputs[0].rows, inputs[0].cols}, plain_batch(inputs[0].rows));
}

float swiglu_of(double gate, double up) { return float(gate / (1 + std::exp(-gate)) * up); }

TEST_CASE("swiglu is its formula") {
  std::vector<std::unique_ptr<Backend>> backends = backends_under_test();
  for (const OutputShape& shape : kShapes) {
    const int64_t rows = shape.rows, cols = shape.cols;
    CAPTURE(rows);
    CAPTURE(cols);
    const Matrix inputs[2] = {with_outliers(rows, cols, 21), gaussian(rows, cols, 22)};
    Matrix expected(rows, cols);
    for (size_t i = 0; i < expected.values.size(); ++i)
      expected.values[i] = swiglu_of(inputs[0].values[i], inputs[1].values[i]);
    CHECK(nmse(run(reference(), Op::swiglu, inputs), expected) <= kOneRounding);
    for (const auto& backend : backends) {
      CAPTURE(label(*backend));
      // Four roundings (exponential, sum, quotient, product) of at most 2^-24 each, the exponential good to 2^-22.
      CHECK(nmse(run(*backend, Op::swiglu, inputs), expected) <= 0x1p-44 + 4 * 0x1p-48);
    }
  }
}

TEST_CASE("swiglu of very large gates is the product, of very small ones zero") {
  Matrix inputs[2] = {Matrix(1, 9), Matrix(1, 9)};
  inputs[0].values = {88.0f, 90.0f, 1e4f, 1e30f, -88.0f, -90.0f, -1e4f, -1e30f, 0.0f};
  inputs[1].values.assign(9, 2.0f);
  std::vector<std::unique_ptr<Backend>> backends = backends_under_test();
  std::vector<Backend*> all = {&reference()};
  for (const auto& backend : backends) all.push_back(backend.get());
  for (Backend* backend : all) {
    CAPTURE(label(*backend));
    const Matrix y = run(*backend, Op::swiglu, inputs);
    for (int64_t i = 0; i < 4; ++i) CHECK(y.at(0, i) == doctest::Approx(2 * inputs[0].at(0, i)).epsilon(1e-6));
    // Zero, or what is left where an exponential ends at e^87.
    for (int64_t i = 4; i < 9; ++i) CHECK(std::fabs(y.at(0, i)) <= std::fabs(2 * inputs[0].at(0, i)) * std::exp(-87.0f));
  }
}

TEST_CASE("add is one f32 addition, bit for bit") {
  std::vector<std::unique_ptr<Backend>> backends = backends_under_test();
  for (const OutputShape& shape : kShapes) {
    const int64_t rows = shape.rows, cols = shape.cols;
    CAPTURE(rows);
    CAPTURE(cols);
    const Matrix inputs[2] = {with_outliers(rows, cols, 23), gaussian(rows, cols, 24)};
    Matrix expected(rows, cols);
    for (size_t i = 0; i < expected.values.size(); ++i)
      expected.values[i] = inputs[0].values[i] + inputs[1].values[i];
    CHECK(same_bits(run(reference(), Op::add, inputs), expected));
    for (const auto& backend : backends) {
      CAPTURE(label(*backend));
      CHECK(same_bits(run(*backend, Op::add, inputs), expected));
    }
  }
}

}  // namespace
}  // namespace hadal::test
