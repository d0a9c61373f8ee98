// Encoders: byte for byte against the gguf package where it has them, by their error where it has not.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "core/half.hpp"
#include "quant/block_format.hpp"
#include "quant/block_layout.hpp"
#include "unit/quant/golden_files.hpp"

namespace hadal {
namespace {

std::vector<std::byte> encoded(Dtype dtype, const std::vector<float>& values, const float* importance = nullptr) {
  std::vector<std::byte> blocks(bytes_of(dtype, int64_t(values.size())));
  block_format(dtype).encode(values.data(), blocks.data(), int64_t(values.size()), importance);
  return blocks;
}

std::vector<float> round_trip(Dtype dtype, const std::vector<float>& values, const float* importance = nullptr) {
  const std::vector<std::byte> blocks = encoded(dtype, values, importance);
  std::vector<float> out(values.size());
  decode(dtype, blocks.data(), out.data(), int64_t(out.size()));
  return out;
}

// sqrt(sum w (a - b)^2 / sum w b^2)
double relative_rms(const std::vector<float>& a, const std::vector<float>& b, const float* w = nullptr) {
  double error = 0, power = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double weight = w ? w[i] : 1;
    error += weight * (double(a[i]) - b[i]) * (double(a[i]) - b[i]);
    power += weight * double(b[i]) * b[i];
  }
  return std::sqrt(error / power);
}

std::vector<float> gaussian(size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, 0.02f);
  std::vector<float> values(count);
  for (float& v : values) v = normal(random);
  return values;
}

// Few large values, as the rows of real weights have.
std::vector<float> heavy_tailed(size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::student_t_distribution<float> student(4);
  std::vector<float> values(count);
  for (float& v : values) v = 0.02f * student(random);
  return values;
}

TEST_CASE("the simple formats encode to the bytes of the gguf package") {
  const std::vector<float> values = testing::golden_floats("encode.f32");
  REQUIRE(values.size() == 16 * 256);
  for (const Dtype dtype : {Dtype::f16, Dtype::bf16, Dtype::q4_0, Dtype::q4_1, Dtype::q5_0, Dtype::q5_1, Dtype::q8_0}) {
    const std::string format(name(dtype));
    CAPTURE(format);
    const std::vector<std::byte> expected = testing::golden_bytes("encode." + format);
    const std::vector<std::byte> actual = encoded(dtype, values);
    REQUIRE(actual.size() == expected.size());
    size_t different = 0;
    for (size_t i = 0; i < actual.size(); ++i) different += actual[i] != expected[i];
    CHECK(different == 0);
  }
}

// Round to nearest between the extremes of each group of `group` values with unrounded scales: what an encoder that
// searches for its scales must not fall behind.
std::vector<float> nearest_between_extremes(const std::vector<float>& values, size_t group, int steps, bool symmetric) {
  std::vector<float> out(values.size());
  for (size_t start = 0; start < values.size(); start += group) {
    float low = 0, high = 0;
    for (size_t i = start; i < start + group; ++i) {
      low = std::min(low, values[i]);
      high = std::max(high, values[i]);
    }
    if (symmetric) high = std::max(high, -low), low = -high;
    const float scale = (high - low) / float(steps);
    for (size_t i = start; i < start + group; ++i) {
      out[i] = scale > 0 ? std::round((values[i] - low) / scale) * scale + low : low;
    }
  }
  return out;
}

struct Expectation {
  Dtype dtype;
  size_t group;      // values that share a scale
  int steps;         // codes less one
  bool symmetric;
  double gaussian;   // relative rms error on Gaussian data: 2 % above what was measured
};

// For comparison, the best uniform quantiser for a Gaussian as a whole (Max 1960) has 0.345, 0.194, 0.107, 0.059 and
// 0.032 at 2, 3, 4, 5 and 6 bits; a scale for each 16 or 32 values must do better.
constexpr Expectation kExpectations[] = {
    {Dtype::q2_k, 16, 3, false, 0.268},   {Dtype::q3_k, 16, 7, true, 0.147},  {Dtype::q4_k, 32, 15, false, 0.0717},
    {Dtype::q5_k, 32, 31, false, 0.0353}, {Dtype::q6_k, 16, 63, true, 0.0174}, {Dtype::iq4_nl, 32, 15, true, 0.0753},
};

TEST_CASE("searched scales beat rounding between the extremes") {
  for (const Expectation& e : kExpectations) {
    const std::string format(name(e.dtype));
    CAPTURE(format);
    const std::vector<float> normal = gaussian(64 * 256, 1), heavy = heavy_tailed(64 * 256, 2);
    const double normal_error = relative_rms(round_trip(e.dtype, normal), normal);
    CHECK(normal_error <= e.gaussian);
    CHECK(normal_error <= relative_rms(nearest_between_extremes(normal, e.group, e.steps, e.symmetric), normal));
    const double heavy_error = relative_rms(round_trip(e.dtype, heavy), heavy);
    CHECK(heavy_error <= relative_rms(nearest_between_extremes(heavy, e.group, e.steps, e.symmetric), heavy));
  }
}

constexpr Dtype kEncoded[] = {Dtype::q4_0, Dtype::q4_1, Dtype::q5_0, Dtype::q5_1, Dtype::q8_0,  Dtype::q2_k,
                              Dtype::q3_k, Dtype::q4_k, Dtype::q5_k, Dtype::q6_k, Dtype::iq4_nl};

TEST_CASE("importance moves the error to where it matters less") {
  const std::vector<float> values = gaussian(64 * 256, 3);
  std::mt19937 random(4);
  std::exponential_distribution<float> exponential(1);
  std::vector<float> importance(values.size());
  for (float& w : importance) w = std::pow(exponential(random), 3.0f) * 1e-4f;  // of any unit
  for (const Dtype dtype : kEncoded) {
    if (dtype == Dtype::q8_0) continue;
    const std::string format(name(dtype));
    CAPTURE(format);
    const double without = relative_rms(round_trip(dtype, values), values, importance.data());
    const double with = relative_rms(round_trip(dtype, values, importance.data()), values, importance.data());
    CHECK(with < 0.95 * without);
  }
}

TEST_CASE("importance that says nothing is as none") {
  const std::vector<float> values = gaussian(256, 5);
  const std::vector<float> zero(256, 0.0f), equal(256, 3.0f);
  for (const Dtype dtype : {Dtype::q2_k, Dtype::q3_k, Dtype::q4_k, Dtype::q5_k, Dtype::q6_k}) {
    const std::string format(name(dtype));
    CAPTURE(format);
    CHECK(encoded(dtype, values, zero.data()) == encoded(dtype, values));
    CHECK(encoded(dtype, values, equal.data()) == encoded(dtype, values));
  }
}

TEST_CASE("zeros and constants survive every encoder") {
  for (const Dtype dtype : kEncoded) {
    const std::string format(name(dtype));
    CAPTURE(format);
    for (const float constant : {0.0f, 0.5f, -0.5f, 1000.0f}) {
      CAPTURE(constant);
      const std::vector<float> values(256, constant);
      const std::vector<float> out = round_trip(dtype, values);
      float largest_error = 0;
      for (const float v : out) largest_error = std::max(largest_error, std::fabs(v - constant));
      CHECK(largest_error <= std::fabs(constant) * 2 * 0x1p-11f);  // one f16 rounding of d, and one of m
    }
  }
}

// A scale is one f16 per block, so sizes between its subnormals and its largest value keep their relative error.
TEST_CASE("the error does not depend on the size of the values") {
  const std::vector<float> values = gaussian(8 * 256, 6);
  for (const Dtype dtype : kEncoded) {
    const std::string format(name(dtype));
    CAPTURE(format);
    const double usual = relative_rms(round_trip(dtype, values), values);
    for (const float factor : {1.0f, 1e2f, 1e5f}) {
      std::vector<float> scaled = values;
      for (float& v : scaled) v *= factor;
      CHECK(relative_rms(round_trip(dtype, scaled), scaled) == doctest::Approx(usual).epsilon(0.02));
    }
  }
}

TEST_CASE("values that no block can hold give some block and no undefined behaviour") {
  constexpr float kInf = std::numeric_limits<float>::infinity(), kNan = std::numeric_limits<float>::quiet_NaN();
  for (const Dtype dtype : kEncoded) {
    for (const float strange : {kInf, -kInf, kNan, 3e38f, -3e38f, 1e-38f, 1e-44f}) {
      for (const bool importance : {false, true}) {
        std::vector<float> values = gaussian(512, 7);
        values[3] = strange;
        values[40] = -strange;
        for (size_t i = 256; i < 512; ++i) values[i] = strange;
        std::vector<float> weights(512, 1.0f);
        weights[5] = strange;
        weights[41] = -1;
        CHECK(round_trip(dtype, values, importance ? weights.data() : nullptr).size() == 512);
      }
    }
  }
}

TEST_CASE("a block is encoded the same wherever it stands") {
  const std::vector<float> values = gaussian(3 * 256, 8);
  for (const Dtype dtype : kEncoded) {
    const std::string format(name(dtype));
    CAPTURE(format);
    const std::vector<std::byte> all = encoded(dtype, values);
    const std::vector<std::byte> last = encoded(dtype, {values.begin() + 512, values.end()});
    CHECK(std::vector<std::byte>(all.end() - std::ptrdiff_t(last.size()), all.end()) == last);
  }
}

TEST_CASE("six-bit scales and minima come back from their twelve bytes") {
  std::mt19937 random(9);
  for (int round = 0; round < 100; ++round) {
    int scale[8], min[8];
    uint8_t bytes[12] = {};
    for (int j = 0; j < 8; ++j) {
      scale[j] = int(random() % 64);
      min[j] = int(random() % 64);
    }
    for (const int j : {5, 0, 7, 2, 4, 1, 6, 3}) quant::set_scale_and_min(bytes, j, scale[j], min[j]);
    for (int j = 0; j < 8; ++j) {
      CHECK(quant::scale_of(bytes, j) == scale[j]);
      CHECK(quant::min_of(bytes, j) == min[j]);
    }
  }
}

TEST_CASE("formats that are only read have no encoder") {
  CHECK(!bool(block_format(Dtype::iq4_xs).encode));
  CHECK(!bool(block_format(Dtype::i8).encode));
}

}  // namespace
}  // namespace hadal
