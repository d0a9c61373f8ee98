// A conversation as macros know it: one session of the library with its options, history and turn in progress. Used by
// one thread at a time; what needs the library happens on the engine's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine.hpp"

class Conversation {
 public:
  Conversation();
  ~Conversation();
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  // Names another model ("" = the default one) and forgets the past. Loads it now, so that a wrong name fails here.
  void open(const std::wstring& model, const std::wstring& options);
  // The model's path or name.
  std::wstring model() const;

  // Before and after the model is loaded; a wrong key fails where it is used first.
  void set(const std::wstring& key, const std::wstring& value);
  std::wstring get(const std::wstring& key);
  std::wstring model_get(const std::wstring& key);

  void add(const std::wstring& role, const std::wstring& text);
  void reset();

  // A turn for a user's message, computed by the engine. One still running is cancelled first.
  void start(const std::wstring& prompt);
  // The last turn, or nullptr. Held by who looks at it: a callback may start the next one.
  std::shared_ptr<Turn> turn() const { return turn_; }
  void cancel();

  // The whole turn. `each` gets every piece on the calling thread and returns false to stop; it may throw, which stops
  // the turn too. Escape stops it where this program has the user's attention. Gives the answer, or throws Failure.
  std::wstring ask(const std::wstring& prompt, const std::function<bool(const Piece&)>& each = {});

  std::vector<int32_t> tokenize(const std::wstring& text);
  std::wstring detokenize(const std::vector<int32_t>& ids);
  hadal_usage usage();

 private:
  struct State;   // lives as long as the engine works on it
  void finish_turn();

  std::shared_ptr<State> state_;
  std::shared_ptr<Turn> turn_;
};
