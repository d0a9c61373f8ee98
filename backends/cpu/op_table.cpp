// Which CpuOp runs a node.
#include "backends/cpu/op_table.hpp"

namespace hadal::cpu {

const CpuOp* op_for(Op op) {
  switch (op) {
    case Op::embed: return &kEmbed;
    case Op::linear: return &kLinear;
    case Op::fused_linear: return &kFusedLinear;
    case Op::rope_table: return &kRopeTable;
    case Op::rope: return &kRope;
    case Op::rms_norm: return &kRmsNorm;
    case Op::layer_norm: return &kLayerNorm;
    case Op::append: return &kAppend;
    case Op::attention: return &kAttention;
    case Op::self_attention: return &kSelfAttention;
    case Op::route: return &kRoute;
    case Op::experts: return &kExperts;
    case Op::latent_attention: return &kLatentAttention;
    case Op::index_select: return &kIndexSelect;
    case Op::swiglu: return &kSwiglu;
    case Op::gelu: return &kGelu;
    case Op::tanh: return &kTanh;
    case Op::add: return &kAdd;
    case Op::concat: return &kConcat;
    case Op::input: return &kInput;
    case Op::select_rows: return &kSelectRows;
    case Op::mean_rows: return &kMeanRows;
  }
  return nullptr;
}

}  // namespace hadal::cpu
