// Answers for cells. Excel recalculates when it likes, so what was asked before is known, what is being computed is
// joined, and what is new queues into the engine, which computes several as one batch.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "turn.hpp"

struct Question {
  std::wstring model, options, prompt;
  auto operator<=>(const Question&) const = default;
};

struct Answer {
  std::wstring text;        // for the cell, failures too: "Hadal: ..."
  bool cancelled = false;
};

class Answers {
 public:
  static Answers& of_process();

  // From the user's settings and what a cell gives. Throws Failure(HADAL_NOT_FOUND) if there is no model.
  static Question question(const std::wstring& prompt, const std::wstring& block, const std::wstring& options);

  std::optional<std::wstring> known(const Question& question);
  // Calls `done` once: at once where the answer is known, else on the engine's thread.
  void ask(const Question& question, std::function<void(const Answer&)> done);
  // The turn that computes a question right now, to look at what there is of it; nullptr if none.
  std::shared_ptr<Turn> in_work(const Question& question);
  // Every question not yet answered ends as cancelled.
  void cancel_all();
  void forget_all();

 private:
  static constexpr size_t kKept = 5000;
  struct Pending {
    std::shared_ptr<Turn> turn;
    std::vector<std::function<void(const Answer&)>> waiting;
  };
  using Kept = std::list<std::pair<Question, std::wstring>>;

  void finish(const Question& question, const Turn& turn);

  std::mutex mutex_;
  std::map<Question, Pending> pending_;
  Kept kept_;   // most recently used first
  std::map<Question, Kept::iterator> index_;
};

// For an unloading DLL whose engine has stopped.
void free_answers() noexcept;
