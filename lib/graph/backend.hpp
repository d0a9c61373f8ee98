// A device that can run nodes. A backend is asked, per node, whether it can, how much scratch it needs, how it wants
// a weight packed, and to run a piece of it. It owns no thread and no model.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/host.hpp"
#include "core/task_runner.hpp"
#include "core/tensor.hpp"
#include "graph/batch.hpp"
#include "graph/node.hpp"

namespace hadal {

// A weight in the form a backend works with. Made by Backend::pack, read by any number of runs at once.
class PackedWeight {
 public:
  virtual ~PackedWeight() = default;
  // Whether the file's bytes are still read after packing. If not, they may be forgotten.
  virtual bool reads_source() const = 0;
};

// How a model uses a weight, as a set.
struct WeightUse {
  bool lookup = false;   // rows are gathered (embed)
  bool matrix = false;   // multiplied (linear, fused_linear)
  bool vector = false;   // norm weight or bias
  bool expert = false;   // a stack of which a token multiplies a few matrices (experts)
  int64_t expert_slots = -1;   // how many of these may lie packed at once; -1: all. The rest is read where it lies
  bool head = false;     // a stack of which every token multiplies all matrices (latent_attention)
  bool head_columns = false;   // with head: they are multiplied from the left, q W (W_k unless k_transposed)
  bool router = false;   // multiplied in f32 (route)
};

// All that a node sees when it runs.
struct NodeContext {
  const Node& node;
  const Batch& batch;
  const CacheLayout& cache;
  std::span<const Tensor> inputs;                 // [rows, cols]; an append's value has no data
  std::span<const Tensor> outputs;
  std::span<const PackedWeight* const> weights;   // beside node.weights, nullptr where that is
  std::byte* scratch;                             // scratch_bytes of this node, 64-byte aligned, contents undefined
};

struct BackendOptions {
  std::string cpu;                      // instruction set level, empty for the best: "scalar", "avx2", "avx512"
  bool exact = false;                   // precision=exact
  bool panels = true;                   // false: weights stay in the file's layout
  Dtype cache_type = Dtype::f16;        // f32, f16, bf16, q8_0
};

class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string_view name() const = 0;      // "reference", "cpu"
  virtual std::string_view level() const = 0;     // "scalar", "avx2", ...: what really runs

  virtual bool supports(const Node& node) const = 0;

  // Bytes that pack() will allocate from the host for this weight; 0 if it is used as it lies in the file.
  virtual size_t packed_bytes(const Weight& weight, WeightUse use) const = 0;
  // Throws Error(out_of_memory), Error(unsupported) naming the weight. May use the runner.
  virtual std::unique_ptr<PackedWeight> pack(const Weight& weight, WeightUse use, const std::shared_ptr<Host>& host,
                                             TaskRunner& runner) = 0;

  // Bytes one cache page needs for this slot. Pages arrive zeroed.
  virtual size_t cache_slot_bytes(const CacheSlot& slot) const = 0;

  // Scratch of this node for at most these sizes, with `workers` tasks at once.
  virtual size_t scratch_bytes(const Node& node, const Sizes& sizes, int workers) const = 0;

  // A node runs in stages, one after the other; the tasks of one stage may run at once. tasks() may be 0, and is for
  // a node without rows: a run that wants no logits has no outputs. run() must
  // not fail: everything was checked when the graph was recorded. Results do not depend on how many workers there
  // are or how tasks are spread, nor, for a row, on the other rows of the batch.
  virtual int stages(const Node& node) const { (void)node; return 1; }
  virtual int64_t tasks(const NodeContext& context, int stage) const = 0;
  virtual void run(const NodeContext& context, int stage, int64_t task, int worker) const = 0;
  // Called by the executor's thread once all stages of a node are done: its outputs are there.
  virtual void finished(const NodeContext& context) const { (void)context; }
};

struct BackendEntry {
  std::string_view name;
  bool (*usable)();
  // Throws Error(unavailable level or option) for options that cannot be honoured; never a silent fallback.
  std::unique_ptr<Backend> (*make)(const BackendOptions& options);
};

// Preference order, reference last. Defined in backends/backend_list.cpp.
std::span<const BackendEntry> backend_list();

// The backend of that name, or the first usable one for "". Throws Error(not_found) or Error(unsupported).
std::unique_ptr<Backend> open_backend(std::string_view wanted, const BackendOptions& options);

}  // namespace hadal
