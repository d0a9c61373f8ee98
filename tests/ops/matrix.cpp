#include "ops/matrix.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <random>

#include "core/half.hpp"
#include "quant/block_format.hpp"
#include "quant/block_layout.hpp"

namespace hadal::test {
namespace {

using namespace quant;

// Where a block keeps its f16 scales.
std::vector<size_t> scale_offsets(Dtype dtype) {
  switch (dtype) {
    case Dtype::q4_1:
    case Dtype::q5_1:
    case Dtype::q4_k:
    case Dtype::q5_k: return {0, 2};
    case Dtype::q2_k: return {offsetof(BlockQ2_K, d), offsetof(BlockQ2_K, dmin)};
    case Dtype::q3_k: return {offsetof(BlockQ3_K, d)};
    case Dtype::q6_k: return {offsetof(BlockQ6_K, d)};
    default: return {0};
  }
}

// The size of values that random codes of the format have under a scale of 1.
float code_size(Dtype dtype) {
  switch (dtype) {
    case Dtype::q8_0:
    case Dtype::iq4_nl: return 64;
    case Dtype::q2_k: return 12;
    case Dtype::q3_k: return 40;
    case Dtype::q4_k: return 250;
    case Dtype::q5_k: return 500;
    case Dtype::q6_k: return 1300;
    case Dtype::iq4_xs: return 1200;
    case Dtype::q5_0:
    case Dtype::q5_1: return 9;
    default: return 5;
  }
}

void fill_random_blocks(Dtype dtype, std::byte* row, int64_t cols, float size, std::mt19937& random) {
  const DtypeInfo& format = info(dtype);
  std::uniform_real_distribution<float> around(0.5f, 1.5f);
  for (int64_t b = 0; b < cols / format.block_elements; ++b) {
    std::byte* block = row + b * format.block_bytes;
    for (int32_t i = 0; i < format.block_bytes; ++i) block[i] = std::byte(random() & 0xFF);
    for (const size_t offset : scale_offsets(dtype)) {
      const float sign = random() % 4 == 0 ? -1.0f : 1.0f;
      const uint16_t bits = f32_to_f16(sign * around(random) * size / code_size(dtype));
      std::memcpy(block + offset, &bits, 2);
    }
  }
}

// Every code but the two that are NaN, with scales of 128 x 128 that bring them to `size`.
void fill_random_f8(OwnedWeight& out, std::mt19937& random) {
  Weight& w = out.weight;
  const float size = 1 / std::sqrt(float(w.cols));
  w.scale_row = 72;
  const int64_t blocks = (w.cols + 127) / 128, scale_rows = (w.scale_row + w.rows + 127) / 128;
  out.scale_inv = std::make_unique<std::vector<float>>(size_t(scale_rows * blocks));
  std::uniform_real_distribution<float> around(0.5f, 1.5f);
  for (float& scale : *out.scale_inv) scale = around(random) * size / 100;
  w.scale_inv = out.scale_inv->data();
  std::normal_distribution<float> normal(0, 50);
  auto* codes = out.bytes->data() + 1;
  for (int64_t i = 0; i < w.rows * w.cols; ++i) {
    if (i / w.cols % 2 == 0) {
      const uint32_t code = random() & 0xFF;
      codes[i] = std::byte((code & 0x7F) == 0x7F ? code & 0xFE : code);
    } else {
      const float value = normal(random);
      block_format(Dtype::f8_e4m3).encode(&value, codes + i, 1, nullptr);
    }
    float value;
    decode(Dtype::f8_e4m3, codes + i, &value, 1);
    const int64_t row = w.scale_row + i / w.cols, col = i % w.cols;
    out.decoded[size_t(i)] = double(value) * (*out.scale_inv)[size_t(row / 128 * blocks + col / 128)];
  }
}

}  // namespace

Matrix Matrix::row(int64_t r) const {
  Matrix out(1, cols);
  std::copy_n(values.begin() + r * cols, cols, out.values.begin());
  return out;
}

Matrix gaussian(int64_t rows, int64_t cols, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  Matrix out(rows, cols);
  for (float& v : out.values) v = normal(random);
  return out;
}

Matrix with_outliers(int64_t rows, int64_t cols, uint32_t seed) {
  Matrix out = gaussian(rows, cols, seed);
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 5; c < cols; c += 37) out.at(r, c) *= 20;
  return out;
}

double nmse(const Matrix& actual, const Matrix& expected) {
  double error = 0, power = 0;
  for (size_t i = 0; i < expected.values.size(); ++i) {
    const double difference = double(actual.values[i]) - expected.values[i];
    error += difference * difference;
    power += double(expected.values[i]) * expected.values[i];
  }
  if (error == 0) return 0;
  const double ratio = error / power;
  return std::isnan(ratio) ? std::numeric_limits<double>::infinity() : ratio;
}

bool same_bits(const Matrix& a, const Matrix& b) {
  return a.rows == b.rows && a.cols == b.cols &&
         (a.values.empty() || std::memcmp(a.values.data(), b.values.data(), a.values.size() * sizeof(float)) == 0);
}

OwnedWeight random_weight(Dtype dtype, int64_t rows, int64_t cols, uint32_t seed) {
  std::mt19937 random(seed);
  const float size = 1 / std::sqrt(float(cols));
  std::normal_distribution<float> normal(0, size);
  const int64_t row_bytes = int64_t(bytes_of(dtype, cols));

  OwnedWeight out;
  out.bytes = std::make_unique<std::vector<std::byte>>(size_t(1 + rows * row_bytes));
  out.decoded.resize(size_t(rows * cols));
  std::byte* data = out.bytes->data() + 1;
  out.weight.name = "test." + std::string(name(dtype));
  out.weight.dtype = dtype;
  out.weight.rows = rows;
  out.weight.cols = cols;
  out.weight.data = data;
  if (dtype == Dtype::f8_e4m3) {
    fill_random_f8(out, random);
    return out;
  }
  std::vector<float> values(static_cast<size_t>(cols));
  for (int64_t r = 0; r < rows; ++r) {
    const BlockFormat& format = block_format(dtype);
    if (is_block_type(dtype) && (r % 2 == 0 || !format.encode)) {
      fill_random_blocks(dtype, data + r * row_bytes, cols, size, random);
    } else {
      for (float& v : values) v = normal(random);
      format.encode(values.data(), data + r * row_bytes, cols, nullptr);
    }
    decode(dtype, data + r * row_bytes, values.data(), cols);
    std::copy(values.begin(), values.end(), out.decoded.begin() + r * cols);
  }
  return out;
}

const std::vector<Dtype>& weight_types() {
  static const std::vector<Dtype> types = {
      Dtype::f32,  Dtype::f16,  Dtype::bf16, Dtype::q4_0, Dtype::q4_1, Dtype::q5_0,   Dtype::q5_1,  Dtype::q8_0,
      Dtype::q2_k, Dtype::q3_k, Dtype::q4_k, Dtype::q5_k, Dtype::q6_k, Dtype::iq4_nl, Dtype::iq4_xs, Dtype::f8_e4m3};
  return types;
}

}  // namespace hadal::test
