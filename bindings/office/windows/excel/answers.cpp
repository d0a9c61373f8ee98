#include "excel/answers.hpp"

#include <algorithm>
#include <cwchar>
#include <utility>

#include "engine.hpp"
#include "of_process.hpp"
#include "settings.hpp"

namespace {

constinit OfProcess<Answers> process_answers;

std::wstring trimmed(const std::wstring& text) {
  const wchar_t* blanks = L" \t\r\n";
  const size_t first = text.find_first_not_of(blanks);
  return first == std::wstring::npos ? L"" : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

int64_t count_tokens(hadal_model* model, const std::wstring& text) {
  size_t tokens = 0;
  check(hadal_model_tokenize16(model, units(text), int64_t(text.size()), 0, nullptr, 0, &tokens));
  return int64_t(tokens);
}

// The largest max_tokens an option text names; below 1 if one is without limit.
int64_t longest_answer(const std::wstring& options) {
  constexpr std::wstring_view kKey = L"max_tokens";
  int64_t longest = 0;
  for (size_t at = 0; (at = options.find(kKey, at)) != std::wstring::npos;) {
    at += kKey.size();
    const size_t equals = options.find_first_not_of(L' ', at);
    if (equals == std::wstring::npos || options[equals] != L'=') continue;
    const int64_t named = std::wcstoll(options.c_str() + equals + 1, nullptr, 10);
    if (named < 0) return named;
    longest = std::max(longest, named);
  }
  return longest;
}

// A cache no larger than system message, question and answer need, so that a sheet of cells fits into memory; where the
// user says how much he wants, that counts.
std::wstring fitted_options(hadal_model* model, const Question& question) {
  constexpr int64_t kTemplate = 256, kUsual = 4096;
  const int64_t answer = longest_answer(question.options);
  if (answer < 1 || answer >= kUsual || question.options.find(L"context") != std::wstring::npos) return question.options;
  const int64_t wanted = count_tokens(model, question.options) + count_tokens(model, question.prompt) + kTemplate + answer;
  return wanted >= kUsual ? question.options : L"context=" + std::to_wstring(wanted) + L"; " + question.options;
}

// A session of its own for one question.
hadal_session* session_for(const Question& question) {
  hadal_model* model = Engine::of_process().model(question.model, L"");
  hadal_session* session = nullptr;
  check(hadal_session_create16(model, units(fitted_options(model, question)), &session));
  const hadal_status added =
      hadal_session_add16(session, units(L"user"), units(question.prompt), int64_t(question.prompt.size()));
  if (added < 0) {
    const Failure failure{added, reinterpret_cast<const wchar_t*>(hadal_last_error16())};
    hadal_session_release(session);
    throw failure;
  }
  return session;
}

}  // namespace

Answers& Answers::of_process() { return process_answers.get(); }
void free_answers() noexcept { process_answers.free(); }

Question Answers::question(const std::wstring& prompt, const std::wstring& block, const std::wstring& options) {
  const Settings settings = read_settings();
  Question out;
  out.model = default_model(settings);
  out.options = session_options(settings, settings.cell_tokens);
  if (!options.empty()) out.options += L"; " + options;
  out.prompt = block.empty() ? prompt : prompt + L"\n\n" + block;
  return out;
}

std::optional<std::wstring> Answers::known(const Question& question) {
  const std::lock_guard lock(mutex_);
  const auto found = index_.find(question);
  if (found == index_.end()) return std::nullopt;
  kept_.splice(kept_.begin(), kept_, found->second);
  return found->second->second;
}

void Answers::ask(const Question& question, std::function<void(const Answer&)> done) {
  std::shared_ptr<Turn> turn;
  {
    std::unique_lock lock(mutex_);
    if (const auto found = index_.find(question); found != index_.end()) {
      const std::wstring text = found->second->second;
      lock.unlock();
      return done({text});
    }
    Pending& pending = pending_[question];
    pending.waiting.push_back(std::move(done));
    if (pending.turn) return;
    turn = pending.turn = std::make_shared<Turn>();
  }
  turn->on_over = [this, question](const Turn& over) { finish(question, over); };
  // The turn keeps the session; this reference goes when it is over.
  const auto session = std::make_shared<std::unique_ptr<hadal_session, void (*)(hadal_session*)>>(
      nullptr, [](hadal_session* s) { hadal_session_release(s); });
  try {
    Engine::of_process().begin(turn, [question, session] {
      session->reset(session_for(question));
      return session->get();
    }, true);
  } catch (...) {
    Outcome outcome;
    outcome.failure = current_failure();
    turn->end(std::move(outcome));
  }
}

std::shared_ptr<Turn> Answers::in_work(const Question& question) {
  const std::lock_guard lock(mutex_);
  const auto found = pending_.find(question);
  return found == pending_.end() ? nullptr : found->second.turn;
}

void Answers::finish(const Question& question, const Turn& turn) {
  const Outcome& outcome = turn.outcome();
  Answer answer;
  answer.cancelled = outcome.finish == L"cancelled";
  answer.text = outcome.failure ? L"Hadal: " + outcome.failure.sentence : trimmed(outcome.answer);
  std::vector<std::function<void(const Answer&)>> waiting;
  {
    const std::lock_guard lock(mutex_);
    if (auto node = pending_.extract(question); !node.empty()) waiting = std::move(node.mapped().waiting);
    if (!outcome.failure && !answer.cancelled) {
      kept_.emplace_front(question, answer.text);
      index_[question] = kept_.begin();
      if (kept_.size() > kKept) {
        index_.erase(kept_.back().first);
        kept_.pop_back();
      }
    }
  }
  for (const auto& done : waiting) done(answer);
}

void Answers::cancel_all() {
  std::vector<std::shared_ptr<Turn>> turns;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [question, pending] : pending_) turns.push_back(pending.turn);
  }
  for (const auto& turn : turns) turn->cancel();
}

void Answers::forget_all() {
  const std::lock_guard lock(mutex_);
  index_.clear();
  kept_.clear();
}
