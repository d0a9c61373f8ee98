// The one T that this process has: made on first use and not destroyed when the process ends, for its threads are gone
// before any destructor runs. An unloading DLL frees it.
#pragma once

#include <atomic>
#include <memory>

template <class T>
class OfProcess {
 public:
  T& get() {
    T* known = made_;
    if (known == nullptr) {
      auto fresh = std::make_unique<T>();
      if (made_.compare_exchange_strong(known, fresh.get())) known = fresh.release();   // else another thread was first
    }
    return *known;
  }
  void free() noexcept { delete made_.exchange(nullptr); }

 private:
  std::atomic<T*> made_ = nullptr;
};
