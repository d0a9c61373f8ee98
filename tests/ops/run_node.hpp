// Runs one node on one backend, with guard bytes around everything it may write, and NaN in everything it must not
// read.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "graph/backend.hpp"
#include "ops/matrix.hpp"

namespace hadal::test {

// Bytes between two guards, aligned as the executor aligns values.
class Guarded {
 public:
  Guarded(size_t bytes, std::byte fill);
  std::byte* data() const { return data_; }
  bool intact() const;

 private:
  std::vector<std::byte> memory_;
  std::byte* data_;
  size_t bytes_;
};

// A run of several sequences; pages belong to a Cache.
struct TestBatch {
  std::vector<int32_t> tokens, positions, output_rows;
  std::vector<BatchSequence> sequences;
  Batch view() const { return {tokens, positions, sequences, output_rows}; }
};

// One sequence of `rows` tokens at positions 0, 1, ..., without a cache.
TestBatch plain_batch(int64_t rows);

// The cache pages of some sequences as one backend arranges them, for graphs of two slots; the second one is used, so
// that its offset counts.
class Cache {
 public:
  Cache(const Backend& backend, CacheSlot slot, int64_t sequences, int64_t positions);
  const CacheSlot& slot() const { return layout_.slots[1]; }
  const CacheLayout& layout() const { return layout_; }
  std::span<std::byte* const> pages(int64_t sequence) const { return pages_[size_t(sequence)]; }
  bool intact() const;

 private:
  CacheLayout layout_;
  std::vector<Guarded> memory_;
  std::vector<std::vector<std::byte*>> pages_;
};

struct OutputShape {
  int64_t rows, cols;
};

// A node with its weights packed once, for several runs.
class ReadyNode {
 public:
  // expert_slots: as WeightUse::expert_slots, for weights that are experts.
  ReadyNode(Backend& backend, const Node& node, int64_t expert_slots = -1);

  // Runs the node twice, on one worker in order and on three in reverse; the results must be the same bits, and no guard
  // may be touched (both are doctest checks).
  std::vector<Matrix> run(std::span<const Matrix> inputs, std::span<const OutputShape> outputs, const TestBatch& batch,
                          const CacheLayout& cache = {}) const;
  // Runs it once, its tasks spread by the runner.
  std::vector<Matrix> run_on(TaskRunner& runner, std::span<const Matrix> inputs, std::span<const OutputShape> outputs,
                             const TestBatch& batch, const CacheLayout& cache = {}) const;

 private:
  Backend& backend_;
  const Node& node_;
  std::vector<std::unique_ptr<PackedWeight>> packed_;
  std::vector<const PackedWeight*> weights_;
};

// The same for one run.
std::vector<Matrix> run_node(Backend& backend, const Node& node, std::span<const Matrix> inputs,
                             std::span<const OutputShape> outputs, const TestBatch& batch,
                             const CacheLayout& cache = {});

// The same for a node with one output.
Matrix run_one(Backend& backend, const Node& node, std::span<const Matrix> inputs, OutputShape output,
               const TestBatch& batch, const CacheLayout& cache = {});

}  // namespace hadal::test
