#include "ops/run_node.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>

namespace hadal::test {
namespace {

constexpr size_t kGuard = 256;
constexpr std::byte kGuardFill{0xA5};
constexpr std::byte kNan{0xFF};   // four of them are a NaN

WeightUse use_of(const Node& node, size_t i) {
  if (node.op == Op::embed) return {.lookup = true};
  if (node.op == Op::experts) return {.expert = true};
  if (node.op == Op::route && i == 0) return {.router = true};
  if (node.op == Op::latent_attention)
    return {.head = true, .head_columns = i == 0 && !node.as<LatentAttentionAttributes>().k_transposed};
  const bool matrix = (node.op == Op::linear && i == 0) || (node.op == Op::fused_linear && i % 2 == 1);
  return matrix ? WeightUse{.matrix = true} : WeightUse{.vector = true};
}

// Tasks in reverse, by three workers in turn.
class ReversedRunner final : public TaskRunner {
 public:
  int concurrency() const override { return 3; }
  void run(int64_t begin, int64_t end, Task task) override {
    for (int64_t i = begin; i < end; ++i) task(end - 1 - (i - begin), int((i - begin) % 3));
  }
};

std::vector<Matrix> run_once(Backend& backend, const Node& node, std::span<const Matrix> inputs,
                             std::span<const OutputShape> outputs, const Batch& batch, const CacheLayout& cache,
                             std::span<const PackedWeight* const> weights, TaskRunner& runner) {
  std::vector<Guarded> memory;
  memory.reserve(inputs.size() + outputs.size());
  std::vector<Tensor> in, out;
  for (const Matrix& m : inputs) {
    memory.emplace_back(m.values.size() * sizeof(float), kNan);
    if (!m.values.empty()) std::memcpy(memory.back().data(), m.values.data(), m.values.size() * sizeof(float));
    in.push_back(matrix(memory.back().data(), Dtype::f32, m.rows, m.cols));
  }
  for (const OutputShape& shape : outputs) {
    memory.emplace_back(size_t(shape.rows * shape.cols) * sizeof(float), kNan);
    out.push_back(matrix(memory.back().data(), Dtype::f32, shape.rows, shape.cols));
  }
  const Guarded scratch(backend.scratch_bytes(node, batch.sizes(), runner.concurrency()), kNan);
  const NodeContext context{node, batch, cache, in, out, weights, scratch.data()};
  for (int stage = 0; stage < backend.stages(node); ++stage)
    runner.run(0, backend.tasks(context, stage),
               [&](int64_t task, int worker) { backend.run(context, stage, task, worker); });

  CHECK(scratch.intact());
  std::vector<Matrix> results;
  for (size_t i = 0; i < memory.size(); ++i) {
    CHECK(memory[i].intact());
    if (i < inputs.size()) {
      const auto& values = inputs[i].values;
      CHECK((values.empty() || std::memcmp(memory[i].data(), values.data(), values.size() * sizeof(float)) == 0));
      continue;
    }
    const OutputShape& shape = outputs[i - inputs.size()];
    Matrix& result = results.emplace_back(shape.rows, shape.cols);
    if (!result.values.empty())
      std::memcpy(result.values.data(), memory[i].data(), result.values.size() * sizeof(float));
  }
  return results;
}

}  // namespace

Guarded::Guarded(size_t bytes, std::byte fill) : memory_(bytes + 2 * kGuard + 64, kGuardFill), bytes_(bytes) {
  const auto address = reinterpret_cast<uintptr_t>(memory_.data()) + kGuard;
  data_ = memory_.data() + kGuard + (64 - address % 64) % 64;
  std::fill_n(data_, bytes, fill);
}

bool Guarded::intact() const {
  const auto untouched = [](std::byte b) { return b == kGuardFill; };
  return std::all_of(memory_.data(), static_cast<const std::byte*>(data_), untouched) &&
         std::all_of(static_cast<const std::byte*>(data_) + bytes_, memory_.data() + memory_.size(), untouched);
}

TestBatch plain_batch(int64_t rows) {
  TestBatch batch;
  for (int64_t i = 0; i < rows; ++i) {
    batch.tokens.push_back(0);
    batch.positions.push_back(int32_t(i));
    batch.output_rows.push_back(int32_t(i));
  }
  batch.sequences.push_back({0, rows, 0, {}});
  return batch;
}

Cache::Cache(const Backend& backend, CacheSlot slot, int64_t sequences, int64_t positions) {
  for (int32_t i = 0; i < 2; ++i) {
    slot.index = i;
    layout_.slots.push_back(slot);
    layout_.offsets.push_back(layout_.page_bytes);
    layout_.page_bytes += (backend.cache_slot_bytes(slot) + 63) / 64 * 64;
  }
  const int64_t pages = (positions + CacheLayout::kPageTokens - 1) / CacheLayout::kPageTokens;
  memory_.reserve(size_t(sequences * pages));
  for (int64_t s = 0; s < sequences; ++s) {
    auto& list = pages_.emplace_back();
    for (int64_t p = 0; p < pages; ++p) list.push_back(memory_.emplace_back(layout_.page_bytes, std::byte{0}).data());
  }
}

bool Cache::intact() const {
  return std::all_of(memory_.begin(), memory_.end(), [](const Guarded& page) { return page.intact(); });
}

ReadyNode::ReadyNode(Backend& backend, const Node& node, int64_t expert_slots) : backend_(backend), node_(node) {
  REQUIRE(backend.supports(node));
  InlineRunner runner;
  for (size_t i = 0; i < node.weights.size(); ++i) {
    WeightUse use = use_of(node, i);
    use.expert_slots = expert_slots;
    packed_.push_back(node.weights[i] ? backend.pack(*node.weights[i], use, system_host(), runner) : nullptr);
    weights_.push_back(packed_.back().get());
  }
}

std::vector<Matrix> ReadyNode::run_on(TaskRunner& runner, std::span<const Matrix> inputs,
                                      std::span<const OutputShape> outputs, const TestBatch& batch,
                                      const CacheLayout& cache) const {
  return run_once(backend_, node_, inputs, outputs, batch.view(), cache, weights_, runner);
}

std::vector<Matrix> ReadyNode::run(std::span<const Matrix> inputs, std::span<const OutputShape> outputs,
                                   const TestBatch& batch, const CacheLayout& cache) const {
  InlineRunner in_order;
  ReversedRunner reversed;
  const std::vector<Matrix> first = run_on(in_order, inputs, outputs, batch, cache);
  const std::vector<Matrix> second = run_on(reversed, inputs, outputs, batch, cache);
  for (size_t i = 0; i < first.size(); ++i) CHECK(same_bits(first[i], second[i]));
  return first;
}

std::vector<Matrix> run_node(Backend& backend, const Node& node, std::span<const Matrix> inputs,
                             std::span<const OutputShape> outputs, const TestBatch& batch, const CacheLayout& cache) {
  return ReadyNode(backend, node).run(inputs, outputs, batch, cache);
}

Matrix run_one(Backend& backend, const Node& node, std::span<const Matrix> inputs, OutputShape output,
               const TestBatch& batch, const CacheLayout& cache) {
  return run_node(backend, node, inputs, {&output, 1}, batch, cache).front();
}

}  // namespace hadal::test
