#include "graph/tracing.hpp"

namespace hadal {
namespace {

class TracingBackend final : public Backend {
 public:
  TracingBackend(std::shared_ptr<Backend> backend, std::shared_ptr<Host> host, TraceSink& sink)
      : backend_(std::move(backend)), host_(std::move(host)), sink_(sink) {}

  std::string_view name() const override { return backend_->name(); }
  std::string_view level() const override { return backend_->level(); }
  bool supports(const Node& node) const override { return backend_->supports(node); }
  size_t packed_bytes(const Weight& weight, WeightUse use) const override {
    return backend_->packed_bytes(weight, use);
  }
  std::unique_ptr<PackedWeight> pack(const Weight& weight, WeightUse use, const std::shared_ptr<Host>& host,
                                     TaskRunner& runner) override {
    return backend_->pack(weight, use, host, runner);
  }
  size_t cache_slot_bytes(const CacheSlot& slot) const override { return backend_->cache_slot_bytes(slot); }
  size_t scratch_bytes(const Node& node, const Sizes& sizes, int workers) const override {
    return backend_->scratch_bytes(node, sizes, workers);
  }
  int stages(const Node& node) const override { return backend_->stages(node); }
  int64_t tasks(const NodeContext& context, int stage) const override { return backend_->tasks(context, stage); }
  void run(const NodeContext& context, int stage, int64_t task, int worker) const override {
    const int64_t started = host_->now_ns();
    backend_->run(context, stage, task, worker);
    sink_.ran(context, stage, worker, started, host_->now_ns());
  }
  void finished(const NodeContext& context) const override {
    backend_->finished(context);
    sink_.finished(context);
  }

 private:
  std::shared_ptr<Backend> backend_;
  std::shared_ptr<Host> host_;
  TraceSink& sink_;
};

}  // namespace

std::unique_ptr<Backend> trace(std::shared_ptr<Backend> backend, std::shared_ptr<Host> host, TraceSink& sink) {
  return std::make_unique<TracingBackend>(std::move(backend), std::move(host), sink);
}

}  // namespace hadal
