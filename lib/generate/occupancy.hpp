// Who is inside a handle that serves one thread at a time: nobody, a thread of the host, or for a moment the runtime's
// step. A second host thread is refused; it waits for the step, so that a poller beside it never sees a busy session.
#pragma once

#include <atomic>
#include <cstdint>

namespace hadal {

class Occupancy {
 public:
  // False: another thread of the host is inside.
  bool enter() noexcept {
    for (;;) {
      int32_t seen = kNobody;
      if (state_.compare_exchange_strong(seen, kHost)) return true;
      if (seen == kHost) return false;
      state_.wait(kStep);
    }
  }
  // False: anybody is inside.
  bool enter_for_step() noexcept {
    int32_t seen = kNobody;
    return state_.compare_exchange_strong(seen, kStep);
  }
  void leave() noexcept {
    state_ = kNobody;
    state_.notify_all();
  }

 private:
  static constexpr int32_t kNobody = 0, kHost = 1, kStep = 2;
  std::atomic<int32_t> state_ = kNobody;
};

}  // namespace hadal
