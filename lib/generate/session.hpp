// One timeline: tokens, cache, sampler state, conversation. Every public function takes the scheduler's lock; those
// of the scheduler's own part are called with it held.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chat/chat.hpp"
#include "core/buffer.hpp"
#include "core/status.hpp"
#include "core/tensor.hpp"
#include "generate/draft_pace.hpp"
#include "generate/model.hpp"
#include "generate/occupancy.hpp"
#include "generate/options.hpp"
#include "generate/pages.hpp"
#include "generate/prompt.hpp"
#include "generate/reply.hpp"
#include "generate/sampler.hpp"
#include "generate/scheduler.hpp"

namespace hadal {

// Numbers as in hadal.h.
enum class Finish : int32_t { none = 0, stop = 1, stop_text = 2, length = 3, context = 4, cancelled = 5, error = 6 };
std::string_view name_of(Finish finish);

struct Usage {
  Finish finish = Finish::none;
  int64_t prompt_tokens = 0, reused_tokens = 0, generated_tokens = 0;
  int64_t prompt_ns = 0, decode_ns = 0;
  // Guesses checked, and those of them that were right and so saved a step: a turn takes generated - accepted steps.
  int64_t drafted_tokens = 0, accepted_tokens = 0;
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  static std::shared_ptr<Session> create(std::shared_ptr<Model> model, Options options);
  ~Session();
  std::shared_ptr<Session> fork();
  void reset();
  void rewind(int64_t tokens);

  // Bytes of a snapshot, and the snapshot itself into exactly that many.
  std::vector<std::byte> save();
  void restore(std::span<const std::byte> bytes);

  void set(std::string_view key, std::string_view value);
  std::string get(std::string_view key);

  void add(std::string_view role, std::string_view text) { add(role, text, {}); }
  // The same; with the next user message the text gives way to `plain`, if that is not empty, and `messages` shows
  // `plain` from the start.
  void add(std::string_view role, std::string_view text, std::string_view plain);
  // Ends the turn that add() asked for with this answer; nothing is computed.
  void answer_with(std::string_view text);
  // The user's last message as `messages` shows it; "" if there is none.
  std::string last_question();
  void add_tokens(std::span<const int32_t> ids);
  void add_text(std::string_view text, bool parse_special);
  void fill(std::string_view prefix, std::string_view suffix);
  std::string render();
  std::string render(std::string_view json);

  // Each computes until its goal or the deadline (host clock); throws what ended the turn, once.
  void until_piece(int64_t deadline_ns);
  void until_over(int64_t deadline_ns);
  bool over();                        // no turn in progress or asked for
  bool take_piece(ReplyPiece& out, size_t most);   // at most that many bytes, whole characters
  int32_t state();
  void tell_failure();                // throws what ended a turn and was not told yet

  void cancel() noexcept;

  Usage usage();
  std::vector<int32_t> tokens(int64_t first);
  int64_t num_tokens();
  uint64_t cache_bytes();
  int64_t context() const { return context_; }

  // Shows the rows asked for by the option `logits`, fed first, while nobody can change them.
  void logits(FunctionRef<void(std::span<const float>)> see);
  void top(size_t n, std::vector<int32_t>& ids, std::vector<float>& log_probabilities);
  struct Score {
    double log_probability = 0;
    int64_t tokens = 0;
  };
  Score score(std::string_view text, bool parse_special);

  const std::shared_ptr<Model>& model() const { return model_; }
  // One thread at a time; the C interface and runtime steps claim it.
  Occupancy& occupancy() { return occupancy_; }
  void start_turn_unless_occupied();

  // --- the scheduler's part ---
  bool has_work() const { return active_ || (feeding_ && pending() > 0); }
  void resume() noexcept;            // chooses where nothing has to be fed first
  bool turn_wanted() const { return turn_wanted_; }
  bool has_pieces() const { return reply_ && reply_->has_pieces(); }
  int64_t pending() const { return int64_t(tokens_.size()) - fed_; }
  int64_t fed() const { return fed_; }
  int64_t chunk() const { return chunk_; }
  bool wants_all_rows() const { return rows_ != Rows::last; }
  std::span<std::byte* const> pages() const { return table_.pages(); }
  // Guesses to check behind the pending token in a run that has `tokens` tokens without them, at most `room`.
  std::span<const int32_t> choose_drafts(const StepCosts& costs, int64_t tokens, int64_t room);
  // Makes the cache writable for `count` pending tokens and `drafts` guesses; gives the tokens.
  std::span<const int32_t> prepare_run(int64_t count, int64_t drafts);
  bool in_run() const { return in_run_; }
  void set_in_run(bool in_run) noexcept { in_run_ = in_run; }
  void run_finished(int64_t count, const Tensor& rows, int64_t run_ns) noexcept;
  // Asks the drafter for guesses of what follows. hidden: the run's rows, of positions first on. False: there is nothing
  // to wait for; true: its advance() has to be called until it is done.
  bool start_drafts(int64_t first, const Tensor& hidden) noexcept;
  Drafter& drafter() { return *drafter_; }
  void drafts_finished(int64_t ns) noexcept;
  bool cancel_wanted() const noexcept { return cancel_.load(); }
  void end_turn_cancelled() noexcept;

 private:
  enum class Mode : uint8_t { empty, chat, raw };
  enum class Rows : uint8_t { last, keep, score };

  Session(std::shared_ptr<Model> model, Options options);
  void apply_options();
  Scheduler::Lock hold();            // the lock, with this session out of any run
  void check_room(int64_t more) const;

  // A turn: asked for by add*, started (prompt made), active (computing), over.
  void start_turn();
  void install_prompt();
  void begin_reply();
  void sample();
  void accept(int32_t id);
  void take_rows(const Tensor& rows);
  int64_t tokens_left() const;
  void change_drafter();
  void end_turn(Finish finish);
  void fail_turn(const Error& error) noexcept;
  void want_turn();
  void throw_failure();              // with the lock held, as fed_logits()
  std::vector<Message> messages_copy();
  std::span<const float> fed_logits(Scheduler::Lock& lock);
  void feed(Scheduler::Lock& lock);
  void forget_rows() noexcept;
  void invalidate_logits_for_refeed();
  void cut(int64_t tokens);

  const std::shared_ptr<Model> model_;
  Scheduler& scheduler_;
  Options options_;
  int64_t context_, chunk_;
  PageTable table_;
  Buffer logits_memory_;
  std::span<float> logits_;          // what follows token fed_ - 1, if logits_valid_
  bool logits_valid_ = false;
  Sampler sampler_;
  uint64_t seed_ = 0;

  Mode mode_ = Mode::empty;
  std::vector<Message> messages_;
  std::vector<int32_t> tokens_;
  int64_t fed_ = 0;                  // of tokens_, in the cache
  std::string prompt_text_;
  int64_t dropped_messages_ = 0;     // left out of the prompt by context_policy=drop

  bool turn_wanted_ = false, prompt_installed_ = false, active_ = false, feeding_ = false, in_run_ = false;
  std::atomic<bool> cancel_ = false;
  Occupancy occupancy_;
  std::optional<Error> failure_;     // ended the turn, not told yet
  Usage usage_;
  std::optional<Reply> reply_;       // of the turn in progress or the last one
  int64_t max_tokens_ = -1;
  std::vector<int32_t> stop_ids_;
  bool ignore_end_ = false;

  std::unique_ptr<Drafter> drafter_;
  DraftPace pace_;
  std::string drafts_;               // the option's value that drafter_ was made for
  std::span<const int32_t> guesses_; // of what follows the first guessed_after_ tokens
  int64_t guessed_after_ = -1;
  int64_t run_drafts_ = 0;           // guesses in the run in progress

  Rows rows_ = Rows::last;
  Buffer rows_memory_;
  int64_t num_rows_ = 0, rows_room_ = 0;
  Score score_;
  std::vector<double> row_scratch_;
};

}  // namespace hadal
