// Logits, likely next tokens and scores of given text.
#include <algorithm>
#include <cmath>

#include "core/message.hpp"
#include "generate/session.hpp"
#include "generate/token_ids.hpp"

namespace hadal {

void Session::logits(FunctionRef<void(std::span<const float>)> see) {
  if (turn_wanted_ && !prompt_installed_) install_prompt();
  auto lock = hold();
  see(fed_logits(lock));
}

// Valid while the lock is held.
std::span<const float> Session::fed_logits(Scheduler::Lock& lock) {
  if (tokens_.empty()) throw Error(Status::invalid_argument, "logits: expected tokens in the session, found none");
  if (pending() == 0 && !logits_valid_) {
    invalidate_logits_for_refeed();
    forget_rows();
  }
  const bool all = options_.get("logits") == "all";
  if (pending() > 0) {
    forget_rows();
    if (all) {
      const size_t bytes = size_t(pending()) * logits_.size_bytes();
      if (rows_memory_.size() < bytes) rows_memory_ = Buffer(model_->host(), bytes, "logits of all tokens");
      rows_room_ = pending();
      rows_ = Rows::keep;
    }
    try {
      feed(lock);
    } catch (...) {
      rows_ = Rows::last;
      throw;
    }
    rows_ = Rows::last;
  }
  if (all && num_rows_ > 0)
    return {reinterpret_cast<const float*>(rows_memory_.data()), size_t(num_rows_) * logits_.size()};
  return logits_;
}

void Session::top(size_t n, std::vector<int32_t>& ids, std::vector<float>& log_probabilities) {
  if (turn_wanted_ && !prompt_installed_) install_prompt();
  auto lock = hold();
  const std::span<const float> last = fed_logits(lock).last(logits_.size());
  check_finite(last);
  largest(last, n, ids);
  const double total = log_sum_exp(last);
  log_probabilities.clear();
  for (const int32_t id : ids) log_probabilities.push_back(float(double(last[size_t(id)]) - total));
}

Session::Score Session::score(std::string_view text, bool parse_special) {
  const Tokenizer& tokenizer = model_->tokenizer();
  std::vector<int32_t> ids;
  tokenizer.encode(checked_text(text, options_.get("invalid_text") == "replace", "text"), parse_special, ids);
  expect_rows_for(ids, model_->vocabulary());
  if (turn_wanted_ && !prompt_installed_) install_prompt();
  auto lock = hold();
  if (active_) throw Error(Status::invalid_argument, "score: a turn is in progress");
  const int64_t base = int64_t(tokens_.size());
  const bool begin = base == 0 && tokenizer.add_bos && tokenizer.bos && (ids.empty() || ids[0] != *tokenizer.bos);
  if (begin) expect_rows_for({&*tokenizer.bos, 1}, model_->vocabulary());
  if (base > 0 || !ids.empty()) check_room(base > 0 ? int64_t(ids.size()) : 1 + int64_t(begin));
  const size_t window = size_t(context_ - base - (begin ? 1 : 0));
  score_ = {};
  try {
    if (base > 0) {
      if (pending() == 0 && !logits_valid_) invalidate_logits_for_refeed();
      if (pending() > 0) feed(lock);
      if (!ids.empty()) {
        score_.log_probability = double(logits_[size_t(ids[0])]) - log_sum_exp(logits_);
        score_.tokens = 1;
      }
    }
    rows_ = Rows::score;
    for (size_t at = 0; at < ids.size(); at += window) {
      if (begin) tokens_.push_back(*tokenizer.bos);
      tokens_.insert(tokens_.end(), ids.begin() + ptrdiff_t(at), ids.begin() + ptrdiff_t(std::min(ids.size(), at + window)));
      feed(lock);
      cut(base);
    }
  } catch (...) {
    scheduler_.free_session(lock, *this);
    rows_ = Rows::last;
    cut(base);
    throw;
  }
  rows_ = Rows::last;
  return score_;
}

}  // namespace hadal
