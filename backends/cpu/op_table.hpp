// Which CpuOp runs a node.
#pragma once

#include "backends/cpu/op.hpp"

namespace hadal::cpu {

// nullptr for an op this backend does not have.
const CpuOp* op_for(Op op);

}  // namespace hadal::cpu
