// A weight as the graph sees it: a named matrix in some number format, lying in memory somebody else keeps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/dtype.hpp"

namespace hadal {

struct Weight {
  std::string name;   // as in the checkpoint family's config: "layers.3.self_attn.q_proj.weight"
  Dtype dtype = Dtype::f32;
  int64_t rows = 1;   // out features; 1 for a vector
  int64_t cols = 0;   // in features; the length of a vector
  const std::byte* data = nullptr;  // rows * bytes_of(dtype, cols), may be unaligned
  int32_t index = 0;  // position in the model's weight table

  size_t bytes() const { return bytes_of(dtype, rows * cols); }
  bool is_vector() const { return rows == 1; }
};

}  // namespace hadal
