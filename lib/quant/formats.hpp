// The decoders and encoders behind block_format(), one source file per format.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hadal::quant {

void decode_f32(const std::byte* in, float* out, int64_t elements);
void decode_f16(const std::byte* in, float* out, int64_t elements);
void decode_bf16(const std::byte* in, float* out, int64_t elements);
void decode_f64(const std::byte* in, float* out, int64_t elements);
void decode_i8(const std::byte* in, float* out, int64_t elements);
void decode_i16(const std::byte* in, float* out, int64_t elements);
void decode_i32(const std::byte* in, float* out, int64_t elements);
void decode_i64(const std::byte* in, float* out, int64_t elements);
void decode_u8(const std::byte* in, float* out, int64_t elements);
void decode_boolean(const std::byte* in, float* out, int64_t elements);
void encode_f32(const float* in, std::byte* out, int64_t elements, const float* importance);
void encode_f16(const float* in, std::byte* out, int64_t elements, const float* importance);
void encode_bf16(const float* in, std::byte* out, int64_t elements, const float* importance);
void encode_f64(const float* in, std::byte* out, int64_t elements, const float* importance);

void decode_q4_0(const std::byte* blocks, float* out, int64_t elements);
void decode_q4_1(const std::byte* blocks, float* out, int64_t elements);
void decode_q5_0(const std::byte* blocks, float* out, int64_t elements);
void decode_q5_1(const std::byte* blocks, float* out, int64_t elements);
void decode_q8_0(const std::byte* blocks, float* out, int64_t elements);
void decode_q2_k(const std::byte* blocks, float* out, int64_t elements);
void decode_q3_k(const std::byte* blocks, float* out, int64_t elements);
void decode_q4_k(const std::byte* blocks, float* out, int64_t elements);
void decode_q5_k(const std::byte* blocks, float* out, int64_t elements);
void decode_q6_k(const std::byte* blocks, float* out, int64_t elements);
void decode_iq4_nl(const std::byte* blocks, float* out, int64_t elements);
void decode_iq4_xs(const std::byte* blocks, float* out, int64_t elements);
void decode_f8_e4m3(const std::byte* codes, float* out, int64_t elements);
void decode_f8_e8m0(const std::byte* codes, float* out, int64_t elements);

void encode_q4_0(const float* in, std::byte* blocks, int64_t elements, const float* importance);
void encode_q4_1(const float* in, std::byte* blocks, int64_t elements, const float* importance);
void encode_q5_0(const float* in, std::byte* blocks, int64_t elements, const float* importance);
void encode_q5_1(const float* in, std::byte* blocks, int64_t elements, const float* importance);
void encode_q8_0(const float* in, std::byte* blocks, int64_t elements, const float* importance);
void encode_q2_k(const float* in, std::byte* blocks, int64_t elements, const float* importance);
void encode_q3_k(const float* in, std::byte* blocks, int64_t elements, const float* importance);
void encode_q4_k(const float* in, std::byte* blocks, int64_t elements, const float* importance);
void encode_q5_k(const float* in, std::byte* blocks, int64_t elements, const float* importance);
void encode_q6_k(const float* in, std::byte* blocks, int64_t elements, const float* importance);
void encode_iq4_nl(const float* in, std::byte* blocks, int64_t elements, const float* importance);
void encode_f8_e4m3(const float* in, std::byte* codes, int64_t elements, const float* importance);

}  // namespace hadal::quant
