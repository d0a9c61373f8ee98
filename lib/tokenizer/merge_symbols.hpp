// Byte-pair merging of one piece of text: the best pair of neighbours first, the leftmost among equals, until no pair
// is left. Short pieces by scanning, long ones with a heap over a linked list, so that any piece is n log n.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "tokenizer/merge_table.hpp"

namespace hadal {

// Working memory of one call, kept from piece to piece.
struct MergeScratch {
  static constexpr uint32_t kEnd = UINT32_MAX;
  std::vector<uint32_t> previous, next;  // of the symbol at an index; kEnd outside
  std::vector<Merge> best;               // of the symbol at an index with the next one
  std::vector<uint64_t> heap;            // rank << 32 | index, smallest on top; stale if best says otherwise
};

namespace detail {

// Pairs has: Merge find(left, right) const; Symbol join(left, right, result) const.
template <class Pairs, class Symbol>
void merge_short(const Pairs& pairs, std::vector<Symbol>& symbols, Merge* best) {
  size_t n = symbols.size();
  for (size_t i = 0; i + 1 < n; ++i) best[i] = pairs.find(symbols[i], symbols[i + 1]);
  while (n > 1) {
    size_t at = 0;
    for (size_t i = 1; i + 1 < n; ++i)
      if (best[i].rank < best[at].rank) at = i;
    if (best[at].rank == Merge::kNever) break;
    symbols[at] = pairs.join(symbols[at], symbols[at + 1], best[at].result);
    std::copy(symbols.begin() + static_cast<std::ptrdiff_t>(at) + 2, symbols.begin() + static_cast<std::ptrdiff_t>(n),
              symbols.begin() + static_cast<std::ptrdiff_t>(at) + 1);
    if (at + 2 < n) std::copy(best + at + 2, best + n - 1, best + at + 1);
    --n;
    if (at + 1 < n) best[at] = pairs.find(symbols[at], symbols[at + 1]);
    if (at > 0) best[at - 1] = pairs.find(symbols[at - 1], symbols[at]);
  }
  symbols.resize(n);
}

template <class Pairs, class Symbol>
void merge_long(const Pairs& pairs, std::vector<Symbol>& symbols, MergeScratch& scratch) {
  constexpr uint32_t kEnd = MergeScratch::kEnd;
  const size_t n = symbols.size();
  std::vector<uint32_t>&previous = scratch.previous, &next = scratch.next;
  std::vector<Merge>& best = scratch.best;
  std::vector<uint64_t>& heap = scratch.heap;
  previous.resize(n), next.resize(n), best.assign(n, Merge{}), heap.clear();
  const auto key = [](uint32_t rank, size_t index) { return static_cast<uint64_t>(rank) << 32 | index; };
  for (size_t i = 0; i < n; ++i) {
    previous[i] = i > 0 ? static_cast<uint32_t>(i - 1) : kEnd;
    next[i] = i + 1 < n ? static_cast<uint32_t>(i + 1) : kEnd;
    if (i + 1 == n) break;
    best[i] = pairs.find(symbols[i], symbols[i + 1]);
    if (best[i].rank != Merge::kNever) heap.push_back(key(best[i].rank, i));
  }
  std::make_heap(heap.begin(), heap.end(), std::greater<>());
  const auto look = [&](uint32_t index) {
    best[index] = next[index] == kEnd ? Merge{} : pairs.find(symbols[index], symbols[next[index]]);
    if (best[index].rank == Merge::kNever) return;
    heap.push_back(key(best[index].rank, index));
    std::push_heap(heap.begin(), heap.end(), std::greater<>());
  };
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), std::greater<>());
    const auto index = static_cast<uint32_t>(heap.back());
    const auto rank = static_cast<uint32_t>(heap.back() >> 32);
    heap.pop_back();
    if (best[index].rank != rank) continue;
    const uint32_t gone = next[index];
    symbols[index] = pairs.join(symbols[index], symbols[gone], best[index].result);
    best[gone] = Merge{};
    next[index] = next[gone];
    if (next[gone] != kEnd) previous[next[gone]] = index;
    look(index);
    if (previous[index] != kEnd) look(previous[index]);
  }
  size_t kept = 0;
  for (uint32_t i = 0; i != kEnd; i = next[i]) symbols[kept++] = symbols[i];
  symbols.resize(kept);
}

}  // namespace detail

// At most 2^32 - 2 symbols.
template <class Pairs, class Symbol>
void merge_symbols(const Pairs& pairs, std::vector<Symbol>& symbols, MergeScratch& scratch) {
  constexpr size_t kShort = 96;
  if (symbols.size() < 2) return;
  if (symbols.size() > kShort) return detail::merge_long(pairs, symbols, scratch);
  Merge best[kShort];
  detail::merge_short(pairs, symbols, best);
}

}  // namespace hadal
