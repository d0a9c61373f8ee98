// append: writes keys and values of new tokens into cache pages (cache.hpp).
#include <algorithm>
#include <cmath>
#include <cstring>

#include "backends/cpu/attention.hpp"
#include "backends/cpu/op.hpp"

namespace hadal::cpu {
namespace {

constexpr int64_t kPage = CacheArrangement::kPage;
constexpr int64_t kBlock = CacheArrangement::kBlock;
constexpr int64_t kGroup = CacheArrangement::kScaleGroup;

constexpr int64_t kTokensPerTask = 32;
constexpr int64_t kSmall = 1 << 14;   // values that one task writes in less time than another thread takes to start

// One group of at most 32 components as int8; returns the scale. What is not finite makes the scale NaN, so that it
// shows in every score.
float quantise_group(int8_t* out, const float* in, int64_t count) {
  float largest = 0, poison = 0;
  for (int64_t i = 0; i < count; ++i) {
    const float magnitude = std::fabs(in[i]);
    largest = magnitude > largest ? magnitude : largest;
    poison += in[i] * 0.0f;
  }
  const float scale = largest / 127 + poison;
  const float inverse = scale > 0 ? 1 / scale : 0;
  for (int64_t i = 0; i < count; ++i) {
    // Adding 1.5 * 2^23 rounds to the nearest integer, ties to even.
    const float rounded = (in[i] * inverse + 12582912.0f) - 12582912.0f;
    out[i] = rounded > 127 ? int8_t(127) : rounded >= -127 ? int8_t(rounded) : int8_t(-127);
  }
  return scale;
}

// One key or value of one head on its way into the page of `position`.
struct Place {
  std::byte* head;
  int64_t position;   // in the page
  const CacheArrangement& arrangement;
};

template <class Element>
void put_key(const Place& place, const Element* key, int64_t first, int64_t count, int64_t key_dim) {
  Element* const out = reinterpret_cast<Element*>(place.head) +
                       (place.position / kBlock * key_dim + first) * kBlock + place.position % kBlock;
  for (int64_t k = 0; k < count; ++k) out[k * kBlock] = key[k];
}

// first is a multiple of 16.
template <class Element>
void put_value(const Place& place, const Element* value, int64_t first, int64_t count) {
  Element* const out = reinterpret_cast<Element*>(place.head + place.arrangement.values);
  for (int64_t i = 0; i < count; i += kBlock)
    std::memcpy(out + ((first + i) / kBlock * kPage + place.position) * kBlock, value + i,
                size_t(std::min(kBlock, count - i)) * sizeof(Element));
}

// A row of the latent cache at its place.
void put_row(std::byte* slot, const CacheArrangement& arrangement, const float* row, int64_t position, int64_t dim,
             const CpuConfig& config) {
  std::byte* const out = slot + size_t(position) * arrangement.row_bytes;
  switch (config.cache_type) {
    case Dtype::f32: std::memcpy(out, row, arrangement.row_bytes); break;
    case Dtype::q8_0: {
      float* const scales = reinterpret_cast<float*>(slot + arrangement.key_scales) + position * arrangement.key_groups;
      for (int64_t i = 0; i < dim; i += kGroup)
        scales[i / kGroup] = quantise_group(reinterpret_cast<int8_t*>(out) + i, row + i, std::min(kGroup, dim - i));
      break;
    }
    default:
      attention_kernels(config.level).narrow(reinterpret_cast<uint16_t*>(out), row, dim, config.cache_type);
  }
}

void put_scaled(const Place& place, const float* key, const float* value, const CacheSlot& slot) {
  int8_t bytes[kGroup];
  float* const key_scales = reinterpret_cast<float*>(place.head + place.arrangement.key_scales);
  float* const value_scales = reinterpret_cast<float*>(place.head + place.arrangement.value_scales);
  for (int64_t i = 0; i < slot.key_dim; i += kGroup) {
    const int64_t count = std::min(kGroup, slot.key_dim - i);
    key_scales[i / kGroup * kPage + place.position] = quantise_group(bytes, key + i, count);
    put_key(place, bytes, i, count, slot.key_dim);
  }
  for (int64_t i = 0; i < slot.value_dim; i += kGroup) {
    const int64_t count = std::min(kGroup, slot.value_dim - i);
    value_scales[i / kGroup * kPage + place.position] = quantise_group(bytes, value + i, count);
    put_value(place, bytes, i, count);
  }
}

void put_narrow(const Place& place, const float* key, const float* value, const CacheSlot& slot, const CpuConfig& config) {
  constexpr int64_t kPiece = 256;
  uint16_t piece[kPiece];
  const AttentionKernels& kernels = attention_kernels(config.level);
  for (int64_t i = 0; i < slot.key_dim; i += kPiece) {
    const int64_t count = std::min(kPiece, slot.key_dim - i);
    kernels.narrow(piece, key + i, count, config.cache_type);
    put_key(place, piece, i, count, slot.key_dim);
  }
  for (int64_t i = 0; i < slot.value_dim; i += kPiece) {
    const int64_t count = std::min(kPiece, slot.value_dim - i);
    kernels.narrow(piece, value + i, count, config.cache_type);
    put_value(place, piece, i, count);
  }
}

void append_token(const NodeContext& context, const BatchSequence& sequence, int64_t token, const CpuConfig& config) {
  const CacheSlot& slot = context.node.as<AttentionAttributes>().slot;
  const CacheArrangement arrangement = arrangement_of(slot, config.cache_type);
  const int64_t position = sequence.position + token - sequence.first_token;
  std::byte* const page = sequence.pages[size_t(position / kPage)] + context.cache.offsets[size_t(slot.index)];
  const float* key = context.inputs[0].row<const float>(token).data();
  if (arrangement.row_bytes > 0) return put_row(page, arrangement, key, position % kPage, slot.key_dim, config);
  const float* value = slot.value_dim > 0 ? context.inputs[1].row<const float>(token).data() : nullptr;
  for (int64_t head = 0; head < slot.kv_heads; ++head, key += slot.key_dim, value += slot.value_dim) {
    const Place place{page + size_t(head) * arrangement.head_bytes, position % kPage, arrangement};
    if (config.cache_type == Dtype::q8_0) {
      put_scaled(place, key, value, slot);
    } else if (config.cache_type == Dtype::f32) {
      put_key(place, key, 0, slot.key_dim, slot.key_dim);
      put_value(place, value, 0, slot.value_dim);
    } else {
      put_narrow(place, key, value, slot, config);
    }
  }
}

bool supports(const Node&, const CpuConfig&) { return true; }

int64_t tasks(const NodeContext& context, int, const CpuConfig&) {
  const CacheSlot& slot = context.node.as<AttentionAttributes>().slot;
  const int64_t tokens = context.inputs[0].rows;
  const int64_t stored = slot.key_dim + (slot.values_in_keys ? 0 : slot.value_dim);
  if (tokens * slot.kv_heads * stored <= kSmall) return tokens > 0;
  return (tokens + kTokensPerTask - 1) / kTokensPerTask;
}

void run(const NodeContext& context, int stage, int64_t task, int, const CpuConfig& config) {
  const int64_t tokens = context.inputs[0].rows;
  const bool all = tasks(context, stage, config) == 1;
  const int64_t begin = all ? 0 : task * kTokensPerTask;
  const int64_t end = all ? tokens : std::min(tokens, begin + kTokensPerTask);
  for (const BatchSequence& sequence : context.batch.sequences) {
    const int64_t last = std::min(end, sequence.first_token + sequence.num_tokens);
    for (int64_t token = std::max(begin, sequence.first_token); token < last; ++token)
      append_token(context, sequence, token, config);
  }
}

}  // namespace

const CpuOp kAppend = {supports, no_scratch, one_stage, tasks, run};

}  // namespace hadal::cpu
