// latent_attention in the absorbed form: queries are taken to the latent space by W_k, every head then reads the same
// cache row as key and value, and W_v brings the weighted sum back (arXiv 2405.04434, appendix C).
#include <algorithm>

#include "backends/cpu/kernels.hpp"
#include "backends/cpu/latent_heads.hpp"
#include "backends/cpu/latent_plan.hpp"
#include "backends/cpu/op.hpp"

namespace hadal::cpu {
namespace {

// Multiply-adds worth a task: some microseconds, more than waking somebody costs.
constexpr int64_t kTaskWork = 1 << 16;

class LatentRun {
 public:
  LatentRun(const NodeContext& context, const CpuConfig& config)
      : context_(context),
        config_(config),
        shape_(context.node, config),
        shares_(context, shape_),
        scratch_(shape_, int64_t(context.batch.tokens.size())) {}

  int64_t tasks(int stage) const {
    if (stage == 1) {
      const int64_t work = shares_.work() * shape_.heads * (shape_.key_dim + shape_.rank);
      return work <= kTaskWork ? std::min<int64_t>(shares_.units(), 1) : shares_.units();
    }
    const int64_t few = shares_.few_tokens();
    if (few == 0) return 0;
    return few * shape_.heads * shape_.rank * shape_.query_cols() <= kTaskWork ? 1 : shape_.heads;
  }

  void run(int stage, int64_t task, int worker) const {
    const int64_t all = stage == 1 ? shares_.units() : shape_.heads;
    const bool alone = tasks(stage) == 1;   // one task does everything
    const int64_t begin = alone ? 0 : task, end = alone ? all : task + 1;
    if (stage == 1) return attend(begin, end, worker);
    for (int64_t head = begin; head < end; ++head) {
      if (stage == 0) absorb_few(head, worker);
      else finish_few(head, worker);
    }
  }

 private:
  float* floats() const { return reinterpret_cast<float*>(context_.scratch); }
  float* own(int worker) const { return floats() + scratch_.workers + worker * scratch_.worker_floats; }

  static const LatentHeads& heads_of(const PackedWeight* weight) { return static_cast<const LatentHeads&>(*weight); }

  // y[t] = W x[t] of one head, rows x_stride and y_stride apart.
  void multiply(const LatentHeads& w, int64_t head, const float* x, int64_t x_stride, float* y, int64_t y_stride,
                int64_t tokens, int worker) const {
    const int kind = w.dtype == Dtype::f32 ? 0 : w.dtype == Dtype::f16 ? 1 : 2;
    const FloatDotKernel* const dots = kernels(config_.level).floats[kind];
    float* const products = own(worker) + scratch_.products;
    const int64_t bytes = panel_bytes(w.dtype, w.cols);
    for (int64_t row = 0; row < w.rows; row += kPanelRows) {
      const uint8_t* const panel = w.head(head) + row / kPanelRows * bytes;
      const int64_t count = std::min<int64_t>(kPanelRows, w.rows - row);
      for (int64_t t = 0; t < tokens;) {
        int width = int(std::min<int64_t>(tokens - t, kMostTokens));
        while (!dots[width]) --width;
        dots[width](panel, x + t * x_stride, x_stride, w.cols, products);
        for (int i = 0; i < width; ++i) std::copy_n(products + i * kPanelRows, count, y + (t + i) * y_stride + row);
        t += width;
      }
    }
  }

  // The queries of one head as the cache's rows see them: [q_nope W_k | q_pe].
  void absorb(int64_t head, int64_t token, int64_t tokens, float* out, int64_t stride, int worker) const {
    const Tensor& q = context_.inputs[0];
    const float* const x = q.row<const float>(token).data() + head * shape_.query_cols();
    const int64_t x_stride = q.stride_bytes / int64_t(sizeof(float));
    multiply(heads_of(context_.weights[0]), head, x, x_stride, out, stride, tokens, worker);
    for (int64_t t = 0; t < tokens; ++t)
      std::copy_n(x + t * x_stride + shape_.attributes.nope_dim, shape_.attributes.rope_dim(),
                  out + t * stride + shape_.rank);
  }

  // sums: a head's weighted sums of cache rows.
  void apply_values(int64_t head, int64_t token, int64_t tokens, const float* sums, int64_t stride, int worker) const {
    const Tensor& y = context_.outputs[0];
    float* const out = y.row<float>(token).data() + head * shape_.attributes.value_dim;
    multiply(heads_of(context_.weights[1]), head, sums, stride, out, y.stride_bytes / int64_t(sizeof(float)), tokens,
             worker);
  }

  float* few_queries(int64_t few_token) const {
    return floats() + scratch_.queries + few_token * shape_.heads * shape_.key_dim;
  }

  // Calls part(share, number in the run) for few-token shares and whole(first token, first few token, tokens) for
  // runs of neighbouring ones, at most a tile's rows long: a panel of weights serves all tokens of a run.
  template <class Part, class Whole>
  void for_each_few_run(Part&& part, Whole&& whole) const {
    int64_t first = 0, few_token = 0, tokens = 0;
    shares_.for_each([&](const LatentShare& share) {
      if (!share.few) return;
      if (tokens > 0 && (share.first != first + tokens || tokens + share.tokens > kLatentTileRows)) {
        whole(first, few_token, tokens);
        tokens = 0;
      }
      if (tokens == 0) {
        first = share.first;
        few_token = share.few_token;
      }
      part(share, tokens);
      tokens += share.tokens;
    });
    if (tokens > 0) whole(first, few_token, tokens);
  }

  void absorb_few(int64_t head, int worker) const {
    for_each_few_run([](const LatentShare&, int64_t) {},
                     [&](int64_t first, int64_t few_token, int64_t tokens) {
                       absorb(head, first, tokens, few_queries(few_token) + head * shape_.key_dim,
                              shape_.heads * shape_.key_dim, worker);
                     });
  }

  // Partials of a few-token share: [ranges][head tiles][tokens][heads of the tile].
  float* partials_of(const LatentShare& share, int64_t range, int64_t first_head) const {
    const int64_t rows = (share.partial + range * share.tokens) * shape_.heads + first_head * share.tokens;
    return floats() + scratch_.partials + rows * shape_.partial_floats();
  }

  void finish_few(int64_t head, int worker) const {
    float* const sums = own(worker) + scratch_.tile_sums;
    for_each_few_run(
        [&](const LatentShare& share, int64_t row) { merge_ranges(share, head, sums + row * shape_.rank, worker); },
        [&](int64_t first, int64_t, int64_t tokens) { apply_values(head, first, tokens, sums, shape_.rank, worker); });
  }

  void merge_ranges(const LatentShare& share, int64_t head, float* sums, int worker) const {
    const int64_t first_head = head / share.tile_heads * share.tile_heads;
    const int64_t group = std::min(share.tile_heads, shape_.heads - first_head);
    for (int64_t t = 0; t < share.tokens; ++t) {
      AttentionMerge merge;
      merge.partials = partials_of(share, 0, first_head) + (t * group + head - first_head) * shape_.partial_floats();
      merge.range_stride = share.tokens * shape_.heads * shape_.partial_floats();
      merge.ranges = share.ranges == 1 ? 1 : num_ranges(share.position + t);
      merge.value_blocks = shape_.arrangement.value_blocks;
      merge.value_dim = shape_.rank;
      merge.y = sums + t * shape_.rank;
      merge.total = own(worker) + scratch_.kernel;
      attention_kernels(config_.level).merge(merge);
    }
  }

  void attend(int64_t begin, int64_t end, int worker) const {
    int64_t before = 0;
    shares_.for_each([&](const LatentShare& share) {
      const int64_t first = std::max<int64_t>(begin - before, 0), last = std::min(end - before, share.units());
      for (int64_t unit = first; unit < last; ++unit) {
        if (share.few) attend_few(share, unit, worker);
        else attend_tile(share, unit, worker);
      }
      before += share.units();
    });
  }

  LatentTile tile_of(const LatentShare& share, int worker) const {
    LatentTile tile{};
    tile.key_dim = shape_.key_dim;
    tile.value_dim = shape_.rank;
    tile.scale = shape_.attributes.scale;
    tile.pages = share.sequence->pages.data();
    tile.offset = context_.cache.offsets[size_t(shape_.attributes.slot.index)];
    tile.arrangement = shape_.arrangement;
    tile.cache_type = config_.cache_type;
    tile.scratch = own(worker) + scratch_.kernel;
    return tile;
  }

  static int64_t pages_to(int64_t position) { return position / CacheArrangement::kPage + 1; }

  // One range of positions, or all of them, for all tokens of the share and some heads.
  void attend_few(const LatentShare& share, int64_t unit, int worker) const {
    const int64_t range = unit % share.ranges, first_head = unit / share.ranges * share.tile_heads;
    LatentTile tile = tile_of(share, worker);
    tile.tokens = share.tokens;
    tile.group = std::min(share.tile_heads, shape_.heads - first_head);
    tile.q = few_queries(share.few_token) + first_head * shape_.key_dim;
    tile.q_stride = shape_.heads * shape_.key_dim;
    tile.position = share.position;
    tile.selected = share.selected;
    tile.end_page = pages_to(share.position + share.tokens - 1);
    tile.partials = partials_of(share, range, first_head);
    tile.one_range = share.ranges > 1;
    if (tile.one_range) {
      const int64_t length = range_pages(share.position);
      tile.first_page = range * length;
      tile.end_page = std::min(tile.end_page, tile.first_page + length);
    }
    attention_kernels(config_.level).attend_latent(tile);
  }

  void attend_tile(const LatentShare& share, int64_t unit, int worker) const {
    // The last tokens see the most positions: the longest tiles go first, so that the threads end together.
    const int64_t first = (share.token_tiles - 1 - unit / share.head_tiles) * share.tile_tokens;
    const int64_t first_head = unit % share.head_tiles * share.tile_heads;
    const int64_t tokens = std::min(share.tile_tokens, share.tokens - first);
    const int64_t group = std::min(share.tile_heads, shape_.heads - first_head);
    const int64_t token = share.first + first;
    float* const queries = own(worker) + scratch_.tile_queries;
    float* const sums = own(worker) + scratch_.tile_sums;
    for (int64_t h = 0; h < group; ++h)
      absorb(first_head + h, token, tokens, queries + h * shape_.key_dim, group * shape_.key_dim, worker);

    LatentTile tile = tile_of(share, worker);
    tile.group = group;
    tile.q_stride = group * shape_.key_dim;
    tile.y_stride = group * shape_.rank;
    const int64_t at_once = share.sparse ? 1 : tokens;
    for (int64_t t = 0; t < tokens; t += at_once) {
      tile.tokens = at_once;
      tile.q = queries + t * tile.q_stride;
      tile.y = sums + t * tile.y_stride;
      tile.position = share.position + first + t;
      if (share.sparse) {
        const auto selected = context_.inputs[2].row<const float>(token + t);
        tile.selected = selected.data();
        tile.position = num_selected(tile.selected, int64_t(selected.size())) - 1;
      }
      tile.end_page = pages_to(tile.position + at_once - 1);
      attention_kernels(config_.level).attend_latent(tile);
    }
    for (int64_t h = 0; h < group; ++h)
      apply_values(first_head + h, token, tokens, sums + h * shape_.rank, tile.y_stride, worker);
  }

  const NodeContext& context_;
  const CpuConfig& config_;
  LatentShape shape_;
  LatentShares shares_;
  LatentScratch scratch_;
};

bool supports(const Node& node, const CpuConfig&) {
  const auto& a = node.as<LatentAttentionAttributes>();
  return a.slot.values_in_keys && a.slot.kv_heads == 1 && a.heads > 0 && a.kv_lora_rank() > 0 && a.rope_dim() >= 0 &&
         a.nope_dim > 0 && a.value_dim > 0;
}

size_t scratch_bytes(const Node& node, const Sizes& sizes, int workers, const CpuConfig& config) {
  const LatentScratch scratch(LatentShape(node, config), sizes.tokens);
  return size_t(scratch.workers + workers * scratch.worker_floats) * sizeof(float);
}

int stages(const Node&, const CpuConfig&) { return 3; }

int64_t tasks(const NodeContext& context, int stage, const CpuConfig& config) {
  return context.batch.tokens.empty() ? 0 : LatentRun(context, config).tasks(stage);
}

void run(const NodeContext& context, int stage, int64_t task, int worker, const CpuConfig& config) {
  LatentRun(context, config).run(stage, task, worker);
}

}  // namespace

const CpuOp kLatentAttention = {supports, scratch_bytes, stages, tasks, run};

}  // namespace hadal::cpu
