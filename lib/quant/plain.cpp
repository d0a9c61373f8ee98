// Formats without blocks: IEEE and bfloat16 values, and integers by value.
#include <bit>
#include <cstring>

#include "core/half.hpp"
#include "quant/formats.hpp"

namespace hadal::quant {
namespace {

template <class T>
T load(const std::byte* in, int64_t i) {
  T value;
  std::memcpy(&value, in + i * int64_t(sizeof(T)), sizeof(T));
  return value;
}

template <class T>
void decode_values(const std::byte* in, float* out, int64_t elements) {
  for (int64_t i = 0; i < elements; ++i) out[i] = float(load<T>(in, i));
}

// f16_to_f32 with selections in place of branches, so that the loop vectorises.
float widen(uint16_t h) {
  const uint32_t magnitude = h & 0x7FFF;
  const uint32_t normal = (magnitude << 13) + (112u << 23);
  const uint32_t tiny = std::bit_cast<uint32_t>(float(int32_t(magnitude)) * 0x1p-24f);
  const uint32_t special = (magnitude << 13) | 0x7F800000u;
  const uint32_t finite = magnitude < 0x0400 ? tiny : normal;
  return std::bit_cast<float>((magnitude < 0x7C00 ? finite : special) | uint32_t(h & 0x8000) << 16);
}

}  // namespace

void decode_f32(const std::byte* in, float* out, int64_t elements) {
  if (elements > 0) std::memcpy(out, in, size_t(elements) * sizeof(float));
}

void decode_f16(const std::byte* in, float* out, int64_t elements) {
  for (int64_t i = 0; i < elements; ++i) out[i] = widen(load<uint16_t>(in, i));
}

void decode_bf16(const std::byte* in, float* out, int64_t elements) {
  for (int64_t i = 0; i < elements; ++i) out[i] = bf16_to_f32(load<uint16_t>(in, i));
}

// Beyond the range of f32 the result is infinite: the conversion rounds as IEEE says.
void decode_f64(const std::byte* in, float* out, int64_t elements) { decode_values<double>(in, out, elements); }
void decode_i8(const std::byte* in, float* out, int64_t elements) { decode_values<int8_t>(in, out, elements); }
void decode_i16(const std::byte* in, float* out, int64_t elements) { decode_values<int16_t>(in, out, elements); }
void decode_i32(const std::byte* in, float* out, int64_t elements) { decode_values<int32_t>(in, out, elements); }
void decode_i64(const std::byte* in, float* out, int64_t elements) { decode_values<int64_t>(in, out, elements); }
void decode_u8(const std::byte* in, float* out, int64_t elements) { decode_values<uint8_t>(in, out, elements); }

void decode_boolean(const std::byte* in, float* out, int64_t elements) {
  for (int64_t i = 0; i < elements; ++i) out[i] = in[i] != std::byte{0} ? 1.0f : 0.0f;
}

void encode_f32(const float* in, std::byte* out, int64_t elements, const float*) {
  if (elements > 0) std::memcpy(out, in, size_t(elements) * sizeof(float));
}

void encode_f16(const float* in, std::byte* out, int64_t elements, const float*) {
  for (int64_t i = 0; i < elements; ++i) {
    const uint16_t bits = f32_to_f16(in[i]);
    std::memcpy(out + 2 * i, &bits, 2);
  }
}

void encode_bf16(const float* in, std::byte* out, int64_t elements, const float*) {
  for (int64_t i = 0; i < elements; ++i) {
    const uint16_t bits = f32_to_bf16(in[i]);
    std::memcpy(out + 2 * i, &bits, 2);
  }
}

void encode_f64(const float* in, std::byte* out, int64_t elements, const float*) {
  for (int64_t i = 0; i < elements; ++i) {
    const double value = in[i];
    std::memcpy(out + 8 * i, &value, 8);
  }
}

}  // namespace hadal::quant
