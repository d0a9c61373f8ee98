// FP8: every code and every rounding border against what torch makes of them; block scales by their formula.
#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "quant/block_format.hpp"
#include "quant/matrix_rows.hpp"
#include "unit/quant/golden_files.hpp"

namespace hadal {
namespace {

std::vector<std::byte> all_codes() {
  std::vector<std::byte> codes(256);
  for (size_t i = 0; i < codes.size(); ++i) codes[i] = std::byte(i);
  return codes;
}

uint32_t encoded(uint32_t bits) {
  const float value = std::bit_cast<float>(bits);
  std::byte code;
  block_format(Dtype::f8_e4m3).encode(&value, &code, 1, nullptr);
  return uint32_t(code);
}

TEST_CASE("all 256 codes of e4m3 and e8m0 have torch's values") {
  for (const Dtype dtype : {Dtype::f8_e4m3, Dtype::f8_e8m0}) {
    CAPTURE(std::string(name(dtype)));
    const std::vector<float> expected = testing::golden_floats(std::string(name(dtype)) + ".f32");
    std::vector<float> actual(256);
    decode(dtype, all_codes().data(), actual.data(), 256);
    REQUIRE(expected.size() == 256);
    for (size_t i = 0; i < 256; ++i) {
      CAPTURE(i);
      if (std::isnan(expected[i])) CHECK(std::isnan(actual[i]));
      else CHECK(std::bit_cast<uint32_t>(actual[i]) == std::bit_cast<uint32_t>(expected[i]));
    }
  }
}

TEST_CASE("e4m3 is its formula, and e8m0 a power of two") {
  std::vector<float> values(256), powers(256);
  decode(Dtype::f8_e4m3, all_codes().data(), values.data(), 256);
  decode(Dtype::f8_e8m0, all_codes().data(), powers.data(), 256);
  for (int code = 0; code < 256; ++code) {
    CAPTURE(code);
    const int exponent = code >> 3 & 15, mantissa = code & 7;
    const double magnitude = exponent == 0 ? std::ldexp(mantissa, -9) : std::ldexp(8 + mantissa, exponent - 10);
    if ((code & 127) == 127) CHECK(std::isnan(values[size_t(code)]));
    else CHECK(double(values[size_t(code)]) == (code < 128 ? magnitude : -magnitude));
    if (code == 255) CHECK(std::isnan(powers[255]));
    else CHECK(double(powers[size_t(code)]) == std::ldexp(1.0, code - 127));
  }
}

TEST_CASE("every float becomes the e4m3 code that torch gives it, and those beyond the largest stay there") {
  const std::vector<float> recorded = testing::golden_floats("f8_e4m3.first");
  std::vector<uint32_t> first;
  for (const float value : recorded) first.push_back(std::bit_cast<uint32_t>(value));
  REQUIRE(first.size() == 127);
  for (uint32_t code = 0; code < 127; ++code) {
    CAPTURE(code);
    CHECK(encoded(first[code]) == code);
    CHECK(encoded(first[code] | 0x80000000u) == (code | 0x80));
    if (code > 0) CHECK(encoded(first[code] - 1) == code - 1);
  }
  size_t different = 0;
  for (uint32_t bits = 0; bits <= 0x7F800000u; bits += 1009) {
    const uint32_t expected = uint32_t(std::upper_bound(first.begin(), first.end(), bits) - first.begin()) - 1;
    different += encoded(bits) != expected;
    different += encoded(bits | 0x80000000u) != (expected | 0x80);
  }
  CHECK(different == 0);
  CHECK(encoded(0x7F800000u) == 0x7E);
  CHECK(encoded(0x7FC00000u) == 0x7F);
  CHECK(encoded(0xFFC00000u) == 0xFF);
}

TEST_CASE("a code survives decoding and encoding") {
  std::vector<float> values(256);
  decode(Dtype::f8_e4m3, all_codes().data(), values.data(), 256);
  for (uint32_t code = 0; code < 256; ++code) CHECK(encoded(std::bit_cast<uint32_t>(values[code])) == code);
}

// 576 rows have 5 rows of scales, the last for 64; a part may begin anywhere.
TEST_CASE("rows of FP8 are code times the scale of their block, ragged blocks and parts included") {
  constexpr int64_t kRows = 576, kCols = 200;
  std::mt19937 random(3);
  std::vector<std::byte> codes(size_t(kRows * kCols + 1));
  for (std::byte& code : codes) code = std::byte(random() % 0x7F);
  std::vector<float> scales(5 * 2);
  for (float& scale : scales) scale = float(random() % 1000 + 1) * 1e-5f;
  for (const int64_t first : {0, 72, 512}) {
    const MatrixRows rows{Dtype::f8_e4m3, kCols, codes.data() + 1 + first * kCols, scales.data(), first};
    std::vector<float> actual(size_t((kRows - first) * kCols));
    decode_rows(rows, 0, kRows - first, actual.data());
    size_t different = 0;
    for (int64_t r = first; r < kRows; ++r) {
      for (int64_t c = 0; c < kCols; ++c) {
        float code;
        decode(Dtype::f8_e4m3, codes.data() + 1 + r * kCols + c, &code, 1);
        different += actual[size_t((r - first) * kCols + c)] != code * scales[size_t(r / 128 * 2 + c / 128)];
      }
    }
    CHECK(different == 0);
    std::vector<float> one(kCols);
    decode_rows(rows, 60, 1, one.data());
    CHECK(std::equal(one.begin(), one.end(), actual.begin() + 60 * kCols));
  }
}

TEST_CASE("encoding to FP8 puts the largest value of each block at 448, and zeros stay zero") {
  constexpr int64_t kRows = 130, kCols = 257;
  std::mt19937 random(5);
  std::normal_distribution<float> normal(0, 0.02f);
  std::vector<float> values(size_t(kRows * kCols));
  for (float& v : values) v = normal(random);
  for (int64_t c = 128; c < 256; ++c)
    for (int64_t r = 0; r < 128; ++r) values[size_t(r * kCols + c)] = 0;
  std::vector<std::byte> codes(values.size());
  std::vector<float> scales(2 * 3), back(values.size());
  encode_f8_rows(values.data(), kRows, kCols, codes.data(), scales.data());
  decode_rows({Dtype::f8_e4m3, kCols, codes.data(), scales.data(), 0}, 0, kRows, back.data());
  CHECK(scales[1] == 1);
  for (size_t i = 0; i < values.size(); ++i) {
    const float scale = scales[i / kCols / 128 * 3 + i % kCols / 128];
    // Half a step of three bits of mantissa, or of the smallest subnormal.
    const float step = std::max(std::fabs(values[i]) / 16, scale * 0x1p-10f);
    if (!(std::fabs(back[i] - values[i]) <= step * 1.0001f)) FAIL_CHECK(values[i] << " became " << back[i]);
  }
  float largest = 0;
  for (int64_t r = 0; r < 128; ++r)
    for (int64_t c = 0; c < 128; ++c) largest = std::max(largest, std::fabs(values[size_t(r * kCols + c)]));
  CHECK(scales[0] == largest / 448);
}

TEST_CASE("a NaN among codes is found wherever it is") {
  std::vector<std::byte> codes(300, std::byte{0x7E});
  CHECK(!has_nan_e4m3(codes.data(), 300));
  for (const size_t at : {0, 131, 299}) {
    for (const uint8_t nan : {0x7F, 0xFF}) {
      codes[at] = std::byte{nan};
      CHECK(has_nan_e4m3(codes.data(), 300));
      codes[at] = std::byte{0xFE};
    }
  }
}

}  // namespace
}  // namespace hadal
