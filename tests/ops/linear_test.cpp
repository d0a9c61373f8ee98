// linear: y = x · Wᵀ + b.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "ops/backends_under_test.hpp"
#include "ops/matrix.hpp"
#include "ops/run_node.hpp"
#include "ops/tolerance.hpp"

namespace hadal::test {
namespace {

struct Case {
  int64_t rows, in, out;
  bool bias, outliers;
};

// Below, at and beyond vectors, tiles and panels of any level; in is used by the formats whose block divides it.
constexpr Case kCases[] = {
    {1, 1, 1, true, false},      {2, 7, 3, false, false},     {3, 513, 65, true, false},  {7, 64, 33, false, true},
    {1, 96, 17, true, true},     {5, 32, 1, true, false},     {1, 256, 7, false, true},   {4, 256, 16, true, false},
    {17, 512, 129, true, true},  {1, 2048, 64, true, false},  {65, 768, 40, false, true}, {33, 576, 96, true, true},
    {16, 1024, 31, true, false}, {130, 256, 24, true, false},
};

struct Operands {
  Matrix x;
  OwnedWeight weight, bias;
  Node node;

  Operands(const Case& c, Dtype dtype, uint32_t seed)
      : x(c.outliers ? with_outliers(c.rows, c.in, seed) : gaussian(c.rows, c.in, seed)),
        weight(random_weight(dtype, c.out, c.in, seed + 1)),
        bias(random_weight(Dtype::f32, 1, c.out, seed + 2)),
        node{Op::linear, "test", {Value{0}}, {Value{1}}, {&weight.weight, c.bias ? &bias.weight : nullptr}, {}} {}
};

bool fits(const Case& c, Dtype dtype) { return c.in % info(dtype).block_elements == 0; }

Matrix run(Backend& backend, const Operands& o) {
  return run_one(backend, o.node, {&o.x, 1}, {o.x.rows, o.weight.weight.rows}, plain_batch(o.x.rows));
}

TEST_CASE("the reference's linear is its formula") {
  for (const Case& c : kCases) {
    for (const Dtype dtype : weight_types()) {
      if (!fits(c, dtype)) continue;
      CAPTURE(c.rows);
      CAPTURE(c.in);
      CAPTURE(c.out);
      CAPTURE(std::string(name(dtype)));
      const Operands o(c, dtype, 1);
      Matrix expected(c.rows, c.out);
      for (int64_t r = 0; r < c.rows; ++r) {
        for (int64_t j = 0; j < c.out; ++j) {
          double sum = c.bias ? o.bias.decoded[size_t(j)] : 0;
          for (int64_t i = 0; i < c.in; ++i) sum += o.x.at(r, i) * o.weight.decoded[size_t(j * c.in + i)];
          expected.at(r, j) = float(sum);
        }
      }
      CHECK(nmse(run(reference(), o), expected) <= kOneRounding);
    }
  }
}

// What the rounding of activations may cost, as a sum of squared errors over all outputs: a backend that multiplies
// integers rounds x in blocks of 32 to steps of largest / 127, and to a 254th of that where the step is above 2 % of
// the row's root mean square, or everywhere if exact. An error uniform over a step has a variance of step^2 / 12.
double rounding_of_activations(const Operands& o, bool exact) {
  const Weight& w = o.weight.weight;
  if (!is_block_type(w.dtype)) return 0;
  std::vector<double> squares(size_t(w.cols), 0);   // of each column of the weight
  for (size_t i = 0; i < o.weight.decoded.size(); ++i)
    squares[i % size_t(w.cols)] += o.weight.decoded[i] * o.weight.decoded[i];
  double sum = 0;
  for (int64_t r = 0; r < o.x.rows; ++r) {
    double power = 0;
    for (int64_t i = 0; i < w.cols; ++i) power += double(o.x.at(r, i)) * o.x.at(r, i) / double(w.cols);
    for (int64_t block = 0; block < w.cols; block += 32) {
      double largest = 0, weight = 0;
      for (int64_t i = block; i < block + 32; ++i) {
        largest = std::max(largest, std::fabs(double(o.x.at(r, i))));
        weight += squares[size_t(i)];
      }
      double step = largest / 127;
      if (exact || step > 0.02 * std::sqrt(power)) step /= 254;
      sum += step * step / 12 * weight;
    }
  }
  return sum;
}

// Sum over all outputs of the squares of their terms: what f32 rounding is relative to.
double power_of_terms(const Operands& o) {
  const Weight& w = o.weight.weight;
  double sum = 0;
  for (int64_t r = 0; r < o.x.rows; ++r)
    for (int64_t j = 0; j < w.rows; ++j)
      for (int64_t i = 0; i < w.cols; ++i) {
        const double term = o.x.at(r, i) * o.weight.decoded[size_t(j * w.cols + i)];
        sum += term * term;
      }
  return sum;
}

struct Setting {
  std::string name;
  bool exact, panels;
};

TEST_CASE("linear agrees with the reference within the rounding of activations") {
  for (const Setting& setting : {Setting{"auto", false, true}, {"exact", true, true}, {"in place", false, false}}) {
    BackendOptions options;
    options.exact = setting.exact;
    options.panels = setting.panels;
    std::vector<std::unique_ptr<Backend>> backends = backends_under_test(options);
    for (const Case& c : kCases) {
      for (const Dtype dtype : weight_types()) {
        if (!fits(c, dtype)) continue;
        CAPTURE(setting.name);
        CAPTURE(c.rows);
        CAPTURE(c.in);
        CAPTURE(c.out);
        CAPTURE(std::string(name(dtype)));
        const Operands o(c, dtype, 2);
        const Matrix expected = run(reference(), o);
        // Codes are multiplied before their offset is taken away: their products are at most 4 times the weights'.
        const double sums = f32_sum(c.in) * power_of_terms(o) * (is_block_type(dtype) ? 16 : 1);
        // The sum over n outputs of a square of known mean passes it by this much once in a million cases.
        const double chance = 1 + 5 * std::sqrt(2.0 / double(expected.values.size()));
        const double allowed = chance * (sums + rounding_of_activations(o, setting.exact));
        for (const auto& backend : backends) {
          CAPTURE(label(*backend));
          const Matrix actual = run(*backend, o);
          double error = 0;
          for (size_t i = 0; i < actual.values.size(); ++i)
            error += std::pow(double(actual.values[i]) - expected.values[i], 2);
          CHECK(error <= allowed);
        }
      }
    }
  }
}

TEST_CASE("a row of linear does not depend on the rows beside it") {
  std::vector<std::unique_ptr<Backend>> backends = backends_under_test();
  for (const auto& backend : backends) {
    CAPTURE(label(*backend));
    for (const Dtype dtype : weight_types()) {
      CAPTURE(std::string(name(dtype)));
      for (const int64_t rows : {2, 7, 33}) {
        Operands o({rows, 512, 48, true, true}, dtype, 3);
        const Matrix together = run(*backend, o);
        const Matrix all = o.x;
        for (const int64_t r : {int64_t{0}, rows / 2, rows - 1}) {
          o.x = all.row(r);
          CHECK(same_bits(run(*backend, o), together.row(r)));
        }
      }
    }
  }
}

TEST_CASE("linear over no rows does nothing") {
  const Operands o({0, 256, 8, true, false}, Dtype::q4_k, 4);
  CHECK(run(reference(), o).values.empty());
  for (const auto& backend : backends_under_test()) CHECK(run(*backend, o).values.empty());
}

}  // namespace
}  // namespace hadal::test
