#include "turn.hpp"

#include <utility>

Turn::Wait Turn::next(Milliseconds timeout, Piece& piece) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, timeout, [&] { return !pieces_.empty() || over_; });
  if (pieces_.empty()) return over_ ? Wait::over : Wait::timeout;
  piece = std::move(pieces_.front());
  pieces_.pop_front();
  return Wait::piece;
}

std::wstring Turn::take_answer(Milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  std::unique_lock lock(mutex_);
  std::wstring text;
  while (text.empty()) {
    if (!changed_.wait_until(lock, deadline, [&] { return !pieces_.empty() || over_; }) || pieces_.empty()) break;
    for (; !pieces_.empty(); pieces_.pop_front())
      if (pieces_.front().kind == HADAL_ANSWER) text += pieces_.front().text;
  }
  return text;
}

std::wstring Turn::answer_so_far() const {
  const std::lock_guard lock(mutex_);
  return answer_;
}

bool Turn::over() const {
  const std::lock_guard lock(mutex_);
  return over_;
}

bool Turn::all_taken() const {
  const std::lock_guard lock(mutex_);
  return over_ && pieces_.empty();
}

bool Turn::wait_until_over(Milliseconds timeout) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, timeout, [&] { return over_; });
}

void Turn::cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  if (session_ != nullptr) hadal_session_cancel(session_);
}

bool Turn::cancelled() const {
  const std::lock_guard lock(mutex_);
  return cancelled_;
}

void Turn::attach(hadal_session* session) {
  const std::lock_guard lock(mutex_);
  session_ = hadal_session_retain(session);
  if (cancelled_) hadal_session_cancel(session_);
}

void Turn::push(int32_t kind, std::wstring text) {
  {
    const std::lock_guard lock(mutex_);
    if (kind == HADAL_ANSWER) answer_ += text;
    pieces_.push_back({kind, std::move(text)});
  }
  changed_.notify_all();
}

void Turn::end(Outcome outcome) {
  {
    const std::lock_guard lock(mutex_);
    if (over_) return;
    outcome_ = std::move(outcome);
    hadal_session_release(std::exchange(session_, nullptr));
    over_ = true;
  }
  if (on_over) on_over(*this);
  changed_.notify_all();
}
