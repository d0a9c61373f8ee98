// rms_norm: y = x / sqrt(mean(x²) + eps) * w over each group of columns.
#include <doctest/doctest.h>

#include <cmath>

#include "ops/backends_under_test.hpp"
#include "ops/matrix.hpp"
#include "ops/run_node.hpp"
#include "ops/tolerance.hpp"

namespace hadal::test {
namespace {

struct Case {
  int64_t rows, dim, groups;
  float eps;
};

constexpr Case kCases[] = {{1, 1, 1, 1e-6f},   {3, 7, 1, 1e-5f},   {5, 64, 1, 1e-6f},
                           {2, 513, 1, 1e-6f}, {4, 64, 9, 1e-6f},  {3, 7, 5, 1e-6f},
                           {1, 128, 8, 1e-6f}, {65, 96, 1, 1e-6f}, {2, 7168, 1, 1e-6f}};

Matrix run(Backend& backend, const Matrix& x, const Weight& weight, float eps) {
  const Node node{Op::rms_norm, "test", {Value{0}}, {Value{1}}, {&weight}, NormAttributes{eps}};
  return run_one(backend, node, {&x, 1}, {x.rows, x.cols}, plain_batch(x.rows));
}

TEST_CASE("rms_norm is its formula") {
  std::vector<std::unique_ptr<Backend>> backends = backends_under_test();
  for (const Case& c : kCases) {
    for (const Dtype dtype : {Dtype::f32, Dtype::f16, Dtype::bf16}) {
      CAPTURE(c.rows);
      CAPTURE(c.dim);
      CAPTURE(c.groups);
      CAPTURE(std::string(name(dtype)));
      const Matrix x = with_outliers(c.rows, c.dim * c.groups, 31);
      const OwnedWeight weight = random_weight(dtype, 1, c.dim, 32);
      Matrix expected(x.rows, x.cols);
      for (int64_t r = 0; r < x.rows; ++r) {
        for (int64_t g = 0; g < c.groups; ++g) {
          double squares = 0;
          for (int64_t i = 0; i < c.dim; ++i) squares += std::pow(double(x.at(r, g * c.dim + i)), 2);
          const double rms = std::sqrt(squares / double(c.dim) + c.eps);
          for (int64_t i = 0; i < c.dim; ++i)
            expected.at(r, g * c.dim + i) = float(x.at(r, g * c.dim + i) / rms * weight.decoded[size_t(i)]);
        }
      }
      CHECK(nmse(run(reference(), x, weight.weight, c.eps), expected) <= kOneRounding);
      for (const auto& backend : backends) {
        CAPTURE(label(*backend));
        CHECK(nmse(run(*backend, x, weight.weight, c.eps), expected) <= f32_sum(c.dim));
      }
    }
  }
}

TEST_CASE("rms_norm of zeros is zero, and eps keeps tiny rows tiny") {
  const OwnedWeight weight = random_weight(Dtype::f32, 1, 64, 33);
  const Matrix zeros(2, 64);
  Matrix tiny = gaussian(1, 64, 34);
  for (float& v : tiny.values) v *= 1e-10f;
  std::vector<std::unique_ptr<Backend>> backends = backends_under_test();
  std::vector<Backend*> all = {&reference()};
  for (const auto& backend : backends) all.push_back(backend.get());
  for (Backend* backend : all) {
    CAPTURE(label(*backend));
    CHECK(same_bits(run(*backend, zeros, weight.weight, 1e-6f), run(reference(), zeros, weight.weight, 1e-6f)));
    for (const float v : run(*backend, tiny, weight.weight, 1e-6f).values) CHECK(std::fabs(v) < 1e-6f);
  }
}

}  // namespace
}  // namespace hadal::test
