// The ops of the reference backend, one file each. Tensors are f32 [rows, cols] as lib/graph/node.hpp says; an output
// overlaps no input.
#pragma once

#include <cstdint>

#include "core/tensor.hpp"
#include "graph/batch.hpp"
#include "graph/node.hpp"

namespace hadal::reference {

void input(Tensor y, const float* rows);
void embed(Tensor y, const Weight& table, const Node& node, const Batch& batch);
void rope_table(Tensor y, const RopeTableAttributes& table, std::span<const int32_t> positions);
void rms_norm(Tensor y, Tensor x, const Weight& weight, const NormAttributes& attributes, float* weight_values);
void layer_norm(Tensor y, Tensor x, const Weight& weight, const Weight* bias, float eps, float* values);
void rope(Tensor y, Tensor x, Tensor table, const RopeAttributes& attributes);
void append(Tensor k, Tensor v, const CacheSlot& slot, const Batch& batch, const CacheLayout& cache);
void attention(Tensor y, Tensor q, const AttentionAttributes& attributes, const Batch& batch, const CacheLayout& cache,
               int64_t token, double* sums);
void self_attention(Tensor y, Tensor q, Tensor k, Tensor v, const SelfAttentionAttributes& a, const Batch& batch,
                    int64_t token, double* sums);
struct LatentHeadWeights {
  const Weight& k;
  const Weight& v;
};
void latent_attention(Tensor y, Tensor q, const Tensor* selected, const LatentHeadWeights& w,
                      const LatentAttentionAttributes& a, const Batch& batch, const CacheLayout& cache, int64_t token,
                      double* scratch, float* weight_row);
struct ScoredPosition {
  double score;
  int64_t position;
};
void index_select(Tensor y, Tensor q, Tensor w, const IndexAttributes& a, const Batch& batch, const CacheLayout& cache,
                  int64_t token, ScoredPosition* best);
void route(Tensor y, Tensor x, const Weight& gate, const Weight* bias, const RouteAttributes& how, float* scratch);
struct ExpertWeights {
  const Weight& gate;
  const Weight& up;
  const Weight& down;
};
void experts(Tensor y, Tensor x, Tensor routing, const ExpertWeights& w, int64_t token, double* sums, float* scratch);
void swiglu(Tensor y, Tensor gate, Tensor up);
void gelu(Tensor y, Tensor x);
void tanh(Tensor y, Tensor x);
void add(Tensor y, Tensor a, Tensor b);
void concat(Tensor y, Tensor a, Tensor b);
void select_rows(Tensor y, Tensor x, std::span<const int32_t> rows);
void mean_rows(Tensor y, Tensor x, const Batch& batch);

// The linear node in two stages: rows of x widened to double, then the columns of y, some at a time.
void widen_row(Tensor x, int64_t row, double* widened);
struct LinearColumns {
  int64_t begin, end;      // columns of y, that is rows of the weight
  const double* x;         // [rows, in], widened
  float* weight_row;       // [in], scratch
  double* widened_row;     // [in], scratch
};
void linear(Tensor y, const Weight& weight, const Weight* bias, const LinearColumns& columns);

}  // namespace hadal::reference
