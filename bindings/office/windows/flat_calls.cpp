// hadalv_*: see hadalv.h. A handle is looked up before it is used, so that a macro's leftover number does no harm.
#include <algorithm>
#include <map>
#include <memory>
#include <mutex>

#include "com/session_object.hpp"
#include "conversation.hpp"
#include "flat_calls.hpp"
#include "hadalv.h"
#include "of_process.hpp"
#include "settings.hpp"
#include "variants.hpp"

namespace {

thread_local std::wstring last_failure;

int32_t remember(const Failure& failure) {
  last_failure = failure.sentence;
  return failure.status;
}

// Nothing thrown gets past.
template <class Body>
int32_t guard(Body&& body) noexcept {
  try {
    return body();
  } catch (...) {
    return remember(current_failure());
  }
}

template <class Pointer>
Pointer required(Pointer pointer, const wchar_t* name) {
  if (pointer == nullptr) throw Failure{HADAL_INVALID_ARGUMENT, std::wstring(name) + L": expected a variable, found nothing"};
  return pointer;
}

// Sessions by number: odd, never used twice, so neither 0 nor any address.
class Sessions {
 public:
  hadalv_session* add(std::shared_ptr<Conversation> conversation) {
    const std::lock_guard lock(mutex_);
    next_ += 2;
    entries_[next_] = std::move(conversation);
    return reinterpret_cast<hadalv_session*>(next_);
  }
  std::shared_ptr<Conversation> find(hadalv_session* handle) {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(reinterpret_cast<intptr_t>(handle));
    if (found == entries_.end())
      throw Failure{HADAL_INVALID_ARGUMENT, L"session: expected what hadalv_open gave, found a session that is closed or never was"};
    return found->second;
  }
  std::shared_ptr<Conversation> remove(hadalv_session* handle) {
    const std::lock_guard lock(mutex_);
    auto node = entries_.extract(reinterpret_cast<intptr_t>(handle));
    return node.empty() ? nullptr : std::move(node.mapped());
  }
  void clear() {
    std::map<intptr_t, std::shared_ptr<Conversation>> ended;
    const std::lock_guard lock(mutex_);
    ended.swap(entries_);
  }

 private:
  std::mutex mutex_;
  intptr_t next_ = 1;
  std::map<intptr_t, std::shared_ptr<Conversation>> entries_;
};

constinit OfProcess<Sessions> process_sessions;

Sessions& sessions() { return process_sessions.get(); }

template <class Body>
int32_t with(hadalv_session* handle, Body&& body) noexcept {
  return guard([&]() -> int32_t {
    const std::shared_ptr<Conversation> conversation = sessions().find(handle);
    if constexpr (std::is_void_v<decltype(body(*conversation))>) {
      body(*conversation);
      return HADAL_OK;
    } else {
      return body(*conversation);
    }
  });
}

}  // namespace

void free_sessions() noexcept { process_sessions.free(); }

extern "C" {

int32_t __stdcall hadalv_version(VARIANT* text) {
  return guard([&] {
    put_text(required(text, L"text"), from_utf8(hadal_version()));
    return HADAL_OK;
  });
}

int32_t __stdcall hadalv_last_error(VARIANT* text) {
  return guard([&] {
    put_text(required(text, L"text"), last_failure);
    return HADAL_OK;
  });
}

int32_t __stdcall hadalv_status_name(int32_t status, VARIANT* text) {
  return guard([&] {
    put_text(required(text, L"text"), from_utf8(hadal_status_name(status)));
    return HADAL_OK;
  });
}

int32_t __stdcall hadalv_describe(const wchar_t* topic, int32_t topic_length, VARIANT* json) {
  return guard([&] {
    const std::wstring key = text_of(topic, topic_length);
    put_text(required(json, L"json"), text_out([&](uint16_t* buffer, size_t capacity, size_t* size) {
               return hadal_describe16(units(key), buffer, capacity, size);
             }));
    return HADAL_OK;
  });
}

int32_t __stdcall hadalv_models(VARIANT* names) {
  return guard([&] {
    put_texts(required(names, L"names"), installed_models());
    return HADAL_OK;
  });
}

int32_t __stdcall hadalv_open(const wchar_t* model, int32_t model_length, const wchar_t* options, int32_t options_length,
                              hadalv_session** session) {
  return guard([&] {
    *required(session, L"session") = nullptr;
    auto conversation = std::make_shared<Conversation>();
    conversation->open(text_of(model, model_length), text_of(options, options_length));
    *session = sessions().add(std::move(conversation));
    return HADAL_OK;
  });
}

int32_t __stdcall hadalv_close(hadalv_session* session) {
  return guard([&] {
    sessions().remove(session);
    return HADAL_OK;
  });
}

int32_t __stdcall hadalv_set(hadalv_session* session, const wchar_t* key, int32_t key_length, const wchar_t* value,
                             int32_t value_length) {
  return with(session, [&](Conversation& c) { c.set(text_of(key, key_length), text_of(value, value_length)); });
}

int32_t __stdcall hadalv_get(hadalv_session* session, const wchar_t* key, int32_t key_length, VARIANT* value) {
  return with(session, [&](Conversation& c) { put_text(required(value, L"value"), c.get(text_of(key, key_length))); });
}

int32_t __stdcall hadalv_model_get(hadalv_session* session, const wchar_t* key, int32_t key_length, VARIANT* value) {
  return with(session, [&](Conversation& c) { put_text(required(value, L"value"), c.model_get(text_of(key, key_length))); });
}

int32_t __stdcall hadalv_add(hadalv_session* session, const wchar_t* role, int32_t role_length, const wchar_t* message,
                             int32_t message_length) {
  return with(session, [&](Conversation& c) { c.add(text_of(role, role_length), text_of(message, message_length)); });
}

int32_t __stdcall hadalv_reset(hadalv_session* session) {
  return with(session, [](Conversation& c) { c.reset(); });
}

int32_t __stdcall hadalv_ask(hadalv_session* session, const wchar_t* prompt, int32_t prompt_length, VARIANT* answer) {
  return with(session, [&](Conversation& c) { put_text(required(answer, L"answer"), c.ask(text_of(prompt, prompt_length))); });
}

int32_t __stdcall hadalv_stream(hadalv_session* session, const wchar_t* prompt, int32_t prompt_length,
                                hadalv_on_piece on_piece, intptr_t user, VARIANT* answer) {
  return with(session, [&](Conversation& c) -> int32_t {
    required(answer, L"answer");
    bool stopped = false;
    const std::wstring whole = c.ask(text_of(prompt, prompt_length), [&](const Piece& piece) {
      stopped = on_piece != nullptr && on_piece(user, piece.kind, piece.text.c_str(), int32_t(piece.text.size())) != 0;
      return !stopped;
    });
    put_text(answer, whole);
    if (stopped) throw Failure{HADAL_CANCELLED, L"the callback asked to stop"};
    return HADAL_OK;
  });
}

int32_t __stdcall hadalv_start(hadalv_session* session, const wchar_t* prompt, int32_t prompt_length) {
  return with(session, [&](Conversation& c) { c.start(text_of(prompt, prompt_length)); });
}

int32_t __stdcall hadalv_next(hadalv_session* session, int32_t timeout_ms, int32_t* kind, VARIANT* piece) {
  return with(session, [&](Conversation& c) -> int32_t {
    required(kind, L"kind");
    put_text(required(piece, L"piece"), L"");
    *kind = 0;
    const std::shared_ptr<Turn> turn = c.turn();
    if (turn == nullptr) return HADAL_END;
    Piece found;
    switch (turn->next(Turn::Milliseconds(std::max<int32_t>(0, timeout_ms)), found)) {
      case Turn::Wait::timeout: return HADAL_AGAIN;
      case Turn::Wait::over:
        if (turn->outcome().failure) throw turn->outcome().failure;
        return HADAL_END;
      case Turn::Wait::piece: break;
    }
    put_text(piece, found.text);
    *kind = found.kind;
    return HADAL_OK;
  });
}

int32_t __stdcall hadalv_cancel(hadalv_session* session) {
  return with(session, [](Conversation& c) { c.cancel(); });
}

int32_t __stdcall hadalv_tokenize(hadalv_session* session, const wchar_t* text, int32_t text_length, VARIANT* tokens) {
  return with(session, [&](Conversation& c) { put_longs(required(tokens, L"tokens"), c.tokenize(text_of(text, text_length))); });
}

int32_t __stdcall hadalv_detokenize(hadalv_session* session, const VARIANT* tokens, VARIANT* text) {
  return with(session, [&](Conversation& c) {
    put_text(required(text, L"text"), c.detokenize(longs_of(*required(tokens, L"tokens"))));
  });
}

int32_t __stdcall hadalv_usage(hadalv_session* session, int32_t* prompt_tokens, int32_t* answer_tokens, double* seconds) {
  return with(session, [&](Conversation& c) {
    const hadal_usage usage = c.usage();
    *required(prompt_tokens, L"prompt_tokens") = int32_t(usage.prompt_tokens);
    *required(answer_tokens, L"answer_tokens") = int32_t(usage.generated_tokens);
    *required(seconds, L"seconds") = double(usage.prompt_us + usage.decode_us) / 1e6;
  });
}

int32_t __stdcall hadalv_object(IDispatch** result) {
  return guard([&] {
    *required(result, L"result") = nullptr;
    *result = new_session_object();
    return HADAL_OK;
  });
}

int32_t __stdcall hadalv_shutdown(void) {
  return guard([&] {
    sessions().clear();
    Engine::of_process().stop();
    return HADAL_OK;
  });
}

}  // extern "C"
