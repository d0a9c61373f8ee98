#include "backends/cpu/expert_stack.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "core/message.hpp"
#include "core/status.hpp"
#include "graph/weight_rows.hpp"

namespace hadal::cpu {

ExpertStack::ExpertStack(const Weight& stack, int64_t slots, bool forget, Buffer memory)
    : stack_(stack),
      slots_(slots),
      panels_(panels_of(stack.rows)),
      panel_bytes_(panel_bytes(stack.dtype, stack.cols)),
      forget_(forget && stack.source),
      memory_(std::move(memory)) {
  if (slots > 0) std::memset(&state(0, 0), kEmpty, size_t(slots * panels_));
  if (all_fit()) return;
  table_.resize(size_t(slots));
  slot_of_.assign(stack.parts.size(), -1);
}

size_t ExpertStack::bytes_for(const Weight& stack, int64_t slots) {
  return size_t(slots) * size_t(panels_bytes(stack.dtype, stack.rows, stack.cols) + panels_of(stack.rows));
}

void ExpertStack::fill(TaskRunner& runner) {
  std::atomic<int64_t> damaged = -1;
  const size_t bytes = stack_.part_bytes();
  runner.run(0, int64_t(stack_.parts.size()), [&](int64_t expert, int) {
    bool numbers = true;
    for (int64_t p = 0; p < panels_; ++p) {
      numbers &= pack_panel(rows_of(stack_, expert), stack_.rows, p, panel_in(expert, p));
      state(expert, p) = kReady;
    }
    if (!numbers) damaged = expert;
    if (forget_) stack_.source->forget(stack_.parts[size_t(expert)].data, bytes);
  });
  if (damaged >= 0)
    throw Error(Status::corrupt, message(stack_.name, ": expected numbers, found NaN among the FP8 codes of expert ",
                                         damaged.load()));
  filled_ = true;
}

uint8_t* ExpertStack::panel_in(int64_t slot, int64_t p) const {
  return reinterpret_cast<uint8_t*>(memory_.data()) + (slot * panels_ + p) * panel_bytes_;
}

uint8_t& ExpertStack::state(int64_t slot, int64_t p) const {
  return reinterpret_cast<uint8_t*>(memory_.data())[slots_ * panels_ * panel_bytes_ + slot * panels_ + p];
}

void ExpertStack::expect(std::span<const int32_t> experts) const {
  if (all_fit() || slots_ == 0) return;
  const std::lock_guard lock(mutex_);
  ++run_;
  for (const int32_t expert : experts)
    if (const int32_t slot = slot_of_[size_t(expert)]; slot >= 0) table_[size_t(slot)].used = run_;
  for (const int32_t expert : experts) {
    if (slot_of_[size_t(expert)] >= 0) continue;
    const int64_t slot = oldest_slot();
    if (slot < 0) return;
    Slot& entry = table_[size_t(slot)];
    if (entry.expert >= 0) slot_of_[size_t(entry.expert)] = -1;
    entry = {expert, 0, run_};
    slot_of_[size_t(expert)] = int32_t(slot);
    std::memset(&state(slot, 0), kEmpty, size_t(panels_));
  }
}

// Of the slots that neither this run nor any task needs; -1 if there is none.
int64_t ExpertStack::oldest_slot() const {
  int64_t oldest = -1;
  for (int64_t s = 0; s < slots_; ++s) {
    const Slot& slot = table_[size_t(s)];
    if (slot.holds > 0 || slot.used == run_) continue;
    if (oldest < 0 || slot.used < table_[size_t(oldest)].used) oldest = s;
  }
  return oldest;
}

int64_t ExpertStack::take(int64_t expert) const {
  if (all_fit()) return expert;
  if (slots_ == 0) return -1;
  const std::lock_guard lock(mutex_);
  const int32_t slot = slot_of_[size_t(expert)];
  if (slot >= 0) ++table_[size_t(slot)].holds;
  return slot;
}

void ExpertStack::give_back(int64_t slot) const {
  if (all_fit() || slot < 0) return;
  const std::lock_guard lock(mutex_);
  --table_[size_t(slot)].holds;
}

ExpertStack::Hold::Hold(const ExpertStack& stack, int64_t expert)
    : stack_(stack), expert_(expert), slot_(stack.take(expert)) {}

ExpertStack::Hold::~Hold() {
  stack_.give_back(slot_);
  if (!stack_.forget_ || end_read_ == 0) return;
  const Weight& weight = stack_.stack_;
  const size_t row_bytes = bytes_of(weight.dtype, weight.cols);
  const int64_t first = first_read_ * kPanelRows, end = std::min(weight.rows, end_read_ * kPanelRows);
  const std::byte* rows = weight.parts[size_t(expert_)].data + size_t(first) * row_bytes;
  weight.source->forget(rows, size_t(end - first) * row_bytes);
}

const uint8_t* ExpertStack::Hold::panel(int64_t p, uint8_t* scratch) {
  uint8_t* out = scratch;
  if (slot_ >= 0) {
    uint8_t* const kept = stack_.panel_in(slot_, p);
    const std::atomic_ref<uint8_t> state(stack_.state(slot_, p));
    uint8_t found = state.load(std::memory_order_acquire);
    if (found == kEmpty && state.compare_exchange_strong(found, kPacking, std::memory_order_acquire)) out = kept;
    if (found == kReady) return kept;
  }
  pack_panel(rows_of(stack_.stack_, expert_), stack_.stack_.rows, p, out);
  if (out != scratch) std::atomic_ref(stack_.state(slot_, p)).store(kReady, std::memory_order_release);
  first_read_ = end_read_ == 0 ? p : std::min(first_read_, p);
  end_read_ = std::max(end_read_, p + 1);
  return out;
}

}  // namespace hadal::cpu
