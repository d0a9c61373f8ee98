// hadal.hpp: the C interface with owners, spans, results and ranges. Header only, C++20, needs hadal.h and nothing else;
// it works with every library whose hadal_abi() is at least the HADAL_ABI it was compiled with.
//
//   auto model = hadal::Model::open("model.gguf").value();
//   auto chat = model.session("temperature=0").value();
//   chat.add("user", "Who are you?");
//   for (const hadal::Piece& piece : chat.pieces())
//     if (piece.kind == hadal::Kind::answer) std::cout << piece.text;
//
// Nothing throws unless you ask: a Result holds a value or a Failure, and value() throws hadal::Exception for the
// latter. Everything else is said in hadal.h.
#pragma once

#include <cstdint>
#include <exception>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "hadal.h"

namespace hadal {
inline namespace face {

struct Failure {
  hadal_status status = HADAL_INTERNAL;
  std::string message;
};

class Exception : public std::exception {
 public:
  explicit Exception(Failure failure) : failure_(std::move(failure)) {}
  const char* what() const noexcept override { return failure_.message.c_str(); }
  hadal_status status() const noexcept { return failure_.status; }

 private:
  Failure failure_;
};

// A value or the reason why there is none.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : held_(std::in_place_index<0>, std::move(value)) {}
  Result(Failure failure) : held_(std::in_place_index<1>, std::move(failure)) {}

  explicit operator bool() const noexcept { return held_.index() == 0; }
  bool has_value() const noexcept { return held_.index() == 0; }
  // Throws Exception where there is no value.
  T& value() & { return check(), std::get<0>(held_); }
  const T& value() const& { return check(), std::get<0>(held_); }
  T value() && { return check(), std::get<0>(std::move(held_)); }   // by value: safe in a range-for
  T value_or(T other) && { return *this ? std::get<0>(std::move(held_)) : std::move(other); }
  T& operator*() { return *std::get_if<0>(&held_); }
  const T& operator*() const { return *std::get_if<0>(&held_); }
  T* operator->() { return std::get_if<0>(&held_); }
  const T* operator->() const { return std::get_if<0>(&held_); }
  const Failure& error() const { return *std::get_if<1>(&held_); }

 private:
  void check() const {
    if (!*this) throw Exception(error());
  }
  std::variant<T, Failure> held_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Failure failure) : failure_(std::move(failure)) {}
  explicit operator bool() const noexcept { return !failure_; }
  bool has_value() const noexcept { return !failure_; }
  void value() const {
    if (failure_) throw Exception(*failure_);
  }
  const Failure& error() const { return *failure_; }

 private:
  std::optional<Failure> failure_;
};

enum class Kind : int32_t { thought = HADAL_THOUGHT, answer = HADAL_ANSWER, tool_call = HADAL_TOOL_CALL };

struct Piece {
  Kind kind = Kind::answer;
  std::string text;
};

struct Likely {
  int32_t token = 0;
  float log_probability = 0;
};

struct Score {
  double log_probability = 0;
  int64_t tokens = 0;
};

namespace detail {

inline Failure failure(hadal_status status) { return {status, hadal_last_error()}; }

inline Result<void> done(hadal_status status) {
  if (status < 0) return failure(status);
  return {};
}

// Asks for the size, then for the whole.
template <class Container, class Call>
Result<Container> whole(Call&& call) {
  Container out;
  size_t size = 0;
  hadal_status status = call(out.data(), size_t{0}, &size);
  while (status >= 0) {
    out.resize(size);
    if (size == 0) return out;
    status = call(out.data(), out.size(), &size);
    if (status == HADAL_OK) {
      out.resize(size);
      return out;
    }
  }
  return failure(status);
}

// Many texts as the calls take them; the texts must stay. An empty view may have no address.
struct TextList {
  explicit TextList(std::span<const std::string_view> views) {
    for (const std::string_view view : views) {
      texts.push_back(view.data() ? view.data() : "");
      sizes.push_back(int64_t(view.size()));
    }
  }
  std::vector<const char*> texts;
  std::vector<int64_t> sizes;
};

// A counted handle: copies share it.
template <class Handle, Handle*(HADAL_CALL* Retain)(Handle*), void(HADAL_CALL* Release)(Handle*)>
class Owner {
 public:
  Owner() = default;
  explicit Owner(Handle* handle) : handle_(handle) {}
  Owner(const Owner& other) : handle_(Retain(other.handle_)) {}
  Owner(Owner&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Owner& operator=(Owner other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Owner() { Release(handle_); }
  Handle* get() const noexcept { return handle_; }
  explicit operator bool() const noexcept { return handle_ != nullptr; }

 private:
  Handle* handle_ = nullptr;
};

}  // namespace detail

inline Result<std::string> describe(const std::string& topic) {
  return detail::whole<std::string>(
      [&](char* out, size_t capacity, size_t* size) { return hadal_describe(topic.c_str(), out, capacity, size); });
}

class Runtime {
 public:
  // host: may be nullptr; what it points to must stay as long as the runtime and all made with it.
  static Result<Runtime> create(const std::string& options = {}, const hadal_host* host = nullptr) {
    hadal_runtime* handle = nullptr;
    const hadal_status status = hadal_runtime_create(host, options.c_str(), &handle);
    if (status < 0) return detail::failure(status);
    return Runtime(handle);
  }
  // The state bits HADAL_WORKING and HADAL_READY.
  Result<int32_t> step(int64_t budget_us) {
    int32_t state = 0;
    const hadal_status status = hadal_runtime_step(handle_.get(), budget_us, &state);
    if (status < 0) return detail::failure(status);
    return state;
  }
  hadal_runtime* get() const noexcept { return handle_.get(); }

 private:
  explicit Runtime(hadal_runtime* handle) : handle_(handle) {}
  detail::Owner<hadal_runtime, hadal_runtime_retain, hadal_runtime_release> handle_;
};

class Session;

// The pieces of the turn in progress, computed as they are taken: a range to walk once. When the walk has ended,
// failure() tells whether that was because of one.
class Pieces {
 public:
  class iterator {
   public:
    using value_type = Piece;
    using difference_type = std::ptrdiff_t;
    iterator() = default;
    explicit iterator(Pieces* pieces) : pieces_(pieces) { ++*this; }
    const Piece& operator*() const { return pieces_->piece_; }
    const Piece* operator->() const { return &pieces_->piece_; }
    iterator& operator++() {
      if (!pieces_->advance()) pieces_ = nullptr;
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return pieces_ == nullptr; }

   private:
    Pieces* pieces_ = nullptr;
  };

  explicit Pieces(hadal_session* session) : session_(session) {}
  iterator begin() { return iterator(this); }
  std::default_sentinel_t end() const { return {}; }
  const std::optional<Failure>& failure() const { return failure_; }

 private:
  bool advance() {
    char buffer[1024];
    int32_t kind = 0;
    size_t size = 0;
    const hadal_status status = hadal_session_next(session_, &kind, buffer, sizeof buffer, &size);
    if (status == HADAL_OK) {
      piece_.kind = Kind(kind);
      piece_.text.assign(buffer, size);
      return true;
    }
    if (status < 0) failure_ = detail::failure(status);
    return false;
  }

  hadal_session* session_;
  Piece piece_;
  std::optional<Failure> failure_;
};

class Session {
 public:
  Session() = default;
  explicit Session(hadal_session* handle) : handle_(handle) {}   // takes over the reference

  Result<Session> fork() const {
    hadal_session* other = nullptr;
    const hadal_status status = hadal_session_fork(get(), &other);
    if (status < 0) return detail::failure(status);
    return Session(other);
  }
  Result<void> reset() { return detail::done(hadal_session_reset(get())); }
  Result<void> rewind(int64_t tokens) { return detail::done(hadal_session_rewind(get(), tokens)); }
  Result<std::vector<std::byte>> save() const {
    return detail::whole<std::vector<std::byte>>(
        [&](void* out, size_t capacity, size_t* size) { return hadal_session_save(get(), out, capacity, size); });
  }
  Result<void> restore(std::span<const std::byte> bytes) {
    return detail::done(hadal_session_restore(get(), bytes.data(), bytes.size()));
  }
  Result<void> set(const std::string& key, const std::string& value) {
    return detail::done(hadal_session_set(get(), key.c_str(), value.c_str()));
  }
  Result<std::string> get(const std::string& key) const {
    return detail::whole<std::string>([&](char* out, size_t capacity, size_t* size) {
      return hadal_session_get(get(), key.c_str(), out, capacity, size);
    });
  }

  Result<void> add(const std::string& role, std::string_view text) {
    return detail::done(hadal_session_add(get(), role.c_str(), text.data(), int64_t(text.size())));
  }
  Result<void> add_tokens(std::span<const int32_t> ids) {
    return detail::done(hadal_session_add_tokens(get(), ids.data(), ids.size()));
  }
  Result<void> add_text(std::string_view text, uint32_t flags = 0) {
    return detail::done(hadal_session_add_text(get(), text.data(), int64_t(text.size()), flags));
  }
  Result<void> fill(std::string_view prefix, std::string_view suffix) {
    return detail::done(hadal_session_fill(get(), prefix.data(), int64_t(prefix.size()), suffix.data(),
                                           int64_t(suffix.size())));
  }

  // The range must not outlive the session.
  Pieces pieces() { return Pieces(get()); }
  Result<std::string> ask(std::string_view text) {
    // The whole turn is computed once; a long answer is fetched from the session.
    char buffer[4096];
    size_t size = 0;
    const hadal_status status = hadal_ask(get(), text.data(), int64_t(text.size()), buffer, sizeof buffer, &size);
    if (status < 0) return detail::failure(status);
    if (status == HADAL_PARTIAL) return get("answer");
    return std::string(buffer, size);
  }
  Result<int32_t> step(int64_t budget_us) {
    int32_t state = 0;
    const hadal_status status = hadal_session_step(get(), budget_us, &state);
    if (status < 0) return detail::failure(status);
    return state;
  }
  // A piece if one is ready; nothing if there is none yet or none will come (step() tells which).
  Result<std::optional<Piece>> read() {
    char buffer[1024];
    int32_t kind = 0;
    size_t size = 0;
    const hadal_status status = hadal_session_read(get(), &kind, buffer, sizeof buffer, &size);
    if (status < 0) return detail::failure(status);
    if (status != HADAL_OK) return std::optional<Piece>();
    return std::optional<Piece>(Piece{Kind(kind), std::string(buffer, size)});
  }
  Result<int32_t> wait(int64_t timeout_us) {
    int32_t state = 0;
    const hadal_status status = hadal_session_wait(get(), timeout_us, &state);
    if (status < 0) return detail::failure(status);
    return state;
  }
  void cancel() noexcept { hadal_session_cancel(get()); }

  Result<hadal_usage> usage() const {
    hadal_usage out{};
    out.size = sizeof out;
    const hadal_status status = hadal_session_usage(get(), &out);
    if (status < 0) return detail::failure(status);
    return out;
  }
  Result<std::vector<int32_t>> tokens(int64_t first = 0) const {
    return detail::whole<std::vector<int32_t>>([&](int32_t* out, size_t capacity, size_t* size) {
      return hadal_session_tokens(get(), first, out, capacity, size);
    });
  }
  Result<std::vector<float>> logits() {
    return detail::whole<std::vector<float>>(
        [&](float* out, size_t capacity, size_t* size) { return hadal_session_logits(get(), out, capacity, size); });
  }
  Result<std::vector<Likely>> top(size_t count) {
    std::vector<int32_t> ids(count);
    std::vector<float> likely(count);
    size_t size = 0;
    const hadal_status status = hadal_session_top(get(), ids.data(), likely.data(), count, &size);
    if (status < 0) return detail::failure(status);
    std::vector<Likely> out;
    for (size_t i = 0; i < size; ++i) out.push_back({ids[i], likely[i]});
    return out;
  }
  Result<Score> score(std::string_view text, uint32_t flags = 0) {
    Score out;
    const hadal_status status =
        hadal_session_score(get(), text.data(), int64_t(text.size()), flags, &out.log_probability, &out.tokens);
    if (status < 0) return detail::failure(status);
    return out;
  }

  hadal_session* get() const noexcept { return handle_.get(); }

 private:
  detail::Owner<hadal_session, hadal_session_retain, hadal_session_release> handle_;
};

class Model {
 public:
  Model() = default;
  explicit Model(hadal_model* handle) : handle_(handle) {}   // takes over the reference

  static Result<Model> open(const std::string& path, const std::string& options = {}) {
    return open(nullptr, path, options);
  }
  static Result<Model> open(const Runtime& runtime, const std::string& path, const std::string& options = {}) {
    return open(runtime.get(), path, options);
  }
  // The bytes of a GGUF file, which must stay as long as the model.
  static Result<Model> open(std::span<const std::byte> gguf, const std::string& options = {}) {
    hadal_source source{};
    source.size = sizeof source;
    source.data = gguf.data();
    source.bytes = gguf.size();
    hadal_model* handle = nullptr;
    const hadal_status status = hadal_model_open_source(nullptr, &source, options.c_str(), &handle);
    if (status < 0) return detail::failure(status);
    return Model(handle);
  }

  Result<Session> session(const std::string& options = {}) const {
    hadal_session* session = nullptr;
    const hadal_status status = hadal_session_create(get(), options.c_str(), &session);
    if (status < 0) return detail::failure(status);
    return Session(session);
  }
  Result<std::string> get(const std::string& key) const {
    return detail::whole<std::string>([&](char* out, size_t capacity, size_t* size) {
      return hadal_model_get(get(), key.c_str(), out, capacity, size);
    });
  }
  Result<std::string> render(std::string_view json) const {
    return detail::whole<std::string>([&](char* out, size_t capacity, size_t* size) {
      return hadal_model_render(get(), json.data(), int64_t(json.size()), out, capacity, size);
    });
  }
  Result<std::vector<int32_t>> tokenize(std::string_view text, uint32_t flags = 0) const {
    return detail::whole<std::vector<int32_t>>([&](int32_t* out, size_t capacity, size_t* size) {
      return hadal_model_tokenize(get(), text.data(), int64_t(text.size()), flags, out, capacity, size);
    });
  }
  // Vectors [texts, dimension], one after the other. options: "purpose=query; long_text=split".
  Result<std::vector<float>> embed(std::span<const std::string_view> texts, const std::string& options = {}) const {
    const detail::TextList list(texts);
    return detail::whole<std::vector<float>>([&](float* out, size_t capacity, size_t* size) {
      return hadal_model_embed(get(), list.texts.data(), list.sizes.data(), texts.size(), options.c_str(), nullptr,
                               nullptr, out, capacity, size);
    });
  }
  // A score for each text, higher is more relevant.
  Result<std::vector<float>> rerank(std::string_view query, std::span<const std::string_view> texts,
                                    const std::string& options = {}) const {
    const detail::TextList list(texts);
    return detail::whole<std::vector<float>>([&](float* out, size_t capacity, size_t* size) {
      return hadal_model_rerank(get(), query.data(), int64_t(query.size()), list.texts.data(), list.sizes.data(),
                                texts.size(), options.c_str(), nullptr, nullptr, out, capacity, size);
    });
  }
  Result<std::string> detokenize(std::span<const int32_t> ids, uint32_t flags = 0) const {
    return detail::whole<std::string>([&](char* out, size_t capacity, size_t* size) {
      return hadal_model_detokenize(get(), ids.data(), ids.size(), flags, out, capacity, size);
    });
  }

  hadal_model* get() const noexcept { return handle_.get(); }

 private:
  static Result<Model> open(hadal_runtime* runtime, const std::string& path, const std::string& options) {
    hadal_model* handle = nullptr;
    const hadal_status status = hadal_model_open(runtime, path.c_str(), options.c_str(), &handle);
    if (status < 0) return detail::failure(status);
    return Model(handle);
  }
  detail::Owner<hadal_model, hadal_model_retain, hadal_model_release> handle_;
};

// A knowledge base. What comes as JSON in hadal.h comes as JSON here.
class Knowledge {
 public:
  Knowledge() = default;

  // embedder: nullptr = the text index alone. path: empty = in memory.
  static Result<Knowledge> open(const std::string& path, const Model* embedder = nullptr,
                                const std::string& options = {}) {
    hadal_knowledge* handle = nullptr;
    const hadal_status status =
        hadal_knowledge_open(embedder ? embedder->get() : nullptr, path.c_str(), options.c_str(), &handle);
    if (status < 0) return detail::failure(status);
    return Knowledge(handle);
  }
  // The document's number.
  Result<int64_t> add_file(const std::string& path) {
    int64_t id = 0;
    const hadal_status status = hadal_knowledge_add_file(get(), path.c_str(), nullptr, nullptr, &id);
    if (status < 0) return detail::failure(status);
    return id;
  }
  Result<int64_t> add_text(const std::string& name, std::string_view text) {
    int64_t id = 0;
    const hadal_status status =
        hadal_knowledge_add_text(get(), name.c_str(), text.data(), int64_t(text.size()), nullptr, nullptr, &id);
    if (status < 0) return detail::failure(status);
    return id;
  }
  Result<std::string> sync(const std::string& folder, const std::string& options = {}) {
    char report[256];
    size_t size = 0;
    const hadal_status status =
        hadal_knowledge_sync(get(), folder.c_str(), options.c_str(), nullptr, nullptr, report, sizeof report, &size);
    if (status < 0) return detail::failure(status);
    return std::string(report, size);
  }
  Result<void> remove(const std::string& document) {
    return detail::done(hadal_knowledge_remove(get(), document.c_str()));
  }
  Result<std::string> list() const {
    return detail::whole<std::string>(
        [&](char* out, size_t capacity, size_t* size) { return hadal_knowledge_list(get(), out, capacity, size); });
  }
  Result<std::string> search(std::string_view query, const std::string& options = {}) const {
    return detail::whole<std::string>([&](char* out, size_t capacity, size_t* size) {
      return hadal_knowledge_search(get(), query.data(), int64_t(query.size()), options.c_str(), out, capacity, size);
    });
  }
  Result<std::string> text(const std::string& document) const {
    return detail::whole<std::string>([&](char* out, size_t capacity, size_t* size) {
      return hadal_knowledge_text(get(), document.c_str(), out, capacity, size);
    });
  }
  Result<std::string> check() const {
    return detail::whole<std::string>(
        [&](char* out, size_t capacity, size_t* size) { return hadal_knowledge_check(get(), out, capacity, size); });
  }
  Result<std::string> get(const std::string& key) const {
    return detail::whole<std::string>([&](char* out, size_t capacity, size_t* size) {
      return hadal_knowledge_get(get(), key.c_str(), out, capacity, size);
    });
  }
  Result<void> set(const std::string& key, const std::string& value) {
    return detail::done(hadal_knowledge_set(get(), key.c_str(), value.c_str()));
  }
  hadal_knowledge* get() const noexcept { return handle_.get(); }

 private:
  explicit Knowledge(hadal_knowledge* handle) : handle_(handle) {}
  detail::Owner<hadal_knowledge, hadal_knowledge_retain, hadal_knowledge_release> handle_;
};

// From now on the session's questions are answered from the base; hadal_session_use.
inline Result<void> use(Session& session, const Knowledge& knowledge, const std::string& options = {}) {
  return detail::done(hadal_session_use(session.get(), knowledge.get(), options.c_str()));
}

inline Result<hadal_plan> plan(const std::string& path, const std::string& options = {}) {
  hadal_plan out{};
  out.size = sizeof out;
  const hadal_status status = hadal_model_plan(nullptr, path.c_str(), options.c_str(), &out);
  if (status < 0) return detail::failure(status);
  return out;
}

}  // namespace face
}  // namespace hadal
