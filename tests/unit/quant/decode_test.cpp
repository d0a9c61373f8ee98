// Decoders against what the gguf package decodes from the same bytes, to the last bit.
#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "core/half.hpp"
#include "quant/block_format.hpp"
#include "unit/quant/golden_files.hpp"

namespace hadal {
namespace {

constexpr Dtype kBlockTypes[] = {Dtype::q4_0, Dtype::q4_1, Dtype::q5_0, Dtype::q5_1, Dtype::q8_0,   Dtype::q2_k,
                                 Dtype::q3_k, Dtype::q4_k, Dtype::q5_k, Dtype::q6_k, Dtype::iq4_nl, Dtype::iq4_xs};

bool same(float a, float b) {
  return (std::isnan(a) && std::isnan(b)) || std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b);
}

TEST_CASE("every block format decodes recorded blocks to the recorded bits") {
  for (const Dtype dtype : kBlockTypes) {
    const std::string format(name(dtype));
    CAPTURE(format);
    const std::vector<std::byte> blocks = testing::golden_bytes(format + ".blocks");
    const std::vector<float> expected = testing::golden_floats(format + ".f32");
    REQUIRE(expected.size() >= 15 * 32);
    REQUIRE(blocks.size() == bytes_of(dtype, int64_t(expected.size())));

    for (const size_t shift : {0, 1}) {  // a file may place blocks at any address
      CAPTURE(shift);
      std::vector<std::byte> placed(blocks.size() + shift);
      std::memcpy(placed.data() + shift, blocks.data(), blocks.size());
      constexpr float kGuard = 12345.0f;
      std::vector<float> actual(expected.size() + 1, kGuard);
      decode(dtype, placed.data() + shift, actual.data(), int64_t(expected.size()));
      size_t different = 0;
      for (size_t i = 0; i < expected.size(); ++i) different += !same(actual[i], expected[i]);
      CHECK(different == 0);
      CHECK(actual.back() == kGuard);
    }
  }
}

TEST_CASE("decoding no elements writes nothing") {
  for (int i = 0; i <= int(Dtype::iq4_xs); ++i) {
    float out = 1.5f;
    decode(Dtype(i), nullptr, &out, 0);
    CHECK(out == 1.5f);
  }
}

TEST_CASE("f16 and bf16 decode every bit pattern as the scalar conversions do") {
  std::vector<uint16_t> bits(65536);
  for (size_t i = 0; i < bits.size(); ++i) bits[i] = uint16_t(i);
  std::vector<float> actual(bits.size());
  decode(Dtype::f16, reinterpret_cast<const std::byte*>(bits.data()), actual.data(), int64_t(bits.size()));
  size_t different = 0;
  for (size_t i = 0; i < bits.size(); ++i) different += !same(actual[i], f16_to_f32(bits[i]));
  CHECK(different == 0);
  decode(Dtype::bf16, reinterpret_cast<const std::byte*>(bits.data()), actual.data(), int64_t(bits.size()));
  different = 0;
  for (size_t i = 0; i < bits.size(); ++i) different += !same(actual[i], bf16_to_f32(bits[i]));
  CHECK(different == 0);
}

template <class T>
std::vector<float> decoded(Dtype dtype, std::initializer_list<T> values) {
  std::vector<float> out(values.size());
  decode(dtype, reinterpret_cast<const std::byte*>(std::data(values)), out.data(), int64_t(values.size()));
  return out;
}

TEST_CASE("integers decode by value and f64 rounds to f32") {
  CHECK(decoded<int8_t>(Dtype::i8, {-128, 127}) == std::vector<float>{-128, 127});
  CHECK(decoded<uint8_t>(Dtype::u8, {0, 255}) == std::vector<float>{0, 255});
  CHECK(decoded<int16_t>(Dtype::i16, {-32768, 32767}) == std::vector<float>{-32768, 32767});
  CHECK(decoded<int32_t>(Dtype::i32, {-5, 16777217}) == std::vector<float>{-5, 16777216});
  CHECK(decoded<int64_t>(Dtype::i64, {-7, int64_t(1) << 40}) == std::vector<float>{-7, 0x1p40f});
  CHECK(decoded<uint8_t>(Dtype::boolean, {0, 1, 2}) == std::vector<float>{0, 1, 1});
  CHECK(decoded<double>(Dtype::f64, {0.1, 1e300}) == std::vector<float>{0.1f, std::numeric_limits<float>::infinity()});
  CHECK(decoded<float>(Dtype::f32, {-0.5f, 3.0f}) == std::vector<float>{-0.5f, 3.0f});
}

}  // namespace
}  // namespace hadal
