// Drives the CPU backend's append and attention by themselves: sequences with their own pages, fed in any pieces.
#pragma once

#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "backends/cpu/cache.hpp"
#include "backends/cpu/op.hpp"
#include "core/half.hpp"
#include "core/task_runner.hpp"

namespace hadal::test {

struct AttentionShape {
  int64_t heads, kv_heads, key_dim, value_dim;
  float scale() const { return 1.0f / std::sqrt(float(key_dim)); }
};

// Memory between two guards, filled with 0xFF: NaN in every float format.
class Guarded {
 public:
  explicit Guarded(size_t bytes) : bytes_(bytes), memory_(bytes + 2 * kGuard + 64, std::byte(0xFF)) {
    const auto address = reinterpret_cast<uintptr_t>(memory_.data()) + kGuard;
    data_ = memory_.data() + ((address + 63) / 64 * 64 - reinterpret_cast<uintptr_t>(memory_.data()));
  }
  std::byte* data() const { return data_; }
  template <class T>
  T* as() const {
    return reinterpret_cast<T*>(data_);
  }
  bool edges_intact() const {
    for (const std::byte* p = memory_.data(); p < data_; ++p)
      if (*p != std::byte(0xFF)) return false;
    for (const std::byte* p = data_ + bytes_; p < memory_.data() + memory_.size(); ++p)
      if (*p != std::byte(0xFF)) return false;
    return true;
  }

 private:
  static constexpr size_t kGuard = 256;
  size_t bytes_;
  std::vector<std::byte> memory_;
  std::byte* data_;
};

// Uniform in (-1, 1), by a multiplicative generator.
inline std::vector<float> noise(size_t count, uint64_t seed) {
  std::vector<float> values(count);
  uint64_t state = seed * 0x9E3779B97F4A7C15u + 1;
  for (float& value : values) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    value = float(int32_t(state >> 33) - (1 << 30)) * 0x1p-30f;
  }
  return values;
}

// One sequence: what is fed, and its cache.
struct Timeline {
  std::vector<float> q, k, v;   // [tokens, ...]
  std::vector<float> y;         // [tokens, heads * value_dim], filled as it is fed
  std::vector<Guarded> pages;
  std::vector<std::byte*> page_pointers;
  int64_t tokens = 0;
  int64_t position = 0;         // fed so far
};

class AttentionHarness {
 public:
  AttentionHarness(const AttentionShape& shape, const cpu::CpuConfig& config) : shape_(shape), config_(config) {
    // A first slot, so that the second does not begin at zero.
    const CacheSlot other{0, 1, 8, 8}, slot{1, shape.kv_heads, shape.key_dim, shape.value_dim};
    cache_.slots = {other, slot};
    cache_.offsets = {0, cpu::cache_slot_bytes(other, config)};
    cache_.page_bytes = cache_.offsets[1] + cpu::cache_slot_bytes(slot, config);
    append_.op = Op::append;
    append_.attributes = AttentionAttributes{slot, 0, 0};
    attention_.op = Op::attention;
    attention_.attributes = AttentionAttributes{slot, shape.heads, shape.scale()};
  }

  const CacheLayout& cache() const { return cache_; }

  Timeline timeline(int64_t tokens, uint64_t seed, float size = 1) const {
    Timeline t;
    t.tokens = tokens;
    t.q = noise(size_t(tokens * shape_.heads * shape_.key_dim), seed);
    t.k = noise(size_t(tokens * shape_.kv_heads * shape_.key_dim), seed + 1000);
    t.v = noise(size_t(tokens * shape_.kv_heads * shape_.value_dim), seed + 2000);
    for (float& x : t.q) x *= 4 * size;
    for (float& x : t.k) x *= size;
    t.y.resize(size_t(tokens * shape_.heads * shape_.value_dim));
    for (int64_t i = 0; i < (tokens + 63) / 64; ++i) t.pages.emplace_back(cache_.page_bytes);
    for (const Guarded& page : t.pages) t.page_pointers.push_back(page.data());
    return t;
  }

  struct Feed {
    Timeline* timeline;
    int64_t tokens;
  };

  // One run of the two nodes over the next tokens of some timelines.
  void run(const std::vector<Feed>& feeds, TaskRunner& runner) {
    const int64_t q_cols = shape_.heads * shape_.key_dim, k_cols = shape_.kv_heads * shape_.key_dim;
    const int64_t v_cols = shape_.kv_heads * shape_.value_dim, y_cols = shape_.heads * shape_.value_dim;
    std::vector<float> q, k, v;
    std::vector<int32_t> positions;
    std::vector<BatchSequence> sequences;
    for (const auto& [timeline, tokens] : feeds) {
      BatchSequence sequence;
      sequence.first_token = int64_t(positions.size());
      sequence.num_tokens = tokens;
      sequence.position = timeline->position;
      sequence.pages = std::span<std::byte* const>(timeline->page_pointers);
      sequences.push_back(sequence);
      const int64_t first = timeline->position, last = first + tokens;
      const auto rows = [first, last](std::vector<float>& out, const std::vector<float>& in, int64_t cols) {
        out.insert(out.end(), in.begin() + first * cols, in.begin() + last * cols);
      };
      rows(q, timeline->q, q_cols);
      rows(k, timeline->k, k_cols);
      rows(v, timeline->v, v_cols);
      for (int64_t i = 0; i < tokens; ++i) positions.push_back(int32_t(timeline->position + i));
    }
    const int64_t count = int64_t(positions.size());
    const std::vector<int32_t> tokens(size_t(count), 0);
    const Batch batch{tokens, positions, sequences, {}};

    const Guarded y(size_t(count * y_cols) * sizeof(float));
    const Guarded scratch(cpu::kAttention.scratch_bytes(attention_, {count, 0}, runner.concurrency(), config_));
    const Tensor appended[] = {matrix(k.data(), Dtype::f32, count, k_cols), matrix(v.data(), Dtype::f32, count, v_cols)};
    const Tensor read[] = {matrix(q.data(), Dtype::f32, count, q_cols), Tensor{}};
    const Tensor nothing[] = {Tensor{}};
    const Tensor result[] = {matrix(y.data(), Dtype::f32, count, y_cols)};
    walk(cpu::kAppend, {append_, batch, cache_, appended, nothing, {}, nullptr}, runner);
    const auto start = std::chrono::steady_clock::now();
    const std::clock_t processor_start = std::clock();
    walk(cpu::kAttention, {attention_, batch, cache_, read, result, {}, scratch.data()}, runner);
    attention_seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    processor_seconds_ = double(std::clock() - processor_start) / CLOCKS_PER_SEC;

    intact_ = intact_ && y.edges_intact() && scratch.edges_intact();
    const float* from = y.as<float>();
    for (const auto& [timeline, fed] : feeds) {
      std::memcpy(timeline->y.data() + timeline->position * y_cols, from, size_t(fed * y_cols) * sizeof(float));
      from += fed * y_cols;
      timeline->position += fed;
      for (const Guarded& page : timeline->pages) intact_ = intact_ && page.edges_intact();
    }
  }

  // Of the last run.
  double attention_seconds() const { return attention_seconds_; }
  double processor_seconds() const { return processor_seconds_; }

  // No guard was ever touched.
  bool edges_intact() const { return intact_; }

  // What the cache holds, read by the words of cache.hpp.
  float stored_key(const Timeline& t, int64_t position, int64_t head, int64_t i) const {
    const int64_t at = position % 64;
    const int64_t element = (at / 16 * shape_.key_dim + i) * 16 + at % 16;
    return stored(t, position, head, 0, element, arrangement().key_scales, i);
  }
  float stored_value(const Timeline& t, int64_t position, int64_t head, int64_t i) const {
    const int64_t element = (i / 16 * 64 + position % 64) * 16 + i % 16;
    return stored(t, position, head, arrangement().values, element, arrangement().value_scales, i);
  }
  cpu::CacheArrangement arrangement() const { return cpu::arrangement_of(cache_.slots[1], config_.cache_type); }

 private:
  void walk(const cpu::CpuOp& op, const NodeContext& context, TaskRunner& runner) {
    for (int stage = 0; stage < op.stages(context.node, config_); ++stage) {
      runner.run(0, op.tasks(context, stage, config_), [&](int64_t task, int worker) {
        op.run(context, stage, task, worker, config_);
      });
    }
  }

  float stored(const Timeline& t, int64_t position, int64_t head, size_t offset, int64_t element, size_t scales,
               int64_t component) const {
    const std::byte* const base =
        t.pages[size_t(position / 64)].data() + cache_.offsets[1] + size_t(head) * arrangement().head_bytes;
    const std::byte* const data = base + offset;
    switch (config_.cache_type) {
      case Dtype::f32: return reinterpret_cast<const float*>(data)[element];
      case Dtype::f16: return f16_to_f32(reinterpret_cast<const uint16_t*>(data)[element]);
      case Dtype::bf16: return bf16_to_f32(reinterpret_cast<const uint16_t*>(data)[element]);
      default:
        return float(reinterpret_cast<const int8_t*>(data)[element]) *
               reinterpret_cast<const float*>(base + scales)[component / 32 * 64 + position % 64];
    }
  }

  AttentionShape shape_;
  cpu::CpuConfig config_;
  CacheLayout cache_;
  Node append_, attention_;
  bool intact_ = true;
  double attention_seconds_ = 0;
  double processor_seconds_ = 0;
};

}  // namespace hadal::test
