// Scores of the sparse attention's indexer over one page of its keys, written once over the vocabulary. Included after
// one of the isa headers.
//
// A dot product is one chain over the components, a score one over the heads.
#pragma once

#include <algorithm>
#include <cstdint>

#include "backends/cpu/attention_steps.hpp"

namespace hadal::cpu {
namespace {

template <class Isa>
class IndexKernel : private AttentionSteps<Isa> {
  using Steps = AttentionSteps<Isa>;
  using Steps::kBlock, Steps::kPage, Steps::kLanes, Steps::kRows;
  using typename Steps::Vec;
  using RowKernels = typename Steps::template RowKernels<float>;

 public:
  static void scores(const IndexPage& page) {
    const int64_t blocks = (page.count + kBlock - 1) / kBlock, end = blocks * kBlock;
    const float* const keys = widened(page);
    float* const dots = page.scratch + kPage * page.key_dim;
    for (int64_t i = 0; i < end; i += kLanes) Isa::store(page.scores + i, Isa::zero());
    for (int64_t head = 0; head < page.heads; head += kRows) {
      const int64_t height = std::min<int64_t>(kRows, page.heads - head);
      RowKernels::for_height.score[height - 1](page.q + head * page.key_dim, page.key_dim, keys, blocks, keys, dots);
      for (int64_t h = 0; h < height; ++h) {
        const Vec weight = Isa::set1(page.w[head + h]);
        for (int64_t i = 0; i < end; i += kLanes) {
          const Vec rectified = Isa::max(Isa::load(dots + h * kPage + i), Isa::zero());
          Isa::store(page.scores + i, Isa::fma(weight, rectified, Isa::load(page.scores + i)));
        }
      }
    }
    for (int64_t i = 0; i < end; i += kLanes)
      Isa::store(page.scores + i, Isa::mul(Isa::load(page.scores + i), Isa::set1(page.scale)));
  }

 private:
  // [blocks of 16 positions][key_dim][16]; beyond the page's tokens lies whatever the page holds.
  static const float* widened(const IndexPage& page) {
    const int64_t count = kPage * page.key_dim;
    switch (page.cache_type) {
      case Dtype::f32: return reinterpret_cast<const float*>(page.keys);
      case Dtype::f16: Steps::widen(page.scratch, reinterpret_cast<const F16*>(page.keys), count); break;
      case Dtype::bf16: Steps::widen(page.scratch, reinterpret_cast<const Bf16*>(page.keys), count); break;
      default:
        Steps::widen_scaled_keys(page.scratch, reinterpret_cast<const int8_t*>(page.keys),
                                 reinterpret_cast<const float*>(page.keys + page.arrangement.key_scales), page.key_dim);
    }
    return page.scratch;
  }
};

}  // namespace
}  // namespace hadal::cpu
