// attention: cuts the work of a batch into tiles for the kernels.
//
// A prompt becomes tiles of tokens by kv head. The few tokens of a sequence that is generating are split by ranges of
// positions as well, and a second stage merges the ranges: both give the same bits (attention.hpp).
#include "backends/cpu/attention.hpp"

#include <algorithm>

#include "backends/cpu/op.hpp"

namespace hadal::cpu {
namespace {

// Rows of a tile. Each page is widened once per tile (3 % of the work at 96 rows); more would outgrow the L2 cache.
constexpr int64_t kTileRows = 96;
// Tokens of a batch whose unfinished rows find room in the scratch memory.
constexpr int64_t kSplitTokens = 8;
// Multiply-adds worth a task: some microseconds, more than waking somebody costs.
constexpr int64_t kTaskWork = 1 << 16;

// What all tiles of a node have in common.
struct Geometry {
  CacheSlot slot;
  CacheArrangement arrangement;
  int64_t heads, group, tile_tokens, tile_rows;
  float scale;

  Geometry(const Node& node, const CpuConfig& config) {
    const auto& attributes = node.as<AttentionAttributes>();
    slot = attributes.slot;
    arrangement = arrangement_of(slot, config.cache_type);
    heads = attributes.heads;
    group = heads / slot.kv_heads;
    tile_tokens = std::max<int64_t>(1, kTileRows / group);
    tile_rows = tile_tokens * group;
    scale = attributes.scale;
  }

  int64_t partial_floats() const { return partial_stride(arrangement.value_blocks); }
  int64_t partials_floats() const { return kSplitTokens * heads * kMostRanges * partial_floats(); }
  int64_t worker_floats() const { return attention_scratch_floats(tile_rows, slot.key_dim, arrangement.value_blocks); }
};

// How the tokens of one sequence are cut.
struct Share {
  const BatchSequence* sequence;
  int64_t tiles;
  int64_t splits;        // tasks per tile and kv head: its ranges, or 1 for all of them together
  int64_t split_token;   // of those with splits > 1, counted over the batch
  int64_t units(const Geometry& g) const { return tiles * splits * g.slot.kv_heads; }
};

template <class Visit>
void for_each_share(const Batch& batch, const Geometry& g, Visit visit) {
  int64_t split_tokens = 0;
  for (const BatchSequence& sequence : batch.sequences) {
    const int64_t last = sequence.position + sequence.num_tokens - 1;
    Share share{&sequence, (sequence.num_tokens + g.tile_tokens - 1) / g.tile_tokens, 1, split_tokens};
    const int64_t ranges = num_ranges(last);
    if (ranges > 1 && split_tokens + sequence.num_tokens <= kSplitTokens &&
        range_pages(sequence.position) == range_pages(last)) {
      share.splits = ranges;
      split_tokens += sequence.num_tokens;
    }
    visit(share);
  }
}

int64_t work_of(const Batch& batch, const Geometry& g) {
  int64_t work = 0;
  for (const BatchSequence& sequence : batch.sequences)
    work += sequence.num_tokens * (sequence.position + sequence.num_tokens);
  return work * g.heads * (g.slot.key_dim + g.slot.value_dim);
}

float* worker_scratch(const NodeContext& context, const Geometry& g, int worker) {
  return reinterpret_cast<float*>(context.scratch) + g.partials_floats() + worker * g.worker_floats();
}

// Partials of one split sequence: [kv heads][ranges][tokens][group].
float* partials_of(const NodeContext& context, const Geometry& g, const Share& share, int64_t kv_head, int64_t range) {
  const int64_t rows = share.sequence->num_tokens * g.group;
  return reinterpret_cast<float*>(context.scratch) +
         (share.split_token * g.heads * kMostRanges + (kv_head * share.splits + range) * rows) * g.partial_floats();
}

void attend_unit(const NodeContext& context, const Geometry& g, const Share& share, int64_t unit, int worker,
                 const CpuConfig& config) {
  const BatchSequence& sequence = *share.sequence;
  const int64_t range = unit % share.splits;
  const int64_t kv_head = unit / share.splits % g.slot.kv_heads;
  // The last tokens see the most positions: the longest tiles go first, so that the threads end together.
  const int64_t tile_number = share.tiles - 1 - unit / share.splits / g.slot.kv_heads;
  const int64_t first = tile_number * g.tile_tokens;

  AttentionTile tile;
  tile.tokens = std::min(g.tile_tokens, sequence.num_tokens - first);
  tile.position = sequence.position + first;
  const int64_t token = sequence.first_token + first;
  tile.q = context.inputs[0].row<const float>(token).data() + kv_head * g.group * g.slot.key_dim;
  tile.q_stride = context.inputs[0].stride_bytes / int64_t(sizeof(float));
  tile.y = nullptr;
  tile.y_stride = context.outputs[0].stride_bytes / int64_t(sizeof(float));
  tile.partials = nullptr;
  tile.first_page = 0;
  tile.end_page = (tile.position + tile.tokens - 1) / CacheArrangement::kPage + 1;
  if (share.splits > 1) {
    const int64_t length = range_pages(sequence.position);
    tile.first_page = range * length;
    tile.end_page = std::min(tile.end_page, tile.first_page + length);
    tile.partials = partials_of(context, g, share, kv_head, range) + first * g.group * g.partial_floats();
  } else {
    tile.y = context.outputs[0].row<float>(token).data() + kv_head * g.group * g.slot.value_dim;
  }
  tile.group = g.group;
  tile.key_dim = g.slot.key_dim;
  tile.value_dim = g.slot.value_dim;
  tile.scale = g.scale;
  tile.pages = sequence.pages.data();
  tile.head_offset = context.cache.offsets[size_t(g.slot.index)] + size_t(kv_head) * g.arrangement.head_bytes;
  tile.arrangement = g.arrangement;
  tile.cache_type = config.cache_type;
  tile.scratch = worker_scratch(context, g, worker);
  attention_kernels(config.level).attend(tile);
}

void merge_token(const NodeContext& context, const Geometry& g, const Share& share, int64_t token, int worker,
                 const CpuConfig& config) {
  const int64_t rows = share.sequence->num_tokens * g.group;
  float* const y = context.outputs[0].row<float>(share.sequence->first_token + token).data();
  for (int64_t head = 0; head < g.heads; ++head) {
    AttentionMerge merge;
    merge.partials = partials_of(context, g, share, head / g.group, 0) +
                     (token * g.group + head % g.group) * g.partial_floats();
    merge.range_stride = rows * g.partial_floats();
    merge.ranges = num_ranges(share.sequence->position + token);
    merge.value_blocks = g.arrangement.value_blocks;
    merge.value_dim = g.slot.value_dim;
    merge.y = y + head * g.slot.value_dim;
    merge.total = worker_scratch(context, g, worker);
    attention_kernels(config.level).merge(merge);
  }
}

bool supports(const Node& node, const CpuConfig&) {
  const auto& attributes = node.as<AttentionAttributes>();
  const CacheSlot& slot = attributes.slot;
  return slot.kv_heads > 0 && slot.key_dim > 0 && slot.value_dim > 0 && !slot.values_in_keys &&
         attributes.heads % slot.kv_heads == 0;
}

size_t scratch_bytes(const Node& node, const Sizes&, int workers, const CpuConfig& config) {
  const Geometry g(node, config);
  return size_t(g.partials_floats() + workers * g.worker_floats()) * sizeof(float);
}

int stages(const Node&, const CpuConfig&) { return 2; }

int64_t split_tokens(const Batch& batch, const Geometry& g) {
  int64_t tokens = 0;
  for_each_share(batch, g, [&](const Share& share) { tokens += share.splits > 1 ? share.sequence->num_tokens : 0; });
  return tokens;
}

int64_t units(const Batch& batch, const Geometry& g) {
  int64_t count = 0;
  for_each_share(batch, g, [&](const Share& share) { count += share.units(g); });
  return count;
}

bool merge_is_small(int64_t tokens, const Geometry& g) {
  return tokens * g.heads * kMostRanges * g.slot.value_dim <= 2 * kTaskWork;
}

int64_t tasks(const NodeContext& context, int stage, const CpuConfig& config) {
  const Geometry g(context.node, config);
  if (context.batch.tokens.empty()) return 0;
  if (stage == 1) {
    const int64_t tokens = split_tokens(context.batch, g);
    return merge_is_small(tokens, g) ? std::min<int64_t>(tokens, 1) : tokens;
  }
  return work_of(context.batch, g) <= kTaskWork ? 1 : units(context.batch, g);
}

void run(const NodeContext& context, int stage, int64_t task, int worker, const CpuConfig& config) {
  const Geometry g(context.node, config);
  const bool all = tasks(context, stage, config) == 1;   // one task does everything
  int64_t before = 0;
  for_each_share(context.batch, g, [&](const Share& share) {
    if (stage == 1 && share.splits == 1) return;
    const int64_t here = stage == 1 ? share.sequence->num_tokens : share.units(g);
    const int64_t begin = all ? 0 : std::max<int64_t>(task - before, 0);
    const int64_t end = all ? here : std::min(task - before + 1, here);
    for (int64_t i = begin; i < end; ++i) {
      if (stage == 1) {
        merge_token(context, g, share, i, worker, config);
      } else {
        attend_unit(context, g, share, i, worker, config);
      }
    }
    before += here;
  });
}

}  // namespace

const AttentionKernels& attention_kernels(Level level) {
  switch (level) {
#if defined(HADAL_CPU_AVX512)
    case Level::avx512: return kAttentionAvx512;
#endif
#if defined(HADAL_CPU_X86)
    case Level::avx2: return kAttentionAvx2;
#endif
    default: return kAttentionScalar;
  }
}

int64_t attention_scratch_floats(int64_t rows, int64_t key_dim, int64_t value_blocks) {
  const auto padded = [](int64_t floats) { return (floats + 15) / 16 * 16; };
  constexpr int64_t kPage = CacheArrangement::kPage;
  return padded(kPage * key_dim) + kPage * value_blocks * CacheArrangement::kBlock + kPage * kMostKernelRows +
         padded(rows * key_dim) + 2 * rows * partial_stride(value_blocks);
}

const CpuOp kAttention = {supports, scratch_bytes, stages, tasks, run};

}  // namespace hadal::cpu
