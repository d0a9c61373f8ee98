#include "generate/runtime.hpp"

#include <limits>

#include "core/system.hpp"
#include "core/thread_pool.hpp"
#include "generate/scheduler.hpp"

namespace hadal {

Runtime::Runtime(std::shared_ptr<Host> host, Options options, std::unique_ptr<TaskRunner> runner)
    : host_(std::move(host)), options_(std::move(options)), runner_(std::move(runner)) {}

Runtime::~Runtime() = default;

TaskRunner& Runtime::runner() {
  const std::lock_guard lock(mutex_);
  if (!runner_) {
    const int64_t threads = options_.integer("threads");
    const int wanted = threads > 0 ? int(threads) : usable_processors();
    if (wanted == 1) runner_ = std::make_unique<InlineRunner>();
    else runner_ = std::make_unique<ThreadPool>(wanted);
  }
  return *runner_;
}

void Runtime::add(const std::shared_ptr<Scheduler>& scheduler) {
  const std::lock_guard lock(mutex_);
  std::erase_if(schedulers_, [](const auto& s) { return s.expired(); });
  schedulers_.push_back(scheduler);
}

int32_t Runtime::step(int64_t deadline_ns) {
  constexpr int64_t kTurnNs = 10'000'000;   // how long one model computes before the next one's turn
  for (bool first_round = true;; first_round = false) {
    std::vector<std::shared_ptr<Scheduler>> schedulers;
    {
      const std::lock_guard lock(mutex_);
      for (size_t i = 0; i < schedulers_.size(); ++i)
        if (auto alive = schedulers_[(first_ + i) % schedulers_.size()].lock()) schedulers.push_back(std::move(alive));
      ++first_;
    }
    int32_t state = 0;
    for (const auto& scheduler : schedulers) {
      const int64_t now = host_->now_ns();
      const bool late = !first_round && now >= deadline_ns;
      const bool alone = schedulers.size() == 1;
      state |= late ? scheduler->state()
                    : scheduler->step(alone ? deadline_ns : std::min(deadline_ns, now + kTurnNs));
    }
    if ((state & 1) == 0 || host_->now_ns() >= deadline_ns) return state;
  }
}

void* LimitedHost::allocate(size_t size, size_t alignment) {
  const uint64_t before = used_.fetch_add(size);
  void* block = limit_ != 0 && before + size > limit_ ? nullptr : host_->allocate(size, alignment);
  if (!block) used_ -= size;
  return block;
}

void LimitedHost::free(void* block, size_t size, size_t alignment) noexcept {
  if (!block) return;
  host_->free(block, size, alignment);
  used_ -= size;
}

int64_t deadline_after(Host& host, int64_t budget_us) {
  constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
  if (budget_us < 0) return kNever;
  const int64_t now = host.now_ns();
  return budget_us > (kNever - now) / 1000 ? kNever : now + budget_us * 1000;
}

}  // namespace hadal
