#include "backends/cpu/cache.hpp"

#include "backends/cpu/op.hpp"

namespace hadal::cpu {

CacheArrangement arrangement_of(const CacheSlot& slot, Dtype cache_type) {
  const bool scaled = cache_type == Dtype::q8_0;
  const size_t element_bytes = scaled ? 1 : bytes_of(cache_type, 1);
  const auto groups = [&](int64_t dim) {
    return scaled ? (dim + CacheArrangement::kScaleGroup - 1) / CacheArrangement::kScaleGroup : 0;
  };
  const size_t page = CacheArrangement::kPage;
  CacheArrangement a;
  a.value_blocks = (slot.value_dim + CacheArrangement::kBlock - 1) / CacheArrangement::kBlock;
  a.key_groups = groups(slot.key_dim);
  a.value_groups = groups(slot.value_dim);
  if (slot.values_in_keys && slot.value_dim > 0) {
    a.row_bytes = size_t(slot.key_dim) * element_bytes;
    a.key_scales = page * a.row_bytes;
    a.head_bytes = a.key_scales + page * size_t(a.key_groups) * sizeof(float);
    return a;
  }
  a.values = page * size_t(slot.key_dim) * element_bytes;
  a.key_scales = a.values + page * size_t(a.value_blocks * CacheArrangement::kBlock) * element_bytes;
  a.value_scales = a.key_scales + page * size_t(a.key_groups) * sizeof(float);
  a.head_bytes = a.value_scales + page * size_t(a.value_groups) * sizeof(float);
  return a;
}

size_t cache_slot_bytes(const CacheSlot& slot, const CpuConfig& config) {
  return arrangement_of(slot, config.cache_type).head_bytes * size_t(slot.kv_heads);
}

}  // namespace hadal::cpu
