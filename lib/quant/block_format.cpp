#include "quant/block_format.hpp"

#include <iterator>

#include "quant/formats.hpp"

namespace hadal {
namespace {

using namespace quant;

// In the order of Dtype.
constexpr BlockFormat kFormats[] = {
    {decode_f32, encode_f32},
    {decode_f16, encode_f16},
    {decode_bf16, encode_bf16},
    {decode_f64, encode_f64},
    {decode_i8, nullptr},
    {decode_i16, nullptr},
    {decode_i32, nullptr},
    {decode_i64, nullptr},
    {decode_u8, nullptr},
    {decode_boolean, nullptr},
    {decode_q4_0, encode_q4_0},
    {decode_q4_1, encode_q4_1},
    {decode_q5_0, encode_q5_0},
    {decode_q5_1, encode_q5_1},
    {decode_q8_0, encode_q8_0},
    {decode_q2_k, encode_q2_k},
    {decode_q3_k, encode_q3_k},
    {decode_q4_k, encode_q4_k},
    {decode_q5_k, encode_q5_k},
    {decode_q6_k, encode_q6_k},
    {decode_iq4_nl, encode_iq4_nl},
    {decode_iq4_xs, nullptr},
    {decode_f8_e4m3, encode_f8_e4m3},
    {decode_f8_e8m0, nullptr},
};
static_assert(std::size(kFormats) == size_t(Dtype::f8_e8m0) + 1);

}  // namespace

const BlockFormat& block_format(Dtype dtype) { return kFormats[size_t(dtype)]; }

}  // namespace hadal
