// A session's guesses: made after a step, fed with the next one, and kept as far as the sampler chooses the same.
#include <algorithm>
#include <limits>

#include "generate/session.hpp"

namespace hadal {

void Session::change_drafter() {
  const std::string_view wanted = options_.get("drafts");
  if (wanted == drafts_) return;
  drafter_ = model_->make_drafter(options_);
  drafts_ = wanted;
  guessed_after_ = -1;
  pace_.restart(wanted == "auto", drafter_ && drafter_->wants_hidden());
}

// Tokens the turn may still get.
int64_t Session::tokens_left() const {
  const int64_t room = context_ - int64_t(tokens_.size());
  return max_tokens_ < 0 ? room : std::min(room, max_tokens_ - usage_.generated_tokens);
}

std::span<const int32_t> Session::choose_drafts(const StepCosts& costs, int64_t tokens, int64_t room) {
  if (!active_ || feeding_ || pending() != 1 || guessed_after_ != int64_t(tokens_.size())) return {};
  // The last token of a turn is not fed, so a guess of it would be checked in vain.
  const int64_t most = std::min({int64_t(guesses_.size()), room, tokens_left() - 1});
  return guesses_.first(size_t(pace_.choose(costs, tokens, most)));
}

std::span<const int32_t> Session::prepare_run(int64_t count, int64_t drafts) {
  run_drafts_ = drafts;
  table_.prepare(fed_, fed_ + count + drafts);
  return std::span(tokens_).subspan(size_t(fed_), size_t(count));
}

// The last 1 + run_drafts_ rows follow the pending token and the guesses behind it. A guess stands while it is what the
// sampler chooses from the row before it: every token is chosen from the same row, in the same order and with the same
// random number as if each had been a step of its own. What the other guesses left in the cache is written over.
void Session::take_rows(const Tensor& rows) {
  const int64_t first = int64_t(tokens_.size()), drafts = std::exchange(run_drafts_, 0);
  int64_t accepted = 0;
  usage_.drafted_tokens += drafts;
  for (;;) {
    const auto row = rows.row<const float>(rows.rows - 1 - drafts + accepted);
    std::copy(row.begin(), row.end(), logits_.begin());
    logits_valid_ = true;
    if (!active_ || feeding_) return;
    sample();
    if (!active_ || accepted == drafts || tokens_.back() != guesses_[size_t(accepted)]) break;
    ++accepted;
    ++fed_;
    ++usage_.accepted_tokens;
  }
  if (guessed_after_ != first) return;
  const int64_t said = std::min(int64_t(tokens_.size()) - first, int64_t(guesses_.size()));
  int64_t right = 0;
  while (right < said && tokens_[size_t(first + right)] == guesses_[size_t(right)]) ++right;
  pace_.verified(drafts, std::min(right + 1, said), right);
}

bool Session::start_drafts(int64_t first, const Tensor& hidden) noexcept {
  guessed_after_ = -1;
  if (!drafter_) return false;
  int64_t most = 0;
  if (active_ && !feeding_ && pending() == 1) most = std::min({pace_.wanted(), kMostDrafts, tokens_left() - 1});
  if (most <= 0 && (!drafter_->wants_hidden() || pace_.resting())) return false;
  DraftJob job{.timeline = tokens_, .first = first, .most = std::max<int64_t>(0, most)};
  if (drafter_->wants_hidden()) {
    job.hidden = hidden;
    job.hidden.rows = std::min(hidden.rows, fed_ - first);
    table_.prepare(first, fed_ + std::max<int64_t>(0, job.most - 1));
    job.pages = table_.pages();
  }
  if (!drafter_->start(job)) return true;
  drafts_finished(0);
  return false;
}

void Session::drafts_finished(int64_t ns) noexcept {
  guesses_ = drafter_->guesses();
  guessed_after_ = int64_t(tokens_.size());
  if (ns == 0) return;
  // With the first token come the rows of a whole prompt.
  const bool decoding = usage_.generated_tokens > 1;
  (decoding ? usage_.decode_ns : usage_.prompt_ns) += ns;
  if (decoding && !guesses_.empty()) pace_.drafting_took(ns);
}

}  // namespace hadal
