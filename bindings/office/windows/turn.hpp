// One answer in the making. The engine's thread fills it, any other thread empties it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "failure.hpp"

struct Piece {
  int32_t kind = 0;   // HADAL_ANSWER, HADAL_THOUGHT, HADAL_TOOL_CALL
  std::wstring text;
};

// What stands when a turn is over.
struct Outcome {
  std::wstring finish;   // as hadal_session_get "finish" names it
  std::wstring answer, thought;
  hadal_usage usage{};
  Failure failure;
};

class Turn {
 public:
  using Milliseconds = std::chrono::milliseconds;
  enum class Wait { piece, over, timeout };

  // Waits for a piece for at most that long.
  Wait next(Milliseconds timeout, Piece& piece);
  // All text of one kind that waits now, as one piece; waits for the first of it. Thoughts are passed over.
  std::wstring take_answer(Milliseconds timeout);

  // All of the answer up to now, taken or not.
  std::wstring answer_so_far() const;

  bool over() const;        // nothing is being made any more
  bool all_taken() const;   // and every piece was taken
  // False when it is not over by then.
  bool wait_until_over(Milliseconds timeout) const;
  // After it is over.
  const Outcome& outcome() const { return outcome_; }

  // From any thread. What was generated stays.
  void cancel();

  // Called once on the engine's thread after it is over. To be set before the turn is begun.
  std::function<void(const Turn&)> on_over;

  // ---- For the engine
  bool cancelled() const;
  void attach(hadal_session* session);   // gives cancel() something to act on
  void push(int32_t kind, std::wstring text);
  void end(Outcome outcome);

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::deque<Piece> pieces_;
  std::wstring answer_;
  Outcome outcome_;
  hadal_session* session_ = nullptr;   // retained
  bool cancelled_ = false, over_ = false;
};
