// The number formats of tensors. A format stores block_elements values in block_bytes bytes; plain types have
// blocks of one. The block layouts themselves live in lib/quant, one file each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hadal {

enum class Dtype : uint8_t {
  f32, f16, bf16, f64, i8, i16, i32, i64, u8, boolean,
  q4_0, q4_1, q5_0, q5_1, q8_0,
  q2_k, q3_k, q4_k, q5_k, q6_k,
  iq4_nl, iq4_xs,
  f8_e4m3, f8_e8m0,   // DeepSeek's FP8 weights, whose scales lie beside them, and scales that are powers of two
};

struct DtypeInfo {
  std::string_view name;   // as the option `weights` and `hadal quantize` spell it: "q4_k"
  int32_t block_elements;
  int32_t block_bytes;
};

const DtypeInfo& info(Dtype dtype);
inline std::string_view name(Dtype dtype) { return info(dtype).name; }
inline bool is_block_type(Dtype dtype) { return info(dtype).block_elements > 1; }

// The dtype with that name, upper or lower case ("Q4_K"); false if there is none.
bool parse_dtype(std::string_view text, Dtype& out);

// Bytes of `elements` consecutive values. elements must be a multiple of the block and not negative.
inline size_t bytes_of(Dtype dtype, int64_t elements) {
  return size_t(elements) / size_t(info(dtype).block_elements) * size_t(info(dtype).block_bytes);
}

}  // namespace hadal
