// A session's turns: the prompt is made and matched against the cache, tokens are chosen, and the turn ends.
#include <algorithm>
#include <limits>

#include "core/message.hpp"
#include "generate/session.hpp"
#include "generate/token_ids.hpp"

namespace hadal {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

// The first message of the oldest turn that may be left out, and one past its last: from after the system messages to
// the next user message. Empty if only one turn is left.
std::pair<size_t, size_t> oldest_turn(const std::vector<Message>& messages) {
  size_t first = 0;
  while (first < messages.size() && messages[first].role == "system") ++first;
  for (size_t i = first + 1; i < messages.size(); ++i)
    if (messages[i].role == "user") return {first, i};
  return {first, first};
}

}  // namespace

// Makes the prompt of the next turn and keeps what the cache already holds of it. On failure nothing has changed.
void Session::install_prompt() {
  const std::string_view policy = options_.get("context_policy");
  // A reply needs room for one token at least.
  const int64_t wanted = std::max<int64_t>(1, max_tokens_);
  const int64_t reserve = policy == "refuse" ? wanted : policy == "drop" ? std::min(wanted, context_ / 2) : 1;
  const auto refuse = [&](int64_t prompt) {
    throw Error(Status::context_full, message("context: expected a prompt of at most ", context_ - reserve,
                                              " tokens (of ", context_, "), found ", prompt));
  };

  if (mode_ == Mode::raw) {
    const auto lock = hold();
    if (policy == "refuse" && int64_t(tokens_.size()) + wanted > context_) refuse(int64_t(tokens_.size()));
    if (pending() == 0 && !logits_valid_) invalidate_logits_for_refeed();
    usage_ = {.prompt_tokens = int64_t(tokens_.size()), .reused_tokens = fed_};
    prompt_text_.clear();
    prompt_installed_ = true;
    return;
  }

  std::vector<Message> messages = messages_copy();
  Prompt prompt = model_->prompts().make(messages, prompt_settings(options_));
  int64_t dropped = 0;
  const int64_t drop_reserve = policy == "drop" && max_tokens_ < 0 ? std::max<int64_t>(1, context_ / 4) : reserve;
  while (policy == "drop" && int64_t(prompt.tokens.size()) + drop_reserve > context_) {
    const auto [first, end] = oldest_turn(messages);
    if (first == end) break;
    messages.erase(messages.begin() + ptrdiff_t(first), messages.begin() + ptrdiff_t(end));
    dropped += int64_t(end - first);
    prompt = model_->prompts().make(messages, prompt_settings(options_));
  }
  if (prompt.tokens.empty()) throw Error(Status::invalid_argument, "prompt: expected tokens, the template made none");
  if (int64_t(prompt.tokens.size()) + reserve > context_) refuse(int64_t(prompt.tokens.size()));
  expect_rows_for(prompt.tokens, model_->vocabulary());
  if (dropped > 0)
    model_->host()->log(LogLevel::warning, message("context full: the oldest ", dropped, " messages are left out"));

  const auto lock = hold();
  const auto fed_end = tokens_.begin() + fed_;
  int64_t same = std::mismatch(tokens_.begin(), fed_end, prompt.tokens.begin(), prompt.tokens.end()).first - tokens_.begin();
  const int64_t size = int64_t(prompt.tokens.size());
  if (same == size && !(fed_ == size && logits_valid_)) same = size - 1;   // the last token's logits are needed
  cut(same);
  tokens_.insert(tokens_.end(), prompt.tokens.begin() + same, prompt.tokens.end());
  prompt_text_ = std::move(prompt.text);
  dropped_messages_ = dropped;
  usage_ = {.prompt_tokens = size, .reused_tokens = same};
  prompt_installed_ = true;
}

// The last token is fed once more to have its logits; its cache row is written again with the same values.
void Session::invalidate_logits_for_refeed() {
  if (fed_ == 0) return;
  --fed_;
  logits_valid_ = false;
}

void Session::begin_reply() {
  std::optional<ReplySplitter> splitter;
  if (mode_ == Mode::chat) splitter.emplace(model_->prompts().reply_format(), prompt_text_);
  reply_.emplace(model_->has_tokenizer() ? &model_->tokenizer() : nullptr, options_.texts("stop"), std::move(splitter));
}

void Session::start_turn() {
  {
    const auto lock = scheduler_.lock();
    if (!turn_wanted_) return;
    if (cancel_wanted()) {
      end_turn_cancelled();
      return;
    }
  }
  try {
    if (!prompt_installed_) install_prompt();
    const auto lock = hold();
    if (!turn_wanted_) {   // cancelled while the prompt was made
      prompt_installed_ = false;
      return;
    }
    begin_reply();
    turn_wanted_ = prompt_installed_ = false;
    active_ = true;
  } catch (const std::exception&) {
    const auto lock = scheduler_.lock();
    turn_wanted_ = prompt_installed_ = false;
    usage_.finish = Finish::error;
    throw;
  }
}

void Session::start_turn_unless_occupied() {
  if (!occupancy_.enter_for_step()) return;
  try {
    start_turn();
  } catch (const Error& error) {
    const auto lock = scheduler_.lock();
    failure_ = error;
  } catch (const std::exception&) {
    const auto lock = scheduler_.lock();
    failure_ = Error(Status::out_of_memory, "out of memory");
  }
  occupancy_.leave();
}

void Session::run_finished(int64_t count, const Tensor& rows, int64_t run_ns) noexcept {
  const int64_t before = fed_;
  fed_ += count - run_drafts_;
  (usage_.generated_tokens > 0 ? usage_.decode_ns : usage_.prompt_ns) += run_ns;
  logits_valid_ = false;
  try {
    if (rows_ == Rows::score) {
      for (int64_t i = 0; i < rows.rows && before + i + 1 < int64_t(tokens_.size()); ++i) {
        const auto row = rows.row<const float>(i);
        check_finite(row);
        score_.log_probability += double(row[size_t(tokens_[size_t(before + i + 1)])]) - log_sum_exp(row);
        ++score_.tokens;
      }
    } else if (rows_ == Rows::keep) {
      auto* out = reinterpret_cast<float*>(rows_memory_.data());
      for (int64_t i = 0; i < rows.rows && num_rows_ < rows_room_; ++i, ++num_rows_) {
        const auto row = rows.row<const float>(i);
        std::copy(row.begin(), row.end(), out + num_rows_ * int64_t(row.size()));
      }
    } else {
      num_rows_ = 0;
    }
    if (pending() > 0 || rows.rows == 0) return;
    take_rows(rows);
  } catch (const Error& error) {
    fail_turn(error);
  } catch (const std::exception&) {
    fail_turn(Error(Status::out_of_memory, "out of memory"));
  }
}

void Session::resume() noexcept {
  if (!active_ || feeding_ || pending() > 0) return;
  try {
    if (logits_valid_) sample();
    else invalidate_logits_for_refeed();
  } catch (const Error& error) {
    fail_turn(error);
  } catch (const std::exception&) {
    fail_turn(Error(Status::out_of_memory, "out of memory"));
  }
}

void Session::sample() {
  if (max_tokens_ >= 0 && usage_.generated_tokens >= max_tokens_) return end_turn(Finish::length);
  if (int64_t(tokens_.size()) >= context_) return end_turn(Finish::context);
  accept(sampler_.choose(logits_, tokens_));
}

void Session::accept(int32_t id) {
  tokens_.push_back(id);
  ++usage_.generated_tokens;
  const auto is_in = [id](const std::vector<int32_t>& ids) { return std::find(ids.begin(), ids.end(), id) != ids.end(); };
  if (is_in(stop_ids_)) return end_turn(Finish::stop);
  if (!ignore_end_ && model_->has_tokenizer() && is_in(model_->tokenizer().end_of_turn)) return end_turn(Finish::stop);
  if (reply_->push(id)) return end_turn(Finish::stop_text);
  if (max_tokens_ >= 0 && usage_.generated_tokens >= max_tokens_) return end_turn(Finish::length);
  if (int64_t(tokens_.size()) >= context_) return end_turn(Finish::context);
}

void Session::end_turn(Finish finish) {
  active_ = false;
  usage_.finish = finish;
  if (reply_) reply_->finish();
  if (mode_ != Mode::chat) return;
  messages_.push_back({"assistant", reply_ ? reply_->raw() : std::string(), -1});
  for (Message& m : messages_)
    if (m.tokens_after < 0) m.tokens_after = int64_t(tokens_.size());
}

void Session::fail_turn(const Error& error) noexcept {
  try {
    failure_ = error;
    feeding_ = false;
    if (active_) end_turn(Finish::error);
  } catch (const std::exception&) {
    active_ = false;
    usage_.finish = Finish::error;
  }
}

void Session::end_turn_cancelled() noexcept {
  cancel_ = false;
  try {
    if (feeding_) {
      feeding_ = false;
      failure_ = Error(Status::cancelled, "cancelled while tokens were fed");
    }
    if (turn_wanted_) {
      // The turn never began: nothing was said that the history would have to hold.
      turn_wanted_ = prompt_installed_ = false;
      reply_.reset();
      usage_.finish = Finish::cancelled;
    } else if (active_) {
      end_turn(Finish::cancelled);
    }
  } catch (const std::exception&) {
    active_ = false;
    usage_.finish = Finish::cancelled;
  }
}

void Session::cancel() noexcept {
  cancel_.store(true);
  scheduler_.call_attention();
}

void Session::throw_failure() {
  if (!failure_) return;
  const Error error = *failure_;
  failure_.reset();
  throw error;
}

void Session::until_piece(int64_t deadline_ns) {
  start_turn();
  auto lock = scheduler_.lock();
  scheduler_.drive(lock, [&] { return has_pieces() || !active_; }, deadline_ns);
  if (!has_pieces()) throw_failure();
}

void Session::until_over(int64_t deadline_ns) {
  start_turn();
  auto lock = scheduler_.lock();
  scheduler_.drive(lock, [&] { return !active_; }, deadline_ns);
  throw_failure();
}

void Session::tell_failure() {
  const auto lock = scheduler_.lock();
  throw_failure();
}

bool Session::over() {
  const auto lock = scheduler_.lock();
  return !active_ && !turn_wanted_ && !failure_;
}

bool Session::take_piece(ReplyPiece& out, size_t most) {
  const auto lock = scheduler_.lock();
  return reply_ && reply_->take(out, most);
}

int32_t Session::state() {
  const auto lock = scheduler_.lock();
  return (active_ || turn_wanted_ ? 1 : 0) | (has_pieces() ? 2 : 0);
}

void Session::forget_rows() noexcept { num_rows_ = 0; }

// Feeds what is pending, choosing nothing.
void Session::feed(Scheduler::Lock& lock) {
  cancel_ = false;
  feeding_ = true;
  scheduler_.drive(lock, [&] { return !feeding_ || pending() == 0; }, kNever);
  feeding_ = false;
  throw_failure();
}

}  // namespace hadal
