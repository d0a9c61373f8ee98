// One thread computes for everything this process asks of hadal: macros, cells, scripts. Models stay loaded and are
// shared; turns that run at the same time are computed as one batch. All calls into the library but cancel are made on
// that thread, so no caller ever finds a session busy, and none waits for more than the work it asked for.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "turn.hpp"

class Engine {
 public:
  static Engine& of_process();
  // For an unloading DLL (of_process.hpp): the engine has stopped, or it would pin the DLL.
  static void free_process_instance() noexcept;

  // Runs `body` on the engine's thread between two slices of computing, waits for it and gives its result. What it
  // throws comes back.
  template <class Body>
  auto run(Body&& body) {
    if constexpr (std::is_void_v<decltype(body())>) {
      run_and_wait(body);
    } else {
      decltype(body()) result{};
      run_and_wait([&] { result = body(); });
      return result;
    }
  }

  // Starts a turn and returns at once. `prepare` runs on the engine's thread, may open a model, adds the message and
  // gives the session to step; what it throws becomes the turn's failure. Turns with `patient` set wait until fewer
  // than kBatch run: cells, of which there may be thousands.
  void begin(std::shared_ptr<Turn> turn, std::function<hadal_session*()> prepare, bool patient);

  // On the engine's thread: a model by path (or Ollama name) and options, loaded on first use. Borrowed.
  hadal_model* model(const std::wstring& path, const std::wstring& options);

  // Cancels every turn, frees the models and ends the thread. The next call starts it again. Not for DllMain.
  void stop();
  bool running();

 private:
  static constexpr size_t kBatch = 8;
  struct Job {
    std::shared_ptr<Turn> turn;
    std::function<hadal_session*()> prepare;
  };

  void run_and_wait(const std::function<void()>& body);
  void start_thread();   // with the mutex held
  void work();
  void start(Job job);
  bool drain(Turn& turn, hadal_session* session);
  void free_models();

  std::mutex stop_mutex_;   // held through stop()
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> calls_;
  std::deque<Job> urgent_, patient_;
  bool stopping_ = false, running_ = false;
  std::thread thread_;
  std::atomic<DWORD> thread_id_ = 0;
  HMODULE pinned_ = nullptr;   // this DLL, while the thread is in it

  // The engine's thread only.
  hadal_runtime* runtime_ = nullptr;
  std::map<std::pair<std::wstring, std::wstring>, hadal_model*> models_;
  std::vector<std::pair<std::shared_ptr<Turn>, hadal_session*>> active_;
};
