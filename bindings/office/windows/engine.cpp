#include "engine.hpp"

#include <exception>
#include <utility>

#include "of_process.hpp"

namespace {

// Between two looks at what was asked for meanwhile. A step stops inside a layer, so this is kept well.
constexpr int64_t kSliceUs = 15'000;

// Office text may hold half a surrogate pair; an answer is worth more than a complaint about it.
constexpr const wchar_t* kRuntimeOptions = L"invalid_text=replace";

// This DLL with one reference more.
HMODULE pinned_module() {
  HMODULE module = nullptr;
  GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, reinterpret_cast<LPCWSTR>(&pinned_module), &module);
  return module;
}

constinit OfProcess<Engine> process_engine;

}  // namespace

Engine& Engine::of_process() { return process_engine.get(); }
void Engine::free_process_instance() noexcept { process_engine.free(); }

void Engine::start_thread() {
  if (running_) return;
  if (thread_.joinable()) thread_.join();
  pinned_ = pinned_module();
  stopping_ = false;
  running_ = true;
  try {
    thread_ = std::thread([this] { work(); });
  } catch (const std::system_error&) {
    running_ = false;
    FreeLibrary(std::exchange(pinned_, nullptr));
    throw Failure{HADAL_OUT_OF_MEMORY, L"the system gave no thread to compute on"};
  }
}

void Engine::run_and_wait(const std::function<void()>& body) {
  struct State {
    std::mutex mutex;
    std::condition_variable done_changed;
    bool done = false;
    std::exception_ptr problem;
  };
  if (thread_id_ == GetCurrentThreadId()) return body();
  const auto state = std::make_shared<State>();
  {
    const std::lock_guard lock(mutex_);
    start_thread();
    calls_.push_back([state, &body] {
      std::exception_ptr problem;
      try {
        body();
      } catch (...) {
        problem = std::current_exception();
      }
      const std::lock_guard inner(state->mutex);
      state->problem = problem;
      state->done = true;
      state->done_changed.notify_all();
    });
  }
  wake_.notify_all();
  std::unique_lock lock(state->mutex);
  state->done_changed.wait(lock, [&] { return state->done; });
  if (state->problem) std::rethrow_exception(state->problem);
}

void Engine::begin(std::shared_ptr<Turn> turn, std::function<hadal_session*()> prepare, bool patient) {
  {
    const std::lock_guard lock(mutex_);
    start_thread();
    (patient ? patient_ : urgent_).push_back({std::move(turn), std::move(prepare)});
  }
  wake_.notify_all();
}

hadal_model* Engine::model(const std::wstring& path, const std::wstring& options) {
  const auto key = std::make_pair(path, options);
  if (const auto found = models_.find(key); found != models_.end()) return found->second;
  if (runtime_ == nullptr) check(hadal_runtime_create16(nullptr, units(kRuntimeOptions), &runtime_));
  hadal_model* model = nullptr;
  check(hadal_model_open16(runtime_, units(path), units(options), &model));
  return models_[key] = model;
}

void Engine::start(Job job) {
  Turn& turn = *job.turn;
  if (turn.cancelled()) {
    Outcome outcome;
    outcome.finish = L"cancelled";
    return turn.end(std::move(outcome));
  }
  try {
    hadal_session* session = job.prepare();
    turn.attach(session);
    active_.emplace_back(std::move(job.turn), hadal_session_retain(session));
  } catch (...) {
    Outcome outcome;
    outcome.finish = L"error";
    outcome.failure = current_failure();
    turn.end(std::move(outcome));
  }
}

// Takes what the turn made; true when it is over.
bool Engine::drain(Turn& turn, hadal_session* session) {
  wchar_t text[512];
  int32_t kind = 0;
  size_t size = 0;
  hadal_status status;
  while ((status = hadal_session_read16(session, &kind, units(text), std::size(text), &size)) == HADAL_OK)
    turn.push(kind, std::wstring(text, size));
  if (status == HADAL_AGAIN) return false;
  Outcome outcome;
  try {
    if (status < 0) outcome.failure = {status, reinterpret_cast<const wchar_t*>(hadal_last_error16())};
    const auto get = [&](const wchar_t* key) {
      return text_out([&](uint16_t* buffer, size_t capacity, size_t* length) {
        return hadal_session_get16(session, units(key), buffer, capacity, length);
      });
    };
    outcome.finish = get(L"finish");
    outcome.answer = get(L"answer");
    outcome.thought = get(L"thought");
    outcome.usage.size = sizeof outcome.usage;
    check(hadal_session_usage(session, &outcome.usage));
  } catch (...) {
    if (!outcome.failure) outcome.failure = current_failure();
  }
  turn.end(std::move(outcome));
  return true;
}

void Engine::work() {
  thread_id_ = GetCurrentThreadId();
  for (;;) {
    std::deque<std::function<void()>> calls;
    std::deque<Job> jobs;
    bool stopping;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] {
        return !calls_.empty() || !urgent_.empty() || !active_.empty() || !patient_.empty() || stopping_;
      });
      stopping = stopping_;
      calls.swap(calls_);
      jobs.swap(urgent_);
      while (!patient_.empty() && (stopping || active_.size() + jobs.size() < kBatch)) {
        jobs.push_back(std::move(patient_.front()));
        patient_.pop_front();
      }
    }
    for (const auto& call : calls) call();
    if (stopping) {
      for (Job& job : jobs) job.turn->cancel();
      for (const auto& [turn, session] : active_) turn->cancel();
    }
    for (Job& job : jobs) start(std::move(job));
    if (!active_.empty()) {
      int32_t state = 0;
      hadal_runtime_step(runtime_, kSliceUs, &state);   // a failure is its session's, which tells it below
      std::erase_if(active_, [&](const auto& one) {
        if (!drain(*one.first, one.second)) return false;
        hadal_session_release(one.second);
        return true;
      });
    } else if (stopping) {
      break;
    }
  }
  free_models();
  thread_id_ = 0;
}

void Engine::free_models() {
  for (const auto& [key, model] : models_) hadal_model_release(model);
  models_.clear();
  hadal_runtime_release(std::exchange(runtime_, nullptr));
}

void Engine::stop() {
  const std::lock_guard once(stop_mutex_);   // a second caller would take the thread for ended
  std::thread ending;
  HMODULE pinned = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (!running_) return;
    stopping_ = true;
    ending = std::move(thread_);
    pinned = std::exchange(pinned_, nullptr);
  }
  wake_.notify_all();
  if (ending.joinable()) ending.join();
  {
    const std::lock_guard lock(mutex_);
    running_ = false;
    if (!calls_.empty() || !urgent_.empty() || !patient_.empty()) start_thread();   // asked for meanwhile
  }
  if (pinned != nullptr) FreeLibrary(pinned);   // the caller holds the DLL, too: it is in it
}

bool Engine::running() {
  const std::lock_guard lock(mutex_);
  return running_;
}
