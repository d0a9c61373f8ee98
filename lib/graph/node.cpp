#include "graph/node.hpp"

namespace hadal {

const char* name_of(Op op) {
  switch (op) {
    case Op::input: return "input";
    case Op::embed: return "embed";
    case Op::rope_table: return "rope_table";
    case Op::rms_norm: return "rms_norm";
    case Op::layer_norm: return "layer_norm";
    case Op::linear: return "linear";
    case Op::rope: return "rope";
    case Op::append: return "append";
    case Op::attention: return "attention";
    case Op::self_attention: return "self_attention";
    case Op::latent_attention: return "latent_attention";
    case Op::index_select: return "index_select";
    case Op::route: return "route";
    case Op::experts: return "experts";
    case Op::swiglu: return "swiglu";
    case Op::gelu: return "gelu";
    case Op::tanh: return "tanh";
    case Op::add: return "add";
    case Op::concat: return "concat";
    case Op::select_rows: return "select_rows";
    case Op::mean_rows: return "mean_rows";
    case Op::fused_linear: return "fused_linear";
  }
  return "unknown";
}

}  // namespace hadal
