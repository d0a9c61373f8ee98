// Which CpuOp runs a node.
#include "backends/cpu/op_table.hpp"

namespace hadal::cpu {

const CpuOp* op_for(Op op) {
  switch (op) {
    case Op::embed: return &kEmbed;
    case Op::linear: return &kLinear;
    case Op::fused_linear: return &kFusedLinear;
    case Op::rope_table:
    case Op::rope:
    case Op::rms_norm:
    case Op::append:
    case Op::attention:
    case Op::swiglu:
    case Op::add:
    case Op::select_rows: return nullptr;
  }
  return nullptr;
}

}  // namespace hadal::cpu
