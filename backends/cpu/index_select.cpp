// index_select: the top_k positions of the sparse attention's indexer (DeepSeek-V3.2-Exp).
//
// A score is the same number whoever computes it, and the choice has one answer: the larger score, then the lower
// position. So a token's positions may be cut into any ranges, each giving its best top_k.
#include <algorithm>
#include <cmath>

#include "backends/cpu/attention.hpp"
#include "backends/cpu/op.hpp"

namespace hadal::cpu {
namespace {

constexpr int64_t kPage = CacheArrangement::kPage;

// Tokens of a run whose positions are cut into ranges, and how many ranges at most.
constexpr int64_t kSplitTokens = 8;
constexpr int64_t kRanges = 8;
constexpr int64_t kPagesPerRange = 4;

struct Scored {
  float score;   // never NaN
  int32_t position;
};

bool better(const Scored& a, const Scored& b) {
  return a.score != b.score ? a.score > b.score : a.position < b.position;
}

// The best top_k of what is added. Room for twice as many, so that the worse half is dropped only now and then.
class Best {
 public:
  Best(Scored* room, int64_t top_k) : room_(room), top_k_(top_k) {}

  void add(float score, int64_t position) {
    const Scored candidate{score == score ? score : -INFINITY, int32_t(position)};
    if (bounded_ && !better(candidate, bound_)) return;
    room_[size_++] = candidate;
    if (size_ == 2 * top_k_) drop();
  }

  // Their number; they lie at the start of the room, in no order.
  int64_t finish() {
    if (size_ > top_k_) drop();
    return size_;
  }

 private:
  void drop() {
    std::nth_element(room_, room_ + top_k_ - 1, room_ + size_, better);
    size_ = top_k_;
    bound_ = room_[top_k_ - 1];
    bounded_ = true;
  }

  Scored* room_;
  int64_t top_k_;
  int64_t size_ = 0;
  bool bounded_ = false;
  Scored bound_{};   // the worst of the best so far
};

struct Shape {
  Shape(const Node& node, const CpuConfig& config)
      : attributes(node.as<IndexAttributes>()), arrangement(arrangement_of(attributes.slot, config.cache_type)) {}

  IndexAttributes attributes;
  CacheArrangement arrangement;

  // Scratch: of each range of a split token its number of candidates and the best of them, then each worker's own.
  static constexpr size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }
  size_t range_bytes() const { return 64 + aligned(size_t(attributes.top_k) * sizeof(Scored)); }
  size_t ranges_bytes(int64_t tokens) const {
    return tokens <= kSplitTokens ? size_t(tokens * kRanges) * range_bytes() : 0;
  }
  size_t room_bytes() const { return aligned(2 * size_t(attributes.top_k) * sizeof(Scored)); }
  size_t worker_bytes() const {
    return room_bytes() + aligned(size_t(kPage + index_scratch_floats(attributes.slot.key_dim)) * sizeof(float));
  }
};

// Ranges of a token at `position`: 1 where all positions are chosen, or many tokens keep the threads busy.
int64_t ranges_of(const Shape& shape, int64_t tokens, int64_t position) {
  if (tokens > kSplitTokens || position < shape.attributes.top_k) return 1;
  return std::clamp<int64_t>((position / kPage + 1) / kPagesPerRange, 1, kRanges);
}

class IndexRun {
 public:
  IndexRun(const NodeContext& context, const CpuConfig& config)
      : context_(context),
        config_(config),
        shape_(context.node, config),
        tokens_(int64_t(context.batch.tokens.size())) {}

  // Stage 0: a task per token, or per token and range. Stage 1: a task per token if any was split.
  int64_t tasks(int stage) const {
    if (stage == 0) return tokens_ * most_ranges();
    return most_ranges() > 1 ? tokens_ : 0;
  }

  void select(int64_t task, int worker) const {
    const int64_t token = task / most_ranges(), range = task % most_ranges();
    const int64_t position = context_.batch.positions[size_t(token)], ranges = ranges_of(shape_, tokens_, position);
    if (range >= ranges) return;
    if (position < shape_.attributes.top_k) return write_all(token, position);
    const int64_t pages = position / kPage + 1, length = (pages + ranges - 1) / ranges;
    Scored* const room = reinterpret_cast<Scored*>(own(worker));
    const int64_t count = score(token, position, range * length, std::min(pages, (range + 1) * length), room, worker);
    if (ranges == 1) return write(token, room, count);
    *count_of(token, range) = count;
    std::copy_n(room, count, best_of(token, range));
  }

  void merge(int64_t token, int worker) const {
    const int64_t ranges = ranges_of(shape_, tokens_, context_.batch.positions[size_t(token)]);
    if (ranges == 1) return;
    Scored* const room = reinterpret_cast<Scored*>(own(worker));
    Best best(room, shape_.attributes.top_k);
    for (int64_t range = 0; range < ranges; ++range) {
      const Scored* const part = best_of(token, range);
      for (int64_t i = 0; i < *count_of(token, range); ++i) best.add(part[i].score, part[i].position);
    }
    write(token, room, best.finish());
  }

 private:
  int64_t most_ranges() const {
    int64_t most = 1;
    for (const int32_t position : context_.batch.positions) most = std::max(most, ranges_of(shape_, tokens_, position));
    return most;
  }

  std::byte* own(int worker) const {
    return context_.scratch + shape_.ranges_bytes(tokens_) + size_t(worker) * shape_.worker_bytes();
  }
  std::byte* range_at(int64_t token, int64_t range) const {
    return context_.scratch + size_t(token * kRanges + range) * shape_.range_bytes();
  }
  int64_t* count_of(int64_t token, int64_t range) const { return reinterpret_cast<int64_t*>(range_at(token, range)); }
  Scored* best_of(int64_t token, int64_t range) const {
    return reinterpret_cast<Scored*>(range_at(token, range) + 64);
  }

  const BatchSequence& sequence_of(int64_t token) const {
    size_t s = 0;
    while (token >= context_.batch.sequences[s].first_token + context_.batch.sequences[s].num_tokens) ++s;
    return context_.batch.sequences[s];
  }

  int64_t score(int64_t token, int64_t last, int64_t first_page, int64_t end_page, Scored* room, int worker) const {
    const IndexAttributes& a = shape_.attributes;
    const BatchSequence& sequence = sequence_of(token);
    float* const scores = reinterpret_cast<float*>(own(worker) + shape_.room_bytes());
    Best best(room, a.top_k);
    IndexPage page{};
    page.q = context_.inputs[0].row<const float>(token).data();
    page.w = context_.inputs[1].row<const float>(token).data();
    page.heads = a.heads;
    page.key_dim = a.slot.key_dim;
    page.scale = a.scale;
    page.arrangement = shape_.arrangement;
    page.cache_type = config_.cache_type;
    page.scores = scores;
    page.scratch = scores + kPage;
    for (int64_t p = first_page; p < end_page; ++p) {
      page.keys = sequence.pages[size_t(p)] + context_.cache.offsets[size_t(a.slot.index)];
      page.count = std::min(kPage, last + 1 - p * kPage);
      attention_kernels(config_.level).index_scores(page);
      for (int64_t i = 0; i < page.count; ++i) best.add(scores[i], p * kPage + i);
    }
    return best.finish();
  }

  void write(int64_t token, Scored* best, int64_t count) const {
    std::sort(best, best + count, [](const Scored& a, const Scored& b) { return a.position < b.position; });
    const auto out = context_.outputs[0].row<float>(token);
    for (int64_t i = 0; i < count; ++i) out[size_t(i)] = float(best[i].position);
    std::fill(out.begin() + count, out.end(), -1.0f);
  }

  void write_all(int64_t token, int64_t position) const {
    const auto out = context_.outputs[0].row<float>(token);
    for (int64_t p = 0; p <= position; ++p) out[size_t(p)] = float(p);
    std::fill(out.begin() + position + 1, out.end(), -1.0f);
  }

  const NodeContext& context_;
  const CpuConfig& config_;
  Shape shape_;
  int64_t tokens_;
};

bool supports(const Node& node, const CpuConfig&) {
  const auto& a = node.as<IndexAttributes>();
  return a.slot.kv_heads == 1 && a.slot.value_dim == 0 && a.slot.key_dim > 0 && a.heads > 0 && a.top_k > 0;
}

size_t scratch_bytes(const Node& node, const Sizes& sizes, int workers, const CpuConfig& config) {
  const Shape shape(node, config);
  return shape.ranges_bytes(std::min(sizes.tokens, kSplitTokens)) + size_t(workers) * shape.worker_bytes();
}

int stages(const Node&, const CpuConfig&) { return 2; }

int64_t tasks(const NodeContext& context, int stage, const CpuConfig& config) {
  return context.batch.tokens.empty() ? 0 : IndexRun(context, config).tasks(stage);
}

void run(const NodeContext& context, int stage, int64_t task, int worker, const CpuConfig& config) {
  const IndexRun run(context, config);
  if (stage == 0) run.select(task, worker);
  else run.merge(task, worker);
}

}  // namespace

int64_t index_scratch_floats(int64_t key_dim) { return kPage * key_dim + kPage * kMostKernelRows; }

const CpuOp kIndexSelect = {supports, scratch_bytes, stages, tasks, run};

}  // namespace hadal::cpu
