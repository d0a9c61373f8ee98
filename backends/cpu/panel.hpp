// Weights as the CPU backend keeps them, and how rows of a file become panels and rows again.
#pragma once

#include <memory>
#include <vector>

#include "backends/cpu/op.hpp"
#include "backends/cpu/panel_format.hpp"
#include "core/buffer.hpp"
#include "quant/matrix_rows.hpp"

namespace hadal::cpu {

class CpuWeight final : public PackedWeight {
 public:
  enum class Kind : uint8_t { panels, rows, vector };

  bool reads_source() const override { return kind == Kind::rows; }

  Kind kind = Kind::rows;
  Dtype dtype = Dtype::f32;
  int64_t rows = 0;
  int64_t cols = 0;
  Buffer memory;                      // panels, or the f32 values of a vector
  MatrixRows source;                  // rows as they lie in the file; Kind::rows only
};

// Bytes of a panelled weight.
int64_t panels_bytes(Dtype dtype, int64_t rows, int64_t cols);

// Writes panel number `panel` of a matrix of `rows` rows to `out`; rows beyond the last are zero. False if FP8 codes of
// its rows are NaN: the products with those rows will be too.
bool pack_panel(const MatrixRows& source, int64_t rows, int64_t panel, uint8_t* out);

// Row `row` of panelled weights as f32, equal to the block format's own decoding.
void unpack_row(Dtype dtype, const uint8_t* panels, int64_t cols, int64_t row, float* out);

}  // namespace hadal::cpu
