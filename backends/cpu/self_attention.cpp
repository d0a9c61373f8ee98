// self_attention: keys and values of the run are arranged as pages of an f32 cache (cache.hpp) in scratch memory, and
// the kernels of attention then read those.
#include <algorithm>
#include <cstring>

#include "backends/cpu/attention.hpp"
#include "backends/cpu/op.hpp"

namespace hadal::cpu {
namespace {

constexpr int64_t kPage = CacheArrangement::kPage;
constexpr int64_t kBlock = CacheArrangement::kBlock;
constexpr int64_t kTileRows = 96;   // as in attention.cpp

int64_t pages_of(int64_t tokens) { return (tokens + kPage - 1) / kPage; }

struct Geometry {
  const SelfAttentionAttributes& a;
  CacheArrangement arrangement;
  int64_t group, tile_tokens;
  size_t page_bytes, worker_bytes;

  explicit Geometry(const Node& node) : a(node.as<SelfAttentionAttributes>()) {
    arrangement = arrangement_of({0, a.kv_heads, a.key_dim, a.value_dim}, Dtype::f32);
    group = a.heads / a.kv_heads;
    tile_tokens = std::max<int64_t>(1, kTileRows / group);
    page_bytes = arrangement.head_bytes * size_t(a.kv_heads);
    worker_bytes =
        size_t(attention_scratch_floats(tile_tokens * group, a.key_dim, arrangement.value_blocks)) * sizeof(float);
  }
};

// The most pages of a run: each sequence, of which there are no more than outputs, may leave one half empty.
int64_t most_pages(const Sizes& sizes) { return sizes.tokens / kPage + std::min(sizes.outputs, sizes.tokens); }

size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

// Scratch: where each page begins, the pages, then each worker's part.
struct Scratch {
  std::byte** table;
  std::byte* pages;
  std::byte* workers;
  Scratch(const NodeContext& context, const Geometry& g) {
    const int64_t most = most_pages(context.batch.sizes());
    table = reinterpret_cast<std::byte**>(context.scratch);
    pages = context.scratch + aligned(size_t(most) * sizeof(std::byte*));
    workers = pages + size_t(most) * g.page_bytes;
  }
};

bool supports(const Node&, const CpuConfig&) { return true; }

size_t scratch_bytes(const Node& node, const Sizes& sizes, int workers, const CpuConfig&) {
  const Geometry g(node);
  const size_t most = size_t(most_pages(sizes));
  return aligned(most * sizeof(std::byte*)) + most * g.page_bytes + size_t(workers) * g.worker_bytes;
}

int stages(const Node&, const CpuConfig&) { return 2; }

int64_t units_of(const BatchSequence& sequence, const Geometry& g) {
  return (sequence.num_tokens + g.tile_tokens - 1) / g.tile_tokens * g.a.kv_heads;
}

int64_t tasks(const NodeContext& context, int stage, const CpuConfig&) {
  const Geometry g(context.node);
  int64_t count = 0;
  for (const BatchSequence& sequence : context.batch.sequences)
    count += stage == 0 ? pages_of(sequence.num_tokens) : units_of(sequence, g);
  return count;
}

// Page `page` of a sequence, which lies in the scratch as number `number`. What no position fills of the last block of
// keys is zero.
void arrange(const NodeContext& context, const Geometry& g, const BatchSequence& sequence, int64_t page,
             int64_t number) {
  const Scratch scratch(context, g);
  std::byte* const out = scratch.pages + size_t(number) * g.page_bytes;
  scratch.table[number] = out;
  const int64_t first = sequence.first_token + page * kPage;
  const int64_t count = std::min(kPage, sequence.num_tokens - page * kPage);
  for (int64_t head = 0; head < g.a.kv_heads; ++head) {
    std::byte* const own = out + size_t(head) * g.arrangement.head_bytes;
    float* const keys = reinterpret_cast<float*>(own);
    float* const values = reinterpret_cast<float*>(own + g.arrangement.values);
    for (int64_t p = 0; p < (count + kBlock - 1) / kBlock * kBlock; ++p) {
      float* const to = keys + p / kBlock * g.a.key_dim * kBlock + p % kBlock;
      if (p >= count) {
        for (int64_t i = 0; i < g.a.key_dim; ++i) to[i * kBlock] = 0;
        continue;
      }
      const float* const key = context.inputs[1].row<const float>(first + p).data() + head * g.a.key_dim;
      for (int64_t i = 0; i < g.a.key_dim; ++i) to[i * kBlock] = key[i];
      const float* const value = context.inputs[2].row<const float>(first + p).data() + head * g.a.value_dim;
      for (int64_t i = 0; i < g.a.value_dim; i += kBlock)
        std::memcpy(values + (i / kBlock * kPage + p) * kBlock, value + i,
                    size_t(std::min(kBlock, g.a.value_dim - i)) * sizeof(float));
    }
  }
}

void attend(const NodeContext& context, const Geometry& g, const BatchSequence& sequence, int64_t first_page,
            int64_t unit, int worker, const CpuConfig& config) {
  const Scratch scratch(context, g);
  const int64_t kv_head = unit % g.a.kv_heads, first = unit / g.a.kv_heads * g.tile_tokens;
  AttentionTile tile;
  tile.tokens = std::min(g.tile_tokens, sequence.num_tokens - first);
  tile.position = first;
  tile.visible = g.a.causal ? 0 : sequence.num_tokens;
  const int64_t token = sequence.first_token + first;
  tile.q = context.inputs[0].row<const float>(token).data() + kv_head * g.group * g.a.key_dim;
  tile.q_stride = context.inputs[0].stride_bytes / int64_t(sizeof(float));
  tile.y = context.outputs[0].row<float>(token).data() + kv_head * g.group * g.a.value_dim;
  tile.y_stride = context.outputs[0].stride_bytes / int64_t(sizeof(float));
  tile.partials = nullptr;
  tile.group = g.group;
  tile.key_dim = g.a.key_dim;
  tile.value_dim = g.a.value_dim;
  tile.scale = g.a.scale;
  tile.first_page = 0;
  tile.end_page = pages_of(g.a.causal ? first + tile.tokens : sequence.num_tokens);
  tile.pages = scratch.table + first_page;
  tile.head_offset = size_t(kv_head) * g.arrangement.head_bytes;
  tile.arrangement = g.arrangement;
  tile.cache_type = Dtype::f32;
  tile.scratch = reinterpret_cast<float*>(scratch.workers + size_t(worker) * g.worker_bytes);
  attention_kernels(config.level).attend(tile);
}

void run(const NodeContext& context, int stage, int64_t task, int worker, const CpuConfig& config) {
  const Geometry g(context.node);
  int64_t before = 0, pages = 0;
  for (const BatchSequence& sequence : context.batch.sequences) {
    const int64_t here = stage == 0 ? pages_of(sequence.num_tokens) : units_of(sequence, g);
    if (task < before + here) {
      if (stage == 0) arrange(context, g, sequence, task - before, task);
      else attend(context, g, sequence, pages, task - before, worker, config);
      return;
    }
    before += here;
    pages += pages_of(sequence.num_tokens);
  }
}

}  // namespace

const CpuOp kSelfAttention = {supports, scratch_bytes, stages, tasks, run};

}  // namespace hadal::cpu
