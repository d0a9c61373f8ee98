#include "tokenizer/merge_table.hpp"

#include <bit>

#include "core/status.hpp"

namespace hadal {

void MergeTable::reserve(size_t merges) {
  slots_.assign(merges * 8 / 5 + 8, Slot{});
  maybe_.assign(std::bit_ceil(merges / 8 + 1), 0);
}

void MergeTable::add(int32_t left, int32_t right, Merge merge) {
  constexpr size_t kLongestRun = 2000;  // see Vocabulary::build_index
  size_t run = 0;
  const uint64_t hash = hash_of(left, right);
  maybe_[bit(hash) >> 6] |= uint64_t{1} << (bit(hash) & 63);
  for (size_t at = place(hash);; at = at + 1 == slots_.size() ? 0 : at + 1) {
    Slot& slot = slots_[at];
    if (slot.left < 0 || (slot.left == left && slot.right == right)) {
      slot = {left, right, merge};
      return;
    }
    if (++run > kLongestRun) throw Error(Status::corrupt, "merges: thousands of pairs share one hash value");
  }
}

}  // namespace hadal
