// Guesses of what a session says next. The main model checks every guess: a wrong one costs time and changes nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "core/function_ref.hpp"
#include "core/tensor.hpp"

namespace hadal {

// The most guesses one step checks.
constexpr int64_t kMostDrafts = 7;

// What the main model has done for a session, and what is wanted now.
struct DraftJob {
  std::span<const int32_t> timeline;   // every token so far
  int64_t first = 0;                   // position of hidden's first row
  // [rows, hidden_size]: the main model's rows after its final norm at positions first, first + 1, ..., all of them
  // verified; the row of position i belongs with timeline[i + 1], which the last row may lack. Without rows where the
  // drafter does not want them.
  Tensor hidden = {};
  // The session's cache, writable from position `first` on, to what the last guess needs.
  std::span<std::byte* const> pages = {};
  int64_t most = 0;                    // guesses wanted of what follows the timeline; 0: only look
};

// One session's drafter. What it makes is made in its constructor: the calls below allocate nothing and cannot fail.
class Drafter {
 public:
  virtual ~Drafter() = default;

  // Whether every step of the main model, the prompt's included, is shown to it with its hidden rows. Positions may be
  // missing all the same: those of a restored snapshot, of a prefix reused, of a time when drafts did not pay.
  virtual bool wants_hidden() const { return false; }

  // Takes a job. What it points to stays valid until it is done or abandoned. True: done at once. With the scheduler's
  // lock held, so anything longer than microseconds belongs into advance().
  virtual bool start(const DraftJob& job) = 0;
  // Works until done (true) or until `pause` answers true (false; go on with another call). Without the lock.
  virtual bool advance(FunctionRef<bool()> pause) = 0;
  virtual void abandon() noexcept {}
  // Of the job done last, best guess first in time; at most job.most.
  virtual std::span<const int32_t> guesses() const = 0;

  // The timeline was cut: positions from `tokens` on will be written again, and so will the one before them, whose next
  // token is another now.
  virtual void cut(int64_t tokens) noexcept { static_cast<void>(tokens); }
  // For a session that goes on from the first `tokens` tokens of this one's timeline.
  virtual std::unique_ptr<Drafter> fork(int64_t tokens) const = 0;
};

using MakeDrafter = std::function<std::unique_ptr<Drafter>()>;

}  // namespace hadal
