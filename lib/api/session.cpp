// hadal_session_* and hadal_ask.
#include <limits>

#include "api/handles.hpp"
#include "api/knowledge.hpp"

using namespace hadal;
using namespace hadal::api;

namespace {

constexpr size_t kAll = std::numeric_limits<size_t>::max();
// The longest character and its NUL.
constexpr size_t kLeastPiece = 5;

int64_t deadline_of(const Session& session, int64_t budget_us) {
  return deadline_after(*session.model()->runtime()->host(), budget_us);
}

template <class Text>
hadal_status create(hadal_model* handle, Text options, hadal_session** out) noexcept {
  return guard([&]() -> hadal_status {
    required(out, "out");
    const std::shared_ptr<Model> model = required(handle, "model").model;
    Options merged = model->options();
    merged.merge(optional_text(options), OptionLevel::session);
    auto session = std::make_unique<hadal_session>();
    session->session = Session::create(model, std::move(merged));
    *out = session.release();
    return HADAL_OK;
  });
}

// Hands every piece there is to the watcher, if there is one.
void deliver(Session& session, const hadal_session& handle) {
  if (!handle.on_piece) return;
  ReplyPiece piece;
  while (session.take_piece(piece, kAll))
    if (handle.on_piece(handle.on_piece_context, int32_t(piece.kind), piece.text.data(), piece.text.size()) != 0)
      session.cancel();
}

// Computes to the end of the turn or the deadline, showing pieces on the way.
void advance(Session& session, const hadal_session& handle, int64_t deadline_ns) {
  if (!handle.on_piece) return session.until_over(deadline_ns);
  Host& host = *session.model()->runtime()->host();
  do {
    session.until_piece(deadline_ns);
    deliver(session, handle);
  } while (!session.over() && host.now_ns() < deadline_ns);
}

template <class Unit>
hadal_status piece_out(const ReplyPiece& piece, int32_t* kind, Unit* buffer, size_t capacity, size_t* size) {
  if (kind) *kind = int32_t(piece.kind);
  return text_out(piece.text, buffer, capacity, size);
}

void check_piece_buffer(const void* buffer, size_t capacity) {
  if (!buffer || capacity < kLeastPiece)
    throw Error(Status::invalid_argument,
                message("buffer: expected room for at least ", kLeastPiece, " elements, found ", buffer ? capacity : 0));
}

template <class Unit>
hadal_status next(hadal_session* handle, int32_t* kind, Unit* buffer, size_t capacity, size_t* size) noexcept {
  return with_session(handle, [&](Session& session, hadal_session& self) -> hadal_status {
    check_piece_buffer(buffer, capacity);
    if (size) *size = 0;
    ReplyPiece piece;
    for (;;) {
      deliver(session, self);
      // A byte of UTF-8 becomes at most one unit of UTF-16.
      if (session.take_piece(piece, capacity - 1)) return piece_out(piece, kind, buffer, capacity, size);
      if (session.over()) return HADAL_END;
      session.until_piece(std::numeric_limits<int64_t>::max());
    }
  });
}

template <class Unit>
hadal_status read(hadal_session* handle, int32_t* kind, Unit* buffer, size_t capacity, size_t* size) noexcept {
  return with_session(handle, [&](Session& session, hadal_session&) -> hadal_status {
    check_piece_buffer(buffer, capacity);
    if (size) *size = 0;
    ReplyPiece piece;
    if (session.take_piece(piece, capacity - 1)) return piece_out(piece, kind, buffer, capacity, size);
    session.tell_failure();
    return session.over() ? HADAL_END : HADAL_AGAIN;
  });
}

// A user message goes through the knowledge base the session uses, if it uses one.
void add_message(Session& session, hadal_session& handle, std::string_view role, std::string_view text) {
  if (handle.use && role == "user") handle.use->add(session, text);
  else session.add(role, text);
}

template <class Unit>
hadal_status ask(hadal_session* handle, const Unit* text, int64_t text_size, Unit* buffer, size_t capacity,
                 size_t* size) noexcept {
  return with_session(handle, [&](Session& session, hadal_session& self) -> hadal_status {
    check_buffer(buffer, capacity);
    add_message(session, self, "user", text_in(text, text_size, "text"));
    advance(session, self, std::numeric_limits<int64_t>::max());
    ReplyPiece piece;
    while (session.take_piece(piece, kAll)) {
    }
    return text_out(session.get("answer"), buffer, capacity, size);
  });
}

template <class Unit>
hadal_status add(hadal_session* handle, const Unit* role, const Unit* text, int64_t text_size) noexcept {
  return with_session(handle, [&](Session& session, hadal_session& self) -> hadal_status {
    add_message(session, self, text_in(role, -1, "role"), text_in(text, text_size, "text"));
    return HADAL_OK;
  });
}

template <class Unit>
hadal_status add_text(hadal_session* handle, const Unit* text, int64_t text_size, uint32_t flags) noexcept {
  return with_session(handle, [&](Session& session, hadal_session&) -> hadal_status {
    session.add_text(text_in(text, text_size, "text"), (flags & HADAL_SPECIAL) != 0);
    return HADAL_OK;
  });
}

template <class Unit>
hadal_status fill(hadal_session* handle, const Unit* prefix, int64_t prefix_size, const Unit* suffix,
                  int64_t suffix_size) noexcept {
  return with_session(handle, [&](Session& session, hadal_session&) -> hadal_status {
    const auto before = text_in(prefix, prefix_size, "prefix");
    session.fill(before, text_in(suffix, suffix_size, "suffix"));
    return HADAL_OK;
  });
}

template <class Unit>
hadal_status render(hadal_session* handle, const Unit* json, int64_t json_size, Unit* buffer, size_t capacity,
                    size_t* size) noexcept {
  return with_session(handle, [&](Session& session, hadal_session&) -> hadal_status {
    check_buffer(buffer, capacity);
    return text_out(json ? session.render(text_in(json, json_size, "json")) : session.render(), buffer, capacity, size);
  });
}

template <class Unit>
hadal_status set(hadal_session* handle, const Unit* key, const Unit* value) noexcept {
  return with_session(handle, [&](Session& session, hadal_session&) -> hadal_status {
    session.set(text_in(key, -1, "key"), text_in(value, -1, "value"));
    return HADAL_OK;
  });
}

template <class Unit>
hadal_status get(hadal_session* handle, const Unit* key, Unit* buffer, size_t capacity, size_t* size) noexcept {
  return with_session(handle, [&](Session& session, hadal_session& self) -> hadal_status {
    const std::string wanted(text_in(key, -1, "key"));
    if (self.use)
      if (const auto value = self.use->get(session, wanted)) return text_out(*value, buffer, capacity, size);
    return text_out(session.get(wanted), buffer, capacity, size);
  });
}

template <class Unit>
hadal_status score(hadal_session* handle, const Unit* text, int64_t text_size, uint32_t flags, double* log_probability,
                   int64_t* tokens) noexcept {
  return with_session(handle, [&](Session& session, hadal_session&) -> hadal_status {
    const Session::Score score = session.score(text_in(text, text_size, "text"), (flags & HADAL_SPECIAL) != 0);
    if (log_probability) *log_probability = score.log_probability;
    if (tokens) *tokens = score.tokens;
    return HADAL_OK;
  });
}

}  // namespace

hadal_status hadal_session_create(hadal_model* model, const char* options, hadal_session** out) {
  return create(model, options, out);
}
hadal_status hadal_session_create16(hadal_model* model, const uint16_t* options, hadal_session** out) {
  return create(model, options, out);
}

hadal_status hadal_session_fork(hadal_session* handle, hadal_session** out) {
  return with_session(handle, [&](Session& session, hadal_session& self) -> hadal_status {
    required(out, "out");
    auto copy = std::make_unique<hadal_session>();
    copy->session = session.fork();
    if (self.use) copy->use = std::make_shared<KnowledgeUse>(*self.use);
    *out = copy.release();
    return HADAL_OK;
  });
}

hadal_status hadal_session_reset(hadal_session* handle) {
  return with_session(handle, [](Session& session, hadal_session& self) -> hadal_status {
    session.reset();
    if (self.use) self.use->reset();
    return HADAL_OK;
  });
}

hadal_status hadal_session_rewind(hadal_session* handle, int64_t tokens) {
  return with_session(handle,
                      [&](Session& session, hadal_session&) -> hadal_status { return session.rewind(tokens), HADAL_OK; });
}

hadal_status hadal_session_save(hadal_session* handle, void* buffer, size_t capacity, size_t* size) {
  return with_session(handle, [&](Session& session, hadal_session&) -> hadal_status {
    check_buffer(static_cast<const char*>(buffer), capacity);
    const std::vector<std::byte> bytes = session.save();
    if (size) *size = bytes.size();
    if (capacity == 0) return HADAL_OK;
    if (bytes.size() > capacity) return HADAL_PARTIAL;   // half a snapshot is of no use: nothing is written
    std::memcpy(buffer, bytes.data(), bytes.size());
    return HADAL_OK;
  });
}

hadal_status hadal_session_restore(hadal_session* handle, const void* data, size_t size) {
  return with_session(handle, [&](Session& session, hadal_session&) -> hadal_status {
    if (size > 0) required(static_cast<const char*>(data), "data");
    session.restore({static_cast<const std::byte*>(data), size});
    return HADAL_OK;
  });
}

hadal_status hadal_session_set(hadal_session* session, const char* key, const char* value) {
  return set(session, key, value);
}
hadal_status hadal_session_set16(hadal_session* session, const uint16_t* key, const uint16_t* value) {
  return set(session, key, value);
}
hadal_status hadal_session_get(hadal_session* session, const char* key, char* buffer, size_t capacity, size_t* size) {
  return get(session, key, buffer, capacity, size);
}
hadal_status hadal_session_get16(hadal_session* session, const uint16_t* key, uint16_t* buffer, size_t capacity,
                                 size_t* size) {
  return get(session, key, buffer, capacity, size);
}

hadal_session* hadal_session_retain(hadal_session* session) { return retain(session); }
void hadal_session_release(hadal_session* session) { release(session); }

hadal_status hadal_session_add(hadal_session* session, const char* role, const char* text, int64_t text_size) {
  return add(session, role, text, text_size);
}
hadal_status hadal_session_add16(hadal_session* session, const uint16_t* role, const uint16_t* text, int64_t text_size) {
  return add(session, role, text, text_size);
}

hadal_status hadal_session_add_tokens(hadal_session* handle, const int32_t* ids, size_t count) {
  return with_session(handle, [&](Session& session, hadal_session&) -> hadal_status {
    if (count > 0) required(ids, "ids");
    session.add_tokens({ids, count});
    return HADAL_OK;
  });
}

hadal_status hadal_session_add_text(hadal_session* session, const char* text, int64_t text_size, uint32_t flags) {
  return add_text(session, text, text_size, flags);
}
hadal_status hadal_session_add_text16(hadal_session* session, const uint16_t* text, int64_t text_size, uint32_t flags) {
  return add_text(session, text, text_size, flags);
}

hadal_status hadal_session_fill(hadal_session* session, const char* prefix, int64_t prefix_size, const char* suffix,
                                int64_t suffix_size) {
  return fill(session, prefix, prefix_size, suffix, suffix_size);
}
hadal_status hadal_session_fill16(hadal_session* session, const uint16_t* prefix, int64_t prefix_size,
                                  const uint16_t* suffix, int64_t suffix_size) {
  return fill(session, prefix, prefix_size, suffix, suffix_size);
}

hadal_status hadal_session_render(hadal_session* session, const char* json, int64_t json_size, char* buffer,
                                  size_t capacity, size_t* size) {
  return render(session, json, json_size, buffer, capacity, size);
}
hadal_status hadal_session_render16(hadal_session* session, const uint16_t* json, int64_t json_size, uint16_t* buffer,
                                    size_t capacity, size_t* size) {
  return render(session, json, json_size, buffer, capacity, size);
}

hadal_status hadal_session_next(hadal_session* session, int32_t* kind, char* buffer, size_t capacity, size_t* size) {
  return next(session, kind, buffer, capacity, size);
}
hadal_status hadal_session_next16(hadal_session* session, int32_t* kind, uint16_t* buffer, size_t capacity, size_t* size) {
  return next(session, kind, buffer, capacity, size);
}
hadal_status hadal_session_read(hadal_session* session, int32_t* kind, char* buffer, size_t capacity, size_t* size) {
  return read(session, kind, buffer, capacity, size);
}
hadal_status hadal_session_read16(hadal_session* session, int32_t* kind, uint16_t* buffer, size_t capacity, size_t* size) {
  return read(session, kind, buffer, capacity, size);
}

hadal_status hadal_session_step(hadal_session* handle, int64_t budget_us, int32_t* state) {
  return with_session(handle, [&](Session& session, hadal_session& self) -> hadal_status {
    advance(session, self, deadline_of(session, budget_us));
    if (state) *state = session.state();
    return HADAL_OK;
  });
}

hadal_status hadal_session_wait(hadal_session* handle, int64_t timeout_us, int32_t* state) {
  return with_session(handle, [&](Session& session, hadal_session& self) -> hadal_status {
    session.until_piece(deadline_of(session, timeout_us));
    if (state) *state = session.state();
    deliver(session, self);
    return HADAL_OK;
  });
}

hadal_status hadal_session_cancel(hadal_session* handle) {
  if (!handle) return remember(Status::invalid_argument, "session: expected a pointer, found NULL");
  handle->session->cancel();
  return HADAL_OK;
}

hadal_status hadal_session_watch(hadal_session* handle, hadal_on_piece on_piece, void* context) {
  return with_session(handle, [&](Session&, hadal_session& self) -> hadal_status {
    self.on_piece = on_piece;
    self.on_piece_context = context;
    return HADAL_OK;
  });
}

hadal_status hadal_ask(hadal_session* session, const char* text, int64_t text_size, char* buffer, size_t capacity,
                       size_t* size) {
  return ask(session, text, text_size, buffer, capacity, size);
}
hadal_status hadal_ask16(hadal_session* session, const uint16_t* text, int64_t text_size, uint16_t* buffer,
                         size_t capacity, size_t* size) {
  return ask(session, text, text_size, buffer, capacity, size);
}

hadal_status hadal_session_usage(hadal_session* handle, hadal_usage* out) {
  return with_session(handle, [&](Session& session, hadal_session&) -> hadal_status {
    const Usage usage = session.usage();
    hadal_usage filled{};
    filled.finish = int32_t(usage.finish);
    filled.prompt_tokens = usage.prompt_tokens;
    filled.reused_tokens = usage.reused_tokens;
    filled.generated_tokens = usage.generated_tokens;
    filled.prompt_us = usage.prompt_ns / 1000;
    filled.decode_us = usage.decode_ns / 1000;
    filled.load_us = session.model()->load_us();
    filled.context = session.context();
    filled.tokens = session.num_tokens();
    filled.cache_bytes = session.cache_bytes();
    filled.drafted_tokens = usage.drafted_tokens;
    filled.accepted_tokens = usage.accepted_tokens;
    struct_out(filled, out, "usage");
    return HADAL_OK;
  });
}

hadal_status hadal_session_tokens(hadal_session* handle, int64_t first, int32_t* ids, size_t capacity, size_t* size) {
  return with_session(handle, [&](Session& session, hadal_session&) -> hadal_status {
    return values_out<int32_t>(session.tokens(first), ids, capacity, size);
  });
}

hadal_status hadal_session_logits(hadal_session* handle, float* buffer, size_t capacity, size_t* size) {
  return with_session(handle, [&](Session& session, hadal_session&) -> hadal_status {
    check_buffer(buffer, capacity);
    hadal_status status = HADAL_OK;
    session.logits([&](std::span<const float> rows) { status = values_out<float>(rows, buffer, capacity, size); });
    return status;
  });
}

hadal_status hadal_session_top(hadal_session* handle, int32_t* ids, float* log_probabilities, size_t capacity,
                               size_t* size) {
  return with_session(handle, [&](Session& session, hadal_session&) -> hadal_status {
    std::vector<int32_t> best;
    std::vector<float> likely;
    session.top(capacity, best, likely);
    if (ids) std::copy(best.begin(), best.end(), ids);
    if (log_probabilities) std::copy(likely.begin(), likely.end(), log_probabilities);
    if (size) *size = best.size();
    return HADAL_OK;
  });
}

hadal_status hadal_session_score(hadal_session* session, const char* text, int64_t text_size, uint32_t flags,
                                 double* log_probability, int64_t* tokens) {
  return score(session, text, text_size, flags, log_probability, tokens);
}
hadal_status hadal_session_score16(hadal_session* session, const uint16_t* text, int64_t text_size, uint32_t flags,
                                   double* log_probability, int64_t* tokens) {
  return score(session, text, text_size, flags, log_probability, tokens);
}
