// rope_table and rope.
#include <doctest/doctest.h>

#include <cmath>

#include "ops/backends_under_test.hpp"
#include "ops/matrix.hpp"
#include "ops/run_node.hpp"
#include "ops/tolerance.hpp"

namespace hadal::test {
namespace {

std::vector<float> frequencies(int64_t rope_dim) {
  std::vector<float> out;
  for (int64_t i = 0; i < rope_dim / 2; ++i) out.push_back(std::pow(10000.0f, -2.0f * float(i) / float(rope_dim)));
  return out;
}

TEST_CASE("rope_table holds cosines and sines of the f32 angles") {
  std::vector<std::unique_ptr<Backend>> backends = backends_under_test();
  for (const int64_t pairs : {1, 7, 32, 65}) {
    for (const float magnitude : {1.0f, 1.1386294f}) {
      CAPTURE(pairs);
      CAPTURE(magnitude);
      const RopeTableAttributes attributes{frequencies(2 * pairs), magnitude};
      const Node node{Op::rope_table, "test", {}, {Value{0}}, {}, attributes};
      TestBatch batch = plain_batch(6);
      batch.positions = {0, 1, 2, 63, 4095, 131071};
      Matrix expected(6, 2 * pairs);
      for (int64_t t = 0; t < 6; ++t) {
        for (int64_t i = 0; i < pairs; ++i) {
          const float angle = float(batch.positions[size_t(t)]) * attributes.inv_freq[size_t(i)];
          expected.at(t, i) = float(std::cos(double(angle)) * magnitude);
          expected.at(t, pairs + i) = float(std::sin(double(angle)) * magnitude);
        }
      }
      CHECK(nmse(run_one(reference(), node, {}, {6, 2 * pairs}, batch), expected) <= kOneRounding);
      for (const auto& backend : backends) {
        CAPTURE(label(*backend));
        CHECK(nmse(run_one(*backend, node, {}, {6, 2 * pairs}, batch), expected) <= f32_sum(1));
      }
    }
  }
}

struct Case {
  int64_t rows, heads, head_dim, rope_dim;
  bool interleaved;
};

constexpr Case kCases[] = {{1, 1, 2, 2, false},   {1, 1, 2, 2, true},     {3, 5, 14, 6, false},
                           {3, 5, 14, 6, true},   {5, 9, 64, 64, false},  {5, 9, 64, 64, true},
                           {65, 2, 128, 64, false}, {65, 2, 128, 64, true}, {2, 3, 66, 66, false},
                           {2, 3, 66, 66, true},  {4, 3, 65, 34, false},  {4, 3, 65, 34, true}};

TEST_CASE("rope rotates the pairs of each head and copies the rest") {
  std::vector<std::unique_ptr<Backend>> backends = backends_under_test();
  for (const Case& c : kCases) {
    CAPTURE(c.rows);
    CAPTURE(c.head_dim);
    CAPTURE(c.rope_dim);
    CAPTURE(c.interleaved);
    const Node node{Op::rope, "test", {Value{0}, Value{1}}, {Value{2}}, {},
                    RopeAttributes{c.head_dim, c.rope_dim, c.interleaved}};
    Matrix inputs[2] = {gaussian(c.rows, c.heads * c.head_dim, 41), Matrix(c.rows, c.rope_dim)};
    const std::vector<float> inv_freq = frequencies(c.rope_dim);
    for (int64_t t = 0; t < c.rows; ++t) {
      for (int64_t i = 0; i < c.rope_dim / 2; ++i) {
        inputs[1].at(t, i) = std::cos(float(3 * t + 1) * inv_freq[size_t(i)]);
        inputs[1].at(t, c.rope_dim / 2 + i) = std::sin(float(3 * t + 1) * inv_freq[size_t(i)]);
      }
    }
    Matrix expected = inputs[0];
    for (int64_t t = 0; t < c.rows; ++t) {
      for (int64_t head = 0; head < c.heads; ++head) {
        for (int64_t i = 0; i < c.rope_dim / 2; ++i) {
          const int64_t a = head * c.head_dim + (c.interleaved ? 2 * i : i);
          const int64_t b = head * c.head_dim + (c.interleaved ? 2 * i + 1 : c.rope_dim / 2 + i);
          const double u = inputs[0].at(t, a), v = inputs[0].at(t, b);
          const double cosine = inputs[1].at(t, i), sine = inputs[1].at(t, c.rope_dim / 2 + i);
          expected.at(t, a) = float(u * cosine - v * sine);
          expected.at(t, b) = float(u * sine + v * cosine);
        }
      }
    }
    CHECK(nmse(run_one(reference(), node, inputs, {c.rows, inputs[0].cols}, plain_batch(c.rows)), expected) <=
          kOneRounding);
    for (const auto& backend : backends) {
      CAPTURE(label(*backend));
      CHECK(nmse(run_one(*backend, node, inputs, {c.rows, inputs[0].cols}, plain_batch(c.rows)), expected) <=
            f32_sum(2));
    }
  }
}

}  // namespace
}  // namespace hadal::test
