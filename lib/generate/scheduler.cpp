#include "generate/scheduler.hpp"

#include <algorithm>
#include <chrono>
#include <limits>

#include "generate/session.hpp"

namespace hadal {
namespace {

// With answers being generated beside it, a prompt gets this share of a run's room: everyone keeps moving.
constexpr int64_t kSharedRoom = 4;
constexpr int64_t kLeastRoom = 32;

constexpr int32_t kWorking = 1, kReady = 2;

}  // namespace

Scheduler::Scheduler(std::shared_ptr<Runtime> runtime, const Program& program, std::shared_ptr<Host> host,
                     const Sizes& max)
    : runtime_(std::move(runtime)),
      executor_(program, std::move(host), runtime_->runner(), max),
      has_hidden_(program.graph().hidden().valid()) {
  tokens_.reserve(size_t(max.tokens));
  positions_.reserve(size_t(max.tokens));
  output_rows_.reserve(size_t(max.outputs));
  parts_.reserve(size_t(max.outputs));
  sequences_.reserve(size_t(max.outputs));
}

void Scheduler::add(Session& session) { sessions_.push_back(&session); }
void Scheduler::remove(Session& session) noexcept { std::erase(sessions_, &session); }

void Scheduler::free_session(Lock& lock, Session& session) {
  if (!session.in_run()) return;
  ++claims_;
  while (session.in_run()) {
    if (!driving_) {
      abandon_run();
      break;
    }
    attention_.store(true);
    changed_.wait(lock);
  }
  --claims_;
  changed_.notify_all();
}

void Scheduler::abandon_run() noexcept {
  const bool drafts = !executor_.running();
  executor_.abandon();
  for (const Part& part : parts_) {
    if (drafts) part.session->drafter().abandon();
    part.session->set_in_run(false);
  }
  parts_.clear();
  run_ns_ = 0;
}

void Scheduler::end_cancelled() {
  for (Session* session : sessions_) {
    if (!session->cancel_wanted()) continue;
    if (session->in_run()) abandon_run();
    session->end_turn_cancelled();
  }
}

// Fills the next run. Sessions that generate come first, one token each and what they guess to follow; the rest of the
// room is for prompts.
bool Scheduler::collect() {
  tokens_.clear();
  positions_.clear();
  output_rows_.clear();
  sequences_.clear();
  parts_.clear();
  const size_t n = sessions_.size();
  if (n == 0) return false;
  ++first_;
  const Sizes& max = executor_.max();

  int64_t prompts = 0, answers = 0;
  for (Session* session : sessions_) {
    session->resume();
    if (!session->has_work() || session->pending() == 0) continue;
    (session->pending() == 1 ? answers : prompts) += 1;
  }
  if (prompts + answers == 0) return false;

  const auto append = [&](Session& session, int64_t most, std::span<const int32_t> drafts) {
    const int64_t rows_left = max.outputs - int64_t(output_rows_.size());
    if (rows_left == 0 || int64_t(parts_.size()) == max.outputs) return;
    int64_t count = std::min({session.pending(), most, max.tokens - int64_t(tokens_.size())});
    if (session.wants_all_rows()) count = std::min(count, rows_left);
    if (count <= 0) return;
    const int64_t first = int64_t(tokens_.size());
    const auto fed = session.prepare_run(count, int64_t(drafts.size()));
    tokens_.insert(tokens_.end(), fed.begin(), fed.end());
    tokens_.insert(tokens_.end(), drafts.begin(), drafts.end());
    const bool whole = count == session.pending();
    count += int64_t(drafts.size());
    for (int64_t i = 0; i < count; ++i) positions_.push_back(int32_t(session.fed() + i));
    Part part{&session, first, count, int64_t(output_rows_.size()), 0};
    if (session.wants_all_rows()) {
      for (int64_t i = 0; i < count; ++i) output_rows_.push_back(int32_t(first + i));
    } else if (whole) {
      for (int64_t i = count - 1 - int64_t(drafts.size()); i < count; ++i) output_rows_.push_back(int32_t(first + i));
    }
    part.num_rows = int64_t(output_rows_.size()) - part.first_row;
    sequences_.push_back({first, count, session.fed(), session.pages()});
    session.set_in_run(true);
    parts_.push_back(part);
  };

  // Guesses get what is left when every session has its own token and a prompt its least share.
  int64_t draft_room = std::min(max.outputs - answers - prompts, max.tokens - answers - (prompts > 0 ? kLeastRoom : 0));
  int64_t expected = answers;
  for (size_t i = 0; i < n; ++i) {
    Session& session = *sessions_[(first_ + i) % n];
    if (!session.has_work() || session.pending() != 1) continue;
    const auto drafts = session.choose_drafts(costs_, expected, draft_room);
    draft_room -= int64_t(drafts.size());
    expected += int64_t(drafts.size());
    append(session, 1, drafts);
  }
  const int64_t free_room = max.tokens - int64_t(tokens_.size());
  const int64_t room = answers > 0 ? std::max(kLeastRoom, free_room / kSharedRoom) : free_room;
  const int64_t share = prompts > 0 ? std::max(kLeastRoom, room / prompts) : 0;
  for (size_t i = 0; i < n; ++i) {
    Session& session = *sessions_[(first_ + i) % n];
    if (session.has_work() && session.pending() > 1) append(session, std::min(share, session.chunk()), {});
  }
  if (parts_.empty()) return false;
  executor_.start({tokens_, positions_, sequences_, output_rows_});
  run_ns_ = 0;
  run_has_prompt_ = prompts > 0;
  return true;
}

void Scheduler::finish_run() {
  if (!run_has_prompt_) costs_.measured(int64_t(tokens_.size()), run_ns_);
  const auto rows_of = [](Tensor rows, int64_t first, int64_t count) {
    rows.data += first * rows.stride_bytes;
    rows.rows = std::min(count, rows.rows);
    return rows;
  };
  const Tensor logits = executor_.output(), hidden = has_hidden_ ? executor_.hidden() : Tensor{};
  std::erase_if(parts_, [&](const Part& part) {
    const int64_t before = part.session->fed();
    part.session->run_finished(part.num_tokens, rows_of(logits, part.first_row, part.num_rows), run_ns_);
    const bool waits = part.session->start_drafts(before, rows_of(hidden, part.first_token, part.num_tokens));
    part.session->set_in_run(waits);
    return !waits;
  });
  run_ns_ = 0;
  drafting_ = 0;
}

void Scheduler::finish_drafts() {
  for (const Part& part : parts_) {
    part.session->set_in_run(false);
    part.session->drafts_finished(run_ns_ / int64_t(parts_.size()));
  }
  parts_.clear();
}

bool Scheduler::advance_drafts(FunctionRef<bool()> pause) {
  for (; drafting_ < parts_.size(); ++drafting_)
    if (!parts_[drafting_].session->drafter().advance(pause)) return false;
  return true;
}

// Without the lock. False: paused, or the processors were not to be had.
bool Scheduler::compute(int64_t deadline_ns) {
  Host& host = *runtime_->host();
  while (!runtime_->computing().try_lock_for(std::chrono::milliseconds(2)))
    if (attention_.load() || host.now_ns() >= deadline_ns) return false;
  const std::lock_guard computing(runtime_->computing(), std::adopt_lock);
  const int64_t started = host.now_ns();
  const auto pause = [&] { return attention_.load(std::memory_order_relaxed) || host.now_ns() >= deadline_ns; };
  const bool finished = executor_.running() ? executor_.advance(pause) : advance_drafts(pause);
  run_ns_ += host.now_ns() - started;
  return finished;
}

bool Scheduler::drive(Lock& lock, FunctionRef<bool()> done, int64_t deadline_ns) {
  Host& host = *runtime_->host();
  for (bool worked = false;; worked = true) {
    if (attention_.exchange(false)) end_cancelled();
    if (done()) return true;
    const int64_t now = host.now_ns();
    if (worked && now >= deadline_ns) return false;
    if (driving_ || claims_ > 0) {
      if (deadline_ns == std::numeric_limits<int64_t>::max()) changed_.wait(lock);
      else changed_.wait_for(lock, std::chrono::nanoseconds(std::max<int64_t>(0, deadline_ns - now)));
      continue;
    }
    if (parts_.empty() && !collect()) return done();
    const bool drafts = !executor_.running();
    driving_ = true;
    lock.unlock();
    const bool finished = compute(deadline_ns);
    lock.lock();
    driving_ = false;
    if (finished && drafts) finish_drafts();
    else if (finished) finish_run();
    changed_.notify_all();
  }
}

bool Scheduler::any_work() const {
  return std::any_of(sessions_.begin(), sessions_.end(), [](const Session* s) { return s->has_work(); });
}

int32_t Scheduler::state() {
  const Lock held = lock();
  int32_t state = 0;
  for (const Session* session : sessions_) {
    if (session->has_work() || session->turn_wanted()) state |= kWorking;
    if (session->has_pieces()) state |= kReady;
  }
  return state;
}

int32_t Scheduler::step(int64_t deadline_ns) {
  std::vector<std::shared_ptr<Session>> waiting;
  {
    const Lock held = lock();
    for (Session* session : sessions_)
      if (session->turn_wanted())
        if (auto alive = session->weak_from_this().lock()) waiting.push_back(std::move(alive));
  }
  for (const auto& session : waiting) session->start_turn_unless_occupied();
  waiting.clear();
  {
    Lock held = lock();
    drive(held, [&] { return !any_work(); }, deadline_ns);
  }
  return state();
}

}  // namespace hadal
