// The merges of a BPE model: which two neighbouring tokens may become one, and in which order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hadal {

struct Merge {
  static constexpr uint32_t kNever = UINT32_MAX;
  uint32_t rank = kNever;  // lower goes first
  int32_t result = -1;     // token id
};

class MergeTable {
 public:
  void reserve(size_t merges);
  // Of equal pairs the last one counts. No more than reserved.
  void add(int32_t left, int32_t right, Merge merge);

  // Asks the memory for what add() will look at.
  void prefetch(int32_t left, int32_t right) const {
#if defined(__GNUC__)
    if (!slots_.empty()) __builtin_prefetch(&slots_[place(hash_of(left, right))]);
#else
    (void)left, (void)right;
#endif
  }

  Merge find(int32_t left, int32_t right) const {
    if (slots_.empty()) return {};
    const uint64_t hash = hash_of(left, right);
    if (!(maybe_[bit(hash) >> 6] >> (bit(hash) & 63) & 1)) return {};
    for (size_t at = place(hash);; at = at + 1 == slots_.size() ? 0 : at + 1) {
      const Slot& slot = slots_[at];
      if (slot.left == left && slot.right == right) return slot.merge;
      if (slot.left < 0) return {};
    }
  }

 private:
  struct Slot {
    int32_t left = -1, right = -1;
    Merge merge;
  };
  static uint64_t hash_of(int32_t left, int32_t right) {
    const uint64_t key = static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
    return (key ^ key >> 29) * 0x9E3779B97F4A7C15u;
  }
  size_t place(uint64_t hash) const { return static_cast<size_t>((hash >> 32) * slots_.size() >> 32); }
  size_t bit(uint64_t hash) const { return static_cast<size_t>(hash >> 24) & (maybe_.size() * 64 - 1); }

  std::vector<Slot> slots_;
  // One bit per hash value, eight times as many as merges: most pairs of a text never merge, and this much stays in
  // the cache (1.5x on Chinese with 128k tokens).
  std::vector<uint64_t> maybe_;
};

}  // namespace hadal
