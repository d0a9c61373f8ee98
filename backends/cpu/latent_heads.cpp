#include "backends/cpu/latent_heads.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "backends/cpu/attention.hpp"
#include "backends/cpu/panel_format.hpp"
#include "core/message.hpp"
#include "core/status.hpp"
#include "graph/weight_rows.hpp"

namespace hadal::cpu {
namespace {

constexpr int64_t kPiece = 256;   // columns decoded at once: whole blocks of every format

Dtype panel_dtype(Dtype source) { return source == Dtype::f32 || source == Dtype::bf16 ? source : Dtype::f16; }

// Columns [first, first + count) of a row, as f32. first is a multiple of kPiece.
void decode_piece(const MatrixRows& matrix, int64_t row, int64_t first, int64_t count, float* out) {
  static_assert(kPiece % kScaleBlock == 0);
  const float* const scales = matrix.scales(row);
  const MatrixRows piece{matrix.dtype, count, matrix.row(row) + bytes_of(matrix.dtype, first),
                         scales ? scales + first / kScaleBlock : nullptr, 0};
  decode_rows(piece, 0, 1, out);
}

// One head's panels. A row of the source gives one number to each of its panel's k or, if the matrix is multiplied
// from the left, 16 neighbours at one k to each panel.
template <class Value>
void pack_head(const Weight& weight, int64_t part, bool columns, uint8_t* out, const CpuConfig& config) {
  const MatrixRows source = rows_of(weight, part);
  const int64_t cols = columns ? weight.rows : weight.cols;
  float values[kPiece];
  Value narrow[kPiece];
  for (int64_t row = 0; row < weight.rows; ++row) {
    for (int64_t first = 0; first < weight.cols; first += kPiece) {
      const int64_t count = std::min(kPiece, weight.cols - first);
      decode_piece(source, row, first, count, values);
      if constexpr (sizeof(Value) == 2)
        attention_kernels(config.level).narrow(narrow, values, count, panel_dtype(weight.dtype));
      else
        std::copy_n(values, count, narrow);
      if (columns) {
        for (int64_t i = 0; i < count; i += kPanelRows)
          std::memcpy(out + (((first + i) / kPanelRows * cols + row) * kPanelRows) * int64_t(sizeof(Value)), narrow + i,
                      size_t(std::min<int64_t>(kPanelRows, count - i)) * sizeof(Value));
      } else {
        const int64_t place = (row / kPanelRows * cols + first) * kPanelRows + row % kPanelRows;
        uint8_t* const to = out + place * int64_t(sizeof(Value));
        for (int64_t i = 0; i < count; ++i)
          std::memcpy(to + i * kPanelRows * int64_t(sizeof(Value)), narrow + i, sizeof(Value));
      }
    }
  }
}

int64_t bytes_of_head(const Weight& weight, bool columns) {
  const int64_t rows = columns ? weight.cols : weight.rows, cols = columns ? weight.rows : weight.cols;
  return panels_of(rows) * panel_bytes(panel_dtype(weight.dtype), cols);
}

}  // namespace

size_t latent_heads_bytes(const Weight& weight, WeightUse use) {
  return size_t(bytes_of_head(weight, use.head_columns)) * weight.parts.size();
}

std::unique_ptr<PackedWeight> pack_latent_heads(const Weight& weight, WeightUse use, const std::shared_ptr<Host>& host,
                                                TaskRunner& runner, const CpuConfig& config) {
  const bool columns = use.head_columns;
  auto heads = std::make_unique<LatentHeads>();
  heads->dtype = panel_dtype(weight.dtype);
  heads->rows = columns ? weight.cols : weight.rows;
  heads->cols = columns ? weight.rows : weight.cols;
  heads->head_bytes = bytes_of_head(weight, columns);
  heads->memory = Buffer(host, latent_heads_bytes(weight, use), weight.name);
  std::atomic<bool> numbers = true;
  runner.run(0, int64_t(weight.parts.size()), [&](int64_t part, int) {
    if (weight.dtype == Dtype::f8_e4m3 && has_nan_e4m3(weight.parts[size_t(part)].data, weight.rows * weight.cols))
      numbers = false;
    uint8_t* const out = reinterpret_cast<uint8_t*>(heads->memory.data()) + part * heads->head_bytes;
    // Rows beyond the last are zero.
    if (heads->rows % kPanelRows != 0) std::memset(out, 0, size_t(heads->head_bytes));
    if (heads->dtype == Dtype::f32) pack_head<float>(weight, part, columns, out, config);
    else pack_head<uint16_t>(weight, part, columns, out, config);
  });
  if (!numbers) throw Error(Status::corrupt, message(weight.name, ": expected numbers, found NaN among its FP8 codes"));
  return heads;
}

}  // namespace hadal::cpu
