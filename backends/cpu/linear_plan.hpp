// How a linear or fused_linear node is cut: what it multiplies, where its scratch lies, which task does what.
//
// Stage 0 normalises and quantises the input rows; its tasks are groups of rows. Stage 1 multiplies: a task is some
// panels times some rows.
#pragma once

#include "backends/cpu/op.hpp"
#include "backends/cpu/panel.hpp"
#include "backends/cpu/panel_product.hpp"
#include "backends/cpu/quant_layout.hpp"

namespace hadal::cpu {

// Both ops seen alike, from the node alone.
struct LinearShape {
  explicit LinearShape(const Node& node);
  const Weight& weight(int projection) const { return *node.weights[size_t(first + step * projection)]; }
  size_t bias(int projection) const { return size_t(first + step * projection + 1); }   // number among node.weights

  const Node& node;
  FusedLinearAttributes attributes;
  int first = 0, step = 2;   // of the matrices among node.weights
  int64_t cols = 0;
  bool any_quantised = false;
  bool any_float = false;
  bool swiglu() const { return attributes.epilogue == FusedLinearAttributes::Epilogue::swiglu; }
};

// Offsets into a node's scratch for a number of rows.
struct LinearScratch {
  LinearScratch(const LinearShape& shape, int64_t rows, const CpuConfig& config);
  QuantRows quantised(std::byte* scratch) const { return rows.in(scratch + rows_at); }
  float* normalised(std::byte* scratch) const { return reinterpret_cast<float*>(scratch + normalised_at); }

  // One worker's own part.
  struct Own {
    float* row;        // [cols]: a normalised row
    uint8_t* tiles;    // unpacked, kMostTilePanels of tile_bytes
    uint8_t* packed;   // panels packed on the fly, kMostTilePanels of packed_bytes
    float* sums;       // of one register tile
    float* gate;       // [panels][row block][16]
  };
  Own own(std::byte* scratch, int worker) const;

  QuantLayout rows;
  size_t normalised_at = 0, rows_at = 0, workers_at = 0;
  size_t tiles_at = 0, packed_at = 0, sums_at = 0, gate_at = 0, own_bytes = 0;   // within a worker's part
  size_t tile_bytes = 0, packed_bytes = 0;
  size_t bytes(int workers) const { return workers_at + size_t(workers) * own_bytes; }
};

// The tasks of stage 1: groups of units times blocks of rows. A unit is one panel, or with swiglu the panels of gate
// and up that belong together; the units of several projections are numbered one after the other.
struct LinearTasks {
  LinearTasks(const LinearShape& shape, int64_t rows, const CpuConfig& config);
  int64_t rows = 0, units = 0;
  int64_t group = 1;       // units per task
  int64_t row_block = 1;   // rows per task
  int64_t groups() const { return (units + group - 1) / group; }
  int64_t blocks() const { return (rows + row_block - 1) / row_block; }
  int64_t count() const { return groups() * blocks(); }
};

// The most rows of a task; a multiple of every level's register tile.
int64_t most_row_block(int64_t cols);

}  // namespace hadal::cpu
