#include "conversation.hpp"

#include <algorithm>

#include "settings.hpp"

namespace {

constexpr Turn::Milliseconds kLookForEscape{50};

// In a blocked call no message is read, so the key itself is asked; only where the user is in this program.
bool escape_pressed() {
  DWORD process = 0;
  const HWND window = GetForegroundWindow();
  if (window == nullptr) return false;
  GetWindowThreadProcessId(window, &process);
  return process == GetCurrentProcessId() && (GetAsyncKeyState(VK_ESCAPE) & 0x8000) != 0;
}

}  // namespace

struct Conversation::State {
  Settings settings = read_settings();
  std::wstring model, model_options;
  std::vector<std::pair<std::wstring, std::wstring>> options;   // set before there was a session
  hadal_session* session = nullptr;                             // made and used on the engine's thread

  ~State() { hadal_session_release(session); }

  hadal_model* loaded_model() {
    if (model.empty()) model = default_model(settings);
    return Engine::of_process().model(model, model_options);
  }

  hadal_session* open_session() {
    if (session != nullptr) return session;
    hadal_model* loaded = loaded_model();
    hadal_session* made = nullptr;
    check(hadal_session_create16(loaded, units(session_options(settings, settings.max_tokens)), &made));
    try {
      for (const auto& [key, value] : options) check(hadal_session_set16(made, units(key), units(value)));
    } catch (...) {
      hadal_session_release(made);
      throw;
    }
    return session = made;
  }
};

Conversation::Conversation() : state_(std::make_shared<State>()) {}

Conversation::~Conversation() {
  if (turn_) turn_->cancel();
}

void Conversation::finish_turn() {
  if (!turn_) return;
  turn_->cancel();
  while (!turn_->wait_until_over(Turn::Milliseconds(1000))) {
  }
}

void Conversation::open(const std::wstring& model, const std::wstring& options) {
  finish_turn();
  auto fresh = std::make_shared<State>();
  fresh->options = state_->options;
  fresh->model = model;
  fresh->model_options = options;
  Engine::of_process().run([&] { fresh->open_session(); });
  state_ = std::move(fresh);
  turn_.reset();
}

std::wstring Conversation::model() const {
  return state_->model.empty() ? default_model(state_->settings) : state_->model;
}

void Conversation::set(const std::wstring& key, const std::wstring& value) {
  Engine::of_process().run([&] {
    if (state_->session != nullptr) check(hadal_session_set16(state_->session, units(key), units(value)));
    std::erase_if(state_->options, [&](const auto& option) { return option.first == key; });
    state_->options.emplace_back(key, value);
  });
}

std::wstring Conversation::get(const std::wstring& key) {
  const auto same = [&](const auto& option) { return option.first == key; };
  const auto found = std::find_if(state_->options.begin(), state_->options.end(), same);
  if (found != state_->options.end()) return found->second;
  return Engine::of_process().run([&] {
    hadal_session* session = state_->open_session();
    return text_out([&](uint16_t* buffer, size_t capacity, size_t* size) {
      return hadal_session_get16(session, units(key), buffer, capacity, size);
    });
  });
}

std::wstring Conversation::model_get(const std::wstring& key) {
  return Engine::of_process().run([&] {
    hadal_model* model = state_->loaded_model();
    return text_out([&](uint16_t* buffer, size_t capacity, size_t* size) {
      return hadal_model_get16(model, units(key), buffer, capacity, size);
    });
  });
}

void Conversation::add(const std::wstring& role, const std::wstring& text) {
  finish_turn();
  Engine::of_process().run([&] {
    check(hadal_session_add16(state_->open_session(), units(role), units(text), int64_t(text.size())));
  });
}

void Conversation::reset() {
  finish_turn();
  turn_.reset();
  Engine::of_process().run([&] {
    if (state_->session != nullptr) check(hadal_session_reset(state_->session));
  });
}

void Conversation::start(const std::wstring& prompt) {
  finish_turn();
  auto turn = std::make_shared<Turn>();
  Engine::of_process().begin(turn, [state = state_, prompt] {
    hadal_session* session = state->open_session();
    check(hadal_session_add16(session, units(L"user"), units(prompt), int64_t(prompt.size())));
    return session;
  }, false);
  turn_ = std::move(turn);
}

void Conversation::cancel() { finish_turn(); }

std::wstring Conversation::ask(const std::wstring& prompt, const std::function<bool(const Piece&)>& each) {
  start(prompt);
  const std::shared_ptr<Turn> turn = turn_;   // a callback may start another
  try {
    for (Piece piece;;) {
      const Turn::Wait found = turn->next(kLookForEscape, piece);
      if (found == Turn::Wait::over) break;
      if (found == Turn::Wait::piece && each && !turn->cancelled() && !each(piece)) turn->cancel();
      if (escape_pressed()) turn->cancel();
    }
  } catch (...) {
    turn->cancel();
    throw;
  }
  if (turn->outcome().failure) throw turn->outcome().failure;
  return turn->outcome().answer;
}

std::vector<int32_t> Conversation::tokenize(const std::wstring& text) {
  return Engine::of_process().run([&] {
    hadal_model* model = state_->loaded_model();
    size_t count = 0;
    check(hadal_model_tokenize16(model, units(text), int64_t(text.size()), 0, nullptr, 0, &count));
    std::vector<int32_t> ids(count);
    if (count > 0)
      check(hadal_model_tokenize16(model, units(text), int64_t(text.size()), 0, ids.data(), ids.size(), &count));
    return ids;
  });
}

std::wstring Conversation::detokenize(const std::vector<int32_t>& ids) {
  return Engine::of_process().run([&] {
    hadal_model* model = state_->loaded_model();
    return text_out([&](uint16_t* buffer, size_t capacity, size_t* size) {
      return hadal_model_detokenize16(model, ids.data(), ids.size(), 0, buffer, capacity, size);
    });
  });
}

hadal_usage Conversation::usage() {
  hadal_usage usage{};
  usage.size = sizeof usage;
  if (turn_ && turn_->over()) return turn_->outcome().usage;
  Engine::of_process().run([&] {
    if (state_->session != nullptr) check(hadal_session_usage(state_->session, &usage));
  });
  return usage;
}
