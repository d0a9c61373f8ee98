#include "backends/cpu/latent_plan.hpp"

#include "backends/cpu/kernels.hpp"

namespace hadal::cpu {
namespace {

int64_t padded(int64_t floats) { return (floats + 15) / 16 * 16; }

}  // namespace

LatentShape::LatentShape(const Node& node, const CpuConfig& config)
    : attributes(node.as<LatentAttentionAttributes>()),
      arrangement(arrangement_of(attributes.slot, config.cache_type)),
      heads(attributes.heads),
      rank(attributes.kv_lora_rank()),
      key_dim(attributes.slot.key_dim) {}

int64_t num_selected(const float* selected, int64_t top_k) {
  const float* const end = std::partition_point(selected, selected + top_k, [](float p) { return p >= 0; });
  return std::max<int64_t>(end - selected, 1);
}

LatentShares::LatentShares(const NodeContext& context, const LatentShape& shape) : context_(context), shape_(shape) {
  if (context.inputs.size() > 2) top_k_ = context.inputs[2].cols;
  int64_t few = 0;
  for (const BatchSequence& sequence : context.batch.sequences)
    if (is_few(sequence, few)) few += sequence.num_tokens;
  spare_ = kLatentPartials - few;
  for_each([&](const LatentShare& share) {
    if (share.few) few_tokens_ += share.tokens;
    units_ += share.units();
    work_ += share.tokens * (share.position + share.tokens);
  });
}

// Where the lists name all positions, they need not be read.
bool LatentShares::is_sparse(const BatchSequence& sequence) const {
  if (top_k_ == 0) return false;
  for (int64_t t = 0; t < sequence.num_tokens; ++t) {
    const int64_t position = sequence.position + t;
    if (position >= top_k_ || context_.inputs[2].row<const float>(sequence.first_token + t)[size_t(position)] < 0)
      return true;
  }
  return false;
}

LatentShare LatentShares::share_of(const BatchSequence& sequence, int64_t first, int64_t tokens, bool sparse,
                                   bool few) const {
  LatentShare share{};
  share.sequence = &sequence;
  share.first = sequence.first_token + first;
  share.tokens = tokens;
  share.position = sequence.position + first;
  share.few = few;
  share.sparse = sparse;
  share.ranges = 1;
  if (sparse && few) {
    share.selected = context_.inputs[2].row<const float>(share.first).data();
    share.position = num_selected(share.selected, top_k_) - 1;
  }
  // Tiles of nearly equal size. A tile of several sparse tokens reads other rows for each of them: it is worth that
  // for many heads only.
  constexpr int64_t kSparseTokens = 4;
  const auto tiles_of = [](int64_t all, int64_t most) { return (all + most - 1) / most; };
  const int64_t most = sparse ? kSparseTokens : few ? kLatentFewTokens : kLatentTileRows;
  share.token_tiles = tiles_of(tokens, most);
  share.tile_tokens = tiles_of(tokens, share.token_tiles);
  share.head_tiles = tiles_of(shape_.heads, std::max<int64_t>(kLatentTileRows / share.tile_tokens, 1));
  share.tile_heads = tiles_of(shape_.heads, share.head_tiles);
  share.head_tiles = tiles_of(shape_.heads, share.tile_heads);
  share.token_tiles = tiles_of(tokens, share.tile_tokens);
  return share;
}

void LatentShares::take_ranges(LatentShare& share, int64_t& spare) {
  const int64_t last = share.position + share.tokens - 1, ranges = num_ranges(last);
  const int64_t more = (ranges - 1) * share.tokens;
  if (more == 0 || more > spare || range_pages(share.position) != range_pages(last)) return;
  share.ranges = ranges;
  spare -= more;
}

LatentScratch::LatentScratch(const LatentShape& shape, int64_t tokens) {
  const int64_t few = std::min(tokens, kLatentPartials);
  int64_t end = 0;
  const auto take = [&](int64_t floats) {
    const int64_t at = end;
    end += padded(floats);
    return at;
  };
  queries = take(few * shape.heads * shape.key_dim);
  partials = take(std::min(few * kMostRanges, kLatentPartials) * shape.heads * shape.partial_floats());
  workers = end;
  end = 0;
  tile_queries = take(kLatentTileRows * shape.key_dim);
  tile_sums = take(kLatentTileRows * shape.rank);
  products = take(int64_t(kMostTokens) * kPanelRows);
  kernel = take(latent_scratch_floats(kLatentTileRows, shape.key_dim, shape.arrangement.value_blocks));
  worker_floats = end;
}

int64_t latent_scratch_floats(int64_t rows, int64_t key_dim, int64_t value_blocks) {
  constexpr int64_t kPage = CacheArrangement::kPage, kLanes = CacheArrangement::kBlock;
  const auto padded = [](int64_t n) { return (n + kLanes - 1) / kLanes * kLanes; };
  return kPage * padded(key_dim) + padded(rows) * padded(key_dim) + 2 * kPage * kLanes +
         2 * rows * partial_stride(value_blocks);
}

}  // namespace hadal::cpu
