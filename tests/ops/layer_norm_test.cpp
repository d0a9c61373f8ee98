#include <doctest/doctest.h>

#include <cmath>

#include "ops/backends_under_test.hpp"
#include "ops/matrix.hpp"
#include "ops/run_node.hpp"
#include "ops/tolerance.hpp"

namespace hadal::test {
namespace {

constexpr float kEps = 1e-6f;

Matrix run(Backend& backend, const Matrix& x, const OwnedWeight& weight, const OwnedWeight* bias) {
  const Node node{Op::layer_norm, "test", {Value{0}}, {Value{1}}, {&weight.weight, bias ? &bias->weight : nullptr},
                  NormAttributes{kEps}};
  return run_one(backend, node, {{x}}, {x.rows, x.cols}, plain_batch(x.rows));
}

Matrix formula(const Matrix& x, const OwnedWeight& weight, const OwnedWeight* bias) {
  Matrix y(x.rows, x.cols);
  for (int64_t r = 0; r < x.rows; ++r) {
    double mean = 0, variance = 0;
    for (int64_t i = 0; i < x.cols; ++i) mean += double(x.at(r, i)) / double(x.cols);
    for (int64_t i = 0; i < x.cols; ++i) variance += (x.at(r, i) - mean) * (x.at(r, i) - mean) / double(x.cols);
    for (int64_t i = 0; i < x.cols; ++i) {
      const double unit = (x.at(r, i) - mean) / std::sqrt(variance + double(kEps));
      y.at(r, i) = float(unit * weight.decoded[size_t(i)] + (bias ? bias->decoded[size_t(i)] : 0.0));
    }
  }
  return y;
}

TEST_CASE("layer_norm is its formula on every backend, with and without a bias") {
  std::vector<Backend*> all = {&reference()};
  const auto backends = backends_under_test();
  for (const auto& backend : backends) all.push_back(backend.get());
  for (const int64_t cols : {1, 2, 7, 8, 9, 128, 577}) {
    for (const int64_t rows : {1, 3, 70}) {
      Matrix x = gaussian(rows, cols, 3);
      for (float& v : x.values) v += 5;   // a mean that matters
      const OwnedWeight weight = random_weight(Dtype::f32, 1, cols, 4), bias = random_weight(Dtype::bf16, 1, cols, 5);
      for (Backend* backend : all) {
        CAPTURE(label(*backend));
        CAPTURE(cols);
        CAPTURE(rows);
        // The reference takes the bias in f32, so that its sum is rounded as one of two doubles: both round once.
        CHECK(nmse(run(*backend, x, weight, nullptr), formula(x, weight, nullptr)) <= kOneRounding);
        CHECK(nmse(run(*backend, x, weight, &bias), formula(x, weight, &bias)) <= kOneRounding);
      }
    }
  }
}

TEST_CASE("layer_norm of equal values is the bias") {
  const OwnedWeight weight = random_weight(Dtype::f32, 1, 24, 4), bias = random_weight(Dtype::f32, 1, 24, 5);
  Matrix x(2, 24);
  for (float& v : x.values) v = 3.25f;
  for (const auto& backend : backends_under_test()) {
    const Matrix y = run(*backend, x, weight, &bias);
    for (int64_t i = 0; i < 24; ++i) CHECK(y.at(1, i) == float(bias.decoded[size_t(i)]));
  }
}

}  // namespace
}  // namespace hadal::test
