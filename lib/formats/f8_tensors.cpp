#include "formats/f8_tensors.hpp"

#include <algorithm>
#include <cmath>

#include "core/message.hpp"
#include "core/status.hpp"
#include "quant/block_format.hpp"
#include "quant/matrix_rows.hpp"

namespace hadal {
namespace {

constexpr std::string_view kSuffix = "_scale_inv";

int64_t blocks_of(int64_t values) { return (values + kScaleBlock - 1) / kScaleBlock; }

int64_t value_count(const std::vector<int64_t>& shape) {
  int64_t count = 1;
  for (const int64_t size : shape) count *= size;
  return count;
}

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string text = "[";
  for (const int64_t size : shape) text += message(text.size() > 1 ? ", " : "", size);
  return text + "]";
}

bool can_scale(Dtype dtype) {
  return dtype == Dtype::f32 || dtype == Dtype::bf16 || dtype == Dtype::f16 || dtype == Dtype::f8_e8m0;
}

// Calls visit(values, count) for the scales, some at a time.
template <class Visit>
void for_each_scale(const StoredTensor& scales, Visit&& visit) {
  constexpr int64_t kStep = 256;
  float values[kStep];
  const int64_t count = value_count(scales.shape);
  for (int64_t at = 0; at < count; at += kStep) {
    const int64_t here = std::min(kStep, count - at);
    decode(scales.dtype, scales.data + bytes_of(scales.dtype, at), values, here);
    for (int64_t i = 0; i < here; ++i)
      if (!std::isfinite(values[i]))
        throw Error(Status::corrupt, message(scales.name, ": expected finite scales, found ",
                                             std::isnan(values[i]) ? "NaN" : "infinity", " at ", at + i));
    visit(values, here);
  }
}

}  // namespace

const StoredTensor* f8_scales(const Checkpoint& checkpoint, const StoredTensor& tensor) {
  if (tensor.dtype != Dtype::f8_e4m3) return nullptr;
  std::vector<int64_t> expected = tensor.shape;
  const std::string name = message(tensor.name, kSuffix);
  const StoredTensor* scales = checkpoint.find(name);
  if (expected.size() >= 2) {
    expected.back() = blocks_of(expected.back());
    expected[expected.size() - 2] = blocks_of(expected[expected.size() - 2]);
  }
  if (!scales)
    throw Error(Status::corrupt, message(name, ": expected the scales ", shape_text(expected), " of an FP8 tensor, found "
                                         "no such tensor"));
  if (!tensor.data) return scales;
  if (tensor.shape.size() < 2)
    throw Error(Status::unsupported, message(tensor.name, ": expected FP8 in a matrix, found ", shape_text(tensor.shape)));
  if (!can_scale(scales->dtype))
    throw Error(Status::unsupported, message(name, ": expected scales in F32, BF16, F16 or F8_E8M0, found ",
                                             hadal::name(scales->dtype)));
  if (scales->shape != expected)
    throw Error(Status::corrupt, message(name, ": expected ", shape_text(expected), " for ", shape_text(tensor.shape),
                                         ", found ", shape_text(scales->shape)));
  return scales;
}

bool is_f8_scales(const Checkpoint& checkpoint, const StoredTensor& tensor) {
  const std::string_view name = tensor.name;
  if (!name.ends_with(kSuffix)) return false;
  const StoredTensor* scaled = checkpoint.find(name.substr(0, name.size() - kSuffix.size()));
  return scaled && scaled->dtype == Dtype::f8_e4m3;
}

void read_f8_scales(const StoredTensor& scales, float* out) {
  for_each_scale(scales, [&](const float* values, int64_t count) { out = std::copy_n(values, count, out); });
}

void check_f8_scales(const StoredTensor& scales) {
  for_each_scale(scales, [](const float*, int64_t) {});
}

void decode_f8_rows(const StoredTensor& tensor, const StoredTensor& scales, int64_t first, int64_t rows, float* out) {
  const int64_t cols = tensor.shape.back(), height = tensor.shape[tensor.shape.size() - 2];
  const int64_t across = blocks_of(cols), down = blocks_of(height);
  decode(Dtype::f8_e4m3, tensor.data + first * cols, out, rows * cols);
  for (int64_t r = first; r < first + rows; ++r, out += cols) {
    const int64_t grid_row = r / height * down + r % height / kScaleBlock;
    for (int64_t b = 0; b < across; ++b) {
      float scale;
      decode(scales.dtype, scales.data + bytes_of(scales.dtype, grid_row * across + b), &scale, 1);
      const int64_t end = std::min((b + 1) * kScaleBlock, cols);
      for (int64_t c = b * kScaleBlock; c < end; ++c) out[c] *= scale;
    }
  }
}

}  // namespace hadal
