// The seam between the CPU backend and its operations: one CpuOp per graph op, one file per op.
#pragma once

#include <cstddef>
#include <cstdint>

#include "backends/cpu/level.hpp"
#include "graph/backend.hpp"

namespace hadal::cpu {

// The options that a backend was opened with.
struct CpuConfig {
  Level level = Level::scalar;
  bool exact = false;
  bool panels = true;
  Dtype cache_type = Dtype::f16;
};

// How a node of one kind runs. The meaning of each is that of the same method of Backend.
struct CpuOp {
  bool (*supports)(const Node& node, const CpuConfig& config);
  size_t (*scratch_bytes)(const Node& node, const Sizes& sizes, int workers, const CpuConfig& config);
  int (*stages)(const Node& node, const CpuConfig& config);
  int64_t (*tasks)(const NodeContext& context, int stage, const CpuConfig& config);
  void (*run)(const NodeContext& context, int stage, int64_t task, int worker, const CpuConfig& config);
};

// linear.cpp, embed.cpp
extern const CpuOp kLinear;
extern const CpuOp kFusedLinear;
extern const CpuOp kEmbed;
// rope.cpp
extern const CpuOp kRopeTable;
extern const CpuOp kRope;
// norm.cpp
extern const CpuOp kRmsNorm;
// layer_norm.cpp
extern const CpuOp kLayerNorm;
// append.cpp, attention.cpp, latent_attention.cpp, index_select.cpp
extern const CpuOp kAppend;
extern const CpuOp kAttention;
extern const CpuOp kSelfAttention;   // self_attention.cpp
extern const CpuOp kLatentAttention;
extern const CpuOp kIndexSelect;
// route.cpp, experts.cpp
extern const CpuOp kRoute;
extern const CpuOp kExperts;
// swiglu.cpp, gelu.cpp, tanh.cpp, add.cpp, select_rows.cpp, mean_rows.cpp
extern const CpuOp kSwiglu;
extern const CpuOp kGelu;
extern const CpuOp kTanh;
extern const CpuOp kMeanRows;
extern const CpuOp kAdd;
// concat.cpp
extern const CpuOp kConcat;
extern const CpuOp kInput;
extern const CpuOp kSelectRows;

// append.cpp: bytes of one cache page for the slot; attention.cpp reads the same arrangement.
size_t cache_slot_bytes(const CacheSlot& slot, const CpuConfig& config);

// Parts of an op that want no scratch, or one stage.
inline size_t no_scratch(const Node&, const Sizes&, int, const CpuConfig&) { return 0; }
inline int one_stage(const Node&, const CpuConfig&) { return 1; }

// A norm weight or a bias, widened to f32 by pack(): weight.cols values. nullptr for nullptr.
const float* vector_values(const PackedWeight* weight);

// row_kernels.cpp: y = x / sqrt(mean(x²) + eps) * weight over n values, y may be x. One summation order for every
// caller, so that the fused and the plain norm give the same bits.
void rms_norm_row(Level level, float* y, const float* x, const float* weight, int64_t n, float eps);
// row_kernels.cpp: y = silu(gate) * up over n values, y may be gate or up. Each value depends on its own inputs
// only, whatever n is.
void swiglu_row(Level level, float* y, const float* gate, const float* up, int64_t n);
// row_kernels.cpp: y = x / 2 (1 + erf(x / √2)) over n values, y may be x; likewise for any n.
void gelu_row(Level level, float* y, const float* x, int64_t n);

}  // namespace hadal::cpu
