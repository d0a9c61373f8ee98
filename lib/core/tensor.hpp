// A view of a matrix somebody else owns: [rows, cols], rows `stride_bytes` apart, each row contiguous.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/dtype.hpp"

namespace hadal {

struct Tensor {
  std::byte* data = nullptr;
  Dtype dtype = Dtype::f32;
  int64_t rows = 0;
  int64_t cols = 0;
  int64_t stride_bytes = 0;

  template <class T>
  std::span<T> row(int64_t r) const {
    return {reinterpret_cast<T*>(data + r * stride_bytes), size_t(cols)};
  }
};

// A contiguous view of [rows, cols] values of a plain or block dtype.
inline Tensor matrix(void* data, Dtype dtype, int64_t rows, int64_t cols) {
  return {static_cast<std::byte*>(data), dtype, rows, cols, int64_t(bytes_of(dtype, cols))};
}

}  // namespace hadal
