#include "backends/cpu/cpu_backend.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "backends/cpu/expert_stack.hpp"
#include "backends/cpu/latent_heads.hpp"
#include "backends/cpu/op_table.hpp"
#include "backends/cpu/panel.hpp"
#include "core/message.hpp"
#include "core/status.hpp"
#include "graph/weight_rows.hpp"

namespace hadal {
namespace cpu {
namespace {

// Big weights begin on a huge page, so that the system can back them with such pages.
constexpr size_t kHugePage = size_t{2} << 20;

bool has_panels(Dtype dtype) { return panel_format(dtype) || is_float_panel(dtype); }

void check(const Weight& weight, WeightUse use) {
  const int32_t block = info(weight.dtype).block_elements;
  if (weight.rows < 1 || weight.cols < 1 || weight.cols % block != 0)
    throw Error(Status::unsupported, message(weight.name, ": expected rows in whole blocks of ", block, ", found [",
                                             weight.rows, ", ", weight.cols, "]"));
  if (!has_scales(weight)) throw Error(Status::internal, message(weight.name, ": FP8 without its scales"));
  if ((use.matrix || use.expert) && !has_panels(weight.dtype))
    throw Error(Status::unsupported, message(weight.name, ": the cpu backend cannot multiply ", name(weight.dtype)));
}

bool wants_panels(const Weight& weight, WeightUse use, const CpuConfig& config) {
  return use.matrix && config.panels && has_panels(weight.dtype);
}

class CpuBackend final : public Backend {
 public:
  explicit CpuBackend(const CpuConfig& config) : config_(config) {}

  std::string_view name() const override { return "cpu"; }
  std::string_view level() const override { return cpu::name(config_.level); }

  bool supports(const Node& node) const override {
    const CpuOp* op = op_for(node.op);
    return op && op->supports(node, config_);
  }

  size_t packed_bytes(const Weight& weight, WeightUse use) const override {
    if (use.head) return latent_heads_bytes(weight, use);
    if (use.expert) return ExpertStack::bytes_for(weight, slots_for(weight, use));
    if (use.router) return size_t(panels_bytes(Dtype::f32, weight.rows, weight.cols));
    if (wants_panels(weight, use, config_)) return size_t(panels_bytes(weight.dtype, weight.rows, weight.cols));
    return use.vector ? size_t(weight.rows * weight.cols) * sizeof(float) : 0;
  }

  std::unique_ptr<PackedWeight> pack(const Weight& weight, WeightUse use, const std::shared_ptr<Host>& host,
                                     TaskRunner& runner) override {
    check(weight, use);
    if (use.head) return pack_latent_heads(weight, use, host, runner, config_);
    if (use.expert) return make_experts(weight, use, host, runner);
    auto packed = std::make_unique<CpuWeight>();
    packed->dtype = weight.dtype;
    packed->rows = weight.rows;
    packed->cols = weight.cols;
    const size_t bytes = packed_bytes(weight, use);
    if (bytes != 0)
      packed->memory = Buffer(host, bytes, weight.name, bytes >= 2 * kHugePage ? kHugePage : Buffer::kAlignment);
    if (wants_panels(weight, use, config_)) {
      packed->kind = CpuWeight::Kind::panels;
      pack_panels(weight, reinterpret_cast<uint8_t*>(packed->memory.data()), runner);
    } else if (use.router) {
      packed->kind = CpuWeight::Kind::panels;
      packed->dtype = Dtype::f32;
      pack_router(weight, reinterpret_cast<uint8_t*>(packed->memory.data()));
    } else if (use.vector) {
      packed->kind = CpuWeight::Kind::vector;
      decode_rows(rows_of(weight), 0, weight.rows, reinterpret_cast<float*>(packed->memory.data()));
    } else {
      packed->source = rows_of(weight);
    }
    return packed;
  }

  size_t cache_slot_bytes(const CacheSlot& slot) const override { return cpu::cache_slot_bytes(slot, config_); }

  size_t scratch_bytes(const Node& node, const Sizes& sizes, int workers) const override {
    return op_for(node.op)->scratch_bytes(node, sizes, workers, config_);
  }
  int stages(const Node& node) const override { return op_for(node.op)->stages(node, config_); }
  int64_t tasks(const NodeContext& context, int stage) const override {
    return op_for(context.node.op)->tasks(context, stage, config_);
  }
  void run(const NodeContext& context, int stage, int64_t task, int worker) const override {
    op_for(context.node.op)->run(context, stage, task, worker, config_);
  }

 private:
  static void pack_panels(const Weight& weight, uint8_t* out, TaskRunner& runner) {
    const int64_t panels = panels_of(weight.rows), bytes = panel_bytes(weight.dtype, weight.cols);
    // Tasks of about half a megabyte.
    const int64_t group = std::max<int64_t>(1, (int64_t{1} << 19) / bytes);
    const MatrixRows source = rows_of(weight);
    std::atomic<bool> numbers = true;
    runner.run(0, (panels + group - 1) / group, [&](int64_t task, int) {
      const int64_t end = std::min(panels, (task + 1) * group);
      for (int64_t p = task * group; p < end; ++p)
        if (!pack_panel(source, weight.rows, p, out + p * bytes)) numbers = false;
    });
    if (!numbers) throw Error(Status::corrupt, message(weight.name, ": expected numbers, found NaN among its FP8 codes"));
  }

  int64_t slots_for(const Weight& stack, WeightUse use) const {
    const int64_t all = int64_t(stack.parts.size());
    return !config_.panels ? 0 : use.expert_slots < 0 ? all : std::min(use.expert_slots, all);
  }

  // Experts are packed by the runs that use them; those that must be looked at first, or have no file, at once.
  std::unique_ptr<PackedWeight> make_experts(const Weight& stack, WeightUse use, const std::shared_ptr<Host>& host,
                                             TaskRunner& runner) const {
    const int64_t slots = slots_for(stack, use);
    const size_t bytes = ExpertStack::bytes_for(stack, slots);
    Buffer memory(host, bytes, stack.name, bytes >= 2 * kHugePage ? kHugePage : Buffer::kAlignment);
    auto experts =
        std::make_unique<ExpertStack>(stack, slots, config_.panels || use.expert_slots >= 0, std::move(memory));
    const bool at_once = !stack.source || stack.dtype == Dtype::f8_e4m3;
    if (at_once && slots == int64_t(stack.parts.size())) experts->fill(runner);
    return experts;
  }

  // A router's rows as f32 panels.
  static void pack_router(const Weight& weight, uint8_t* out) {
    std::vector<float> values(size_t(kPanelRows * weight.cols));
    for (int64_t p = 0; p < panels_of(weight.rows); ++p) {
      const int64_t rows = std::min<int64_t>(kPanelRows, weight.rows - p * kPanelRows);
      decode_rows(rows_of(weight), p * kPanelRows, rows, values.data());
      pack_panel({Dtype::f32, weight.cols, reinterpret_cast<const std::byte*>(values.data())}, rows, 0,
                 out + p * panel_bytes(Dtype::f32, weight.cols));
    }
  }

  CpuConfig config_;
};

}  // namespace

const float* vector_values(const PackedWeight* weight) {
  return weight ? reinterpret_cast<const float*>(static_cast<const CpuWeight*>(weight)->memory.data()) : nullptr;
}

}  // namespace cpu

std::unique_ptr<Backend> make_cpu_backend(const BackendOptions& options) {
  const Dtype cache = options.cache_type;
  if (cache != Dtype::f32 && cache != Dtype::f16 && cache != Dtype::bf16 && cache != Dtype::q8_0)
    throw Error(Status::invalid_argument, message("cache_type=", name(cache), ": expected f32, f16, bf16 or q8_0"));
  if (options.exact && cache == Dtype::q8_0)
    throw Error(Status::invalid_argument, "cache_type=q8_0: precision=exact needs f16, bf16 or f32");
  return std::make_unique<cpu::CpuBackend>(
      cpu::CpuConfig{cpu::choose_level(options.cpu), options.exact, options.panels, cache});
}

}  // namespace hadal
