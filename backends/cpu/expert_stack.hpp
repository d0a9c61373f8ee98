// A layer's experts as the CPU backend keeps them. As many matrices as there are slots for lie packed, an expert being
// packed out of the file by the first tasks that use it; the others are packed panel by panel whenever they are used.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "backends/cpu/panel.hpp"

namespace hadal::cpu {

class ExpertStack final : public PackedWeight {
 public:
  // stack: must stay. forget: whether the file's bytes are given back once read. memory: bytes_for(stack, slots).
  ExpertStack(const Weight& stack, int64_t slots, bool forget, Buffer memory);
  static size_t bytes_for(const Weight& stack, int64_t slots);

  // Packs all experts at once, which must have slots: the file is not read again. Throws Error(corrupt) for NaN among
  // FP8 codes. For stacks whose bytes are not a file's, and for FP8, which is looked at before anything runs.
  void fill(TaskRunner& runner);

  bool reads_source() const override { return !filled_; }
  Dtype dtype() const { return stack_.dtype; }
  int64_t slots() const { return slots_; }

  // A run is about to use these experts (their numbers, each once): they keep their slots or are given those that have
  // not been used for longest. Experts of this run lose none, so that a prompt that needs more than there are slots for
  // reads the rest only, not everything. Thread-safe.
  void expect(std::span<const int32_t> experts) const;

  // One expert in the hands of one task, which keeps its slot from being given away.
  class Hold {
   public:
    Hold(const ExpertStack& stack, int64_t expert);
    ~Hold();
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

    // Panel `p`, packed; in `scratch` (panel_bytes) if it has no slot, or if another task is packing it right now.
    const uint8_t* panel(int64_t p, uint8_t* scratch);

   private:
    const ExpertStack& stack_;
    const int64_t expert_;
    int64_t slot_;
    int64_t first_read_ = 0, end_read_ = 0;   // panels that were read from the file
  };

 private:
  enum State : uint8_t { kEmpty, kPacking, kReady };   // of a panel in a slot

  struct Slot {
    int32_t expert = -1;
    int32_t holds = 0;
    uint64_t used = 0;   // the run that last expected its expert
  };

  bool all_fit() const { return slots_ == int64_t(stack_.parts.size()); }
  int64_t take(int64_t expert) const;
  void give_back(int64_t slot) const;
  int64_t oldest_slot() const;
  uint8_t* panel_in(int64_t slot, int64_t p) const;
  uint8_t& state(int64_t slot, int64_t p) const;

  const Weight& stack_;
  const int64_t slots_, panels_, panel_bytes_;
  const bool forget_;
  bool filled_ = false;
  Buffer memory_;   // [slots][panels] packed, then a State for each

  mutable std::mutex mutex_;   // what follows, where not all experts fit
  mutable std::vector<Slot> table_;
  mutable std::vector<int32_t> slot_of_;   // by expert, -1: none
  mutable uint64_t run_ = 0;
};

}  // namespace hadal::cpu
