// A weight as the graph sees it: a named matrix in some number format, lying in memory somebody else keeps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/dtype.hpp"

namespace hadal {

// Whoever keeps the bytes of weights.
class WeightSource {
 public:
  virtual ~WeightSource() = default;
  // These bytes will not be read for a while: their memory may be given back. They read the same afterwards. Any thread.
  virtual void forget(const std::byte* begin, size_t bytes) const = 0;
};

// One matrix of a stack: rows * bytes_of(dtype, cols) bytes.
struct WeightPart {
  const std::byte* data = nullptr;
  const float* scale_inv = nullptr;   // as Weight::scale_inv, of the matrix that this part is some rows of
  int64_t scale_row = 0;              // the part's first row in that matrix
};

struct Weight {
  std::string name;   // as in the checkpoint family's config: "layers.3.self_attn.q_proj.weight"
  Dtype dtype = Dtype::f32;
  int64_t rows = 1;   // out features; 1 for a vector
  int64_t cols = 0;   // in features; the length of a vector
  const std::byte* data = nullptr;  // rows * bytes_of(dtype, cols), may be unaligned
  int32_t index = 0;  // position in the model's weight table

  // f8_e4m3 only: [ceil(rows / 128), ceil(cols / 128)], what the codes of each block of 128 x 128 are multiplied by.
  const float* scale_inv = nullptr;
  int64_t scale_row = 0;
  // A stack of matrices of one shape, [rows, cols] each (a layer's experts, or MLA's heads): then data is nullptr.
  std::vector<WeightPart> parts;
  const WeightSource* source = nullptr;   // nullptr: the bytes stay

  size_t part_bytes() const { return bytes_of(dtype, rows * cols); }
  size_t bytes() const { return part_bytes() * (parts.empty() ? 1 : parts.size()); }
  bool is_vector() const { return rows == 1 && parts.empty(); }
  bool is_stack() const { return !parts.empty(); }
};

}  // namespace hadal
