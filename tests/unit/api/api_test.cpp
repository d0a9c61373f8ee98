// The C interface as a program meets it: statuses, sizes, handles, callbacks, hosts.
#include <doctest/doctest.h>

#include <atomic>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "hadal/hadal.h"
#include "unit/generate/tiny_model.hpp"

using hadal::test::TinyModel;

namespace {

const std::vector<std::byte>& file_of(const TinyModel& tiny = {}) {
  static const std::vector<std::byte> plain = hadal::test::tiny_gguf({});
  static std::vector<std::byte> other;
  if (tiny.seed == 1 && !tiny.add_bos) return plain;
  other = hadal::test::tiny_gguf(tiny);
  return other;
}

hadal_model* open_tiny(const char* options = "", hadal_runtime* runtime = nullptr) {
  hadal_source source{};
  source.size = sizeof source;
  source.data = file_of().data();
  source.bytes = file_of().size();
  hadal_model* model = nullptr;
  const hadal_status status = hadal_model_open_source(runtime, &source, options, &model);
  INFO(hadal_last_error());
  REQUIRE(status == HADAL_OK);
  return model;
}

hadal_session* session_of(hadal_model* model, const char* options = "temperature=0; max_tokens=12; ignore_end=on") {
  hadal_session* session = nullptr;
  const hadal_status status = hadal_session_create(model, options, &session);
  INFO(hadal_last_error());
  REQUIRE(status == HADAL_OK);
  return session;
}

std::string all_of(hadal_session* session, size_t capacity = 256) {
  std::string out, buffer(capacity, '?');
  int32_t kind = 0;
  size_t size = 0;
  while (hadal_session_next(session, &kind, buffer.data(), capacity, &size) == HADAL_OK) {
    CHECK(size > 0);
    CHECK(size < capacity);
    CHECK(buffer[size] == '\0');
    CHECK(kind == HADAL_ANSWER);
    out.append(buffer.data(), size);
  }
  return out;
}

std::string get(hadal_session* session, const char* key) {
  size_t size = 0;
  REQUIRE(hadal_session_get(session, key, nullptr, 0, &size) == HADAL_OK);
  std::string out(size, '?');
  REQUIRE(hadal_session_get(session, key, out.data(), out.size(), &size) == HADAL_OK);
  return out;
}

}  // namespace

TEST_CASE("the ten lines give an answer") {
  hadal_model* model = open_tiny();
  hadal_session* chat = session_of(model);
  REQUIRE(hadal_session_add(chat, "user", "hello", -1) == HADAL_OK);
  const std::string answer = all_of(chat);
  CHECK(!answer.empty());
  CHECK(get(chat, "answer") == answer);
  CHECK(get(chat, "finish") == "length");
  char piece[16];
  CHECK(hadal_session_next(chat, nullptr, piece, sizeof piece, nullptr) == HADAL_END);
  CHECK(hadal_session_read(chat, nullptr, piece, sizeof piece, nullptr) == HADAL_END);
  hadal_session_release(chat);
  hadal_model_release(model);
}

TEST_CASE("the smallest buffer gives the same text, whole characters at a time") {
  hadal_model* model = open_tiny();
  hadal_session* a = session_of(model);
  hadal_session* b = session_of(model);
  for (hadal_session* session : {a, b}) REQUIRE(hadal_session_add(session, "user", "hello", -1) == HADAL_OK);
  CHECK(all_of(a, 5) == all_of(b, 4096));
  char tiny[4];
  CHECK(hadal_session_next(a, nullptr, tiny, sizeof tiny, nullptr) == HADAL_INVALID_ARGUMENT);
  CHECK(hadal_session_next(a, nullptr, nullptr, 100, nullptr) == HADAL_INVALID_ARGUMENT);
  hadal_session_release(a);
  hadal_session_release(b);
  hadal_model_release(model);
}

TEST_CASE("texts report their size, are cut between characters, and end with NUL where there is room") {
  hadal_model* model = open_tiny("chat_template=\"h\xC3\xA9llo\"");
  size_t size = 0;
  CHECK(hadal_model_get(model, "chat_template", nullptr, 0, &size) == HADAL_OK);
  CHECK(size == 6);
  char buffer[8];
  std::memset(buffer, '?', sizeof buffer);
  CHECK(hadal_model_get(model, "chat_template", buffer, 3, &size) == HADAL_PARTIAL);
  CHECK(std::string(buffer) == "h");   // room for two bytes and the NUL, but the second character has two
  CHECK(size == 6);
  CHECK(hadal_model_get(model, "chat_template", buffer, 6, &size) == HADAL_OK);
  CHECK(std::string(buffer, 7) == "h\xC3\xA9llo?");
  CHECK(hadal_model_get(model, "chat_template", buffer, 7, nullptr) == HADAL_OK);
  CHECK(std::string(buffer) == "h\xC3\xA9llo");
  CHECK(hadal_model_get(model, "chat_template", nullptr, 7, &size) == HADAL_INVALID_ARGUMENT);
  CHECK(hadal_model_get(model, "chat_templat", buffer, 7, &size) == HADAL_NOT_FOUND);
  CHECK(std::string(hadal_last_error()).find("chat_template") != std::string::npos);
  hadal_model_release(model);
}

TEST_CASE("NULL handles and pointers are refused with a sentence") {
  size_t size = 0;
  char buffer[8];
  CHECK(hadal_model_open(nullptr, nullptr, "", nullptr) == HADAL_INVALID_ARGUMENT);
  hadal_model* model = nullptr;
  CHECK(hadal_model_open(nullptr, nullptr, "", &model) == HADAL_INVALID_ARGUMENT);
  CHECK(std::string(hadal_last_error()).find("path") != std::string::npos);
  CHECK(hadal_model_open(nullptr, "", "", &model) == HADAL_INVALID_ARGUMENT);
  CHECK(hadal_model_open(nullptr, "/nowhere/at/all.gguf", "", &model) == HADAL_NOT_FOUND);
  CHECK(hadal_model_open(nullptr, "/nowhere/at/all.gguf", "colour=red", &model) == HADAL_INVALID_ARGUMENT);
  CHECK(model == nullptr);
  CHECK(hadal_session_create(nullptr, "", nullptr) == HADAL_INVALID_ARGUMENT);
  CHECK(hadal_session_next(nullptr, nullptr, buffer, 8, &size) == HADAL_INVALID_ARGUMENT);
  CHECK(hadal_session_cancel(nullptr) == HADAL_INVALID_ARGUMENT);
  CHECK(hadal_model_get(nullptr, "name", buffer, 8, &size) == HADAL_INVALID_ARGUMENT);
  CHECK(hadal_describe(nullptr, buffer, 8, &size) == HADAL_INVALID_ARGUMENT);
  CHECK(hadal_describe("weather", buffer, 8, &size) == HADAL_NOT_FOUND);
  CHECK(hadal_runtime_step(nullptr, 0, nullptr) == HADAL_INVALID_ARGUMENT);
  hadal_runtime_release(nullptr);
  hadal_model_release(nullptr);
  hadal_session_release(nullptr);
  CHECK(hadal_session_retain(nullptr) == nullptr);
}

TEST_CASE("handles are released in any order") {
  for (int order = 0; order < 6; ++order) {
    CAPTURE(order);
    hadal_runtime* runtime = nullptr;
    REQUIRE(hadal_runtime_create(nullptr, "threads=2", &runtime) == HADAL_OK);
    hadal_model* model = open_tiny("", runtime);
    hadal_session* session = session_of(model);
    hadal_session_retain(session);
    hadal_session_release(session);
    const auto drop = [&](int what) {
      if (what == 0) hadal_runtime_release(runtime);
      if (what == 1) hadal_model_release(model);
      if (what == 2) hadal_session_release(session);
    };
    constexpr int kOrders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    drop(kOrders[order][0]);
    drop(kOrders[order][1]);
    if (kOrders[order][2] == 2) {   // only the session is left: it keeps the rest alive
      REQUIRE(hadal_session_add(session, "user", "hello", -1) == HADAL_OK);
      CHECK(!all_of(session).empty());
    }
    drop(kOrders[order][2]);
  }
}

TEST_CASE("polling, waiting, watching and asking give the same answer") {
  hadal_model* model = open_tiny();
  hadal_session* reference = session_of(model);
  REQUIRE(hadal_session_add(reference, "user", "hello", -1) == HADAL_OK);
  const std::string expected = all_of(reference);

  hadal_session* polled = session_of(model);
  char piece[64];
  size_t size = 0;
  CHECK(hadal_session_read(polled, nullptr, piece, sizeof piece, &size) == HADAL_END);
  REQUIRE(hadal_session_add(polled, "user", "hello", -1) == HADAL_OK);
  CHECK(hadal_session_read(polled, nullptr, piece, sizeof piece, &size) == HADAL_AGAIN);
  std::string text;
  int32_t state = HADAL_WORKING;
  for (int steps = 0; state != 0; ++steps) {
    REQUIRE(steps < 100000);
    REQUIRE(hadal_session_step(polled, 50, &state) == HADAL_OK);
    while (hadal_session_read(polled, nullptr, piece, sizeof piece, &size) == HADAL_OK) text.append(piece, size);
    state &= HADAL_WORKING;
  }
  CHECK(text == expected);
  CHECK(hadal_session_read(polled, nullptr, piece, sizeof piece, &size) == HADAL_END);

  struct Watched {
    std::string text;
    std::thread::id thread;
  } watched;
  hadal_session* watching = session_of(model);
  const auto on_piece = [](void* context, int32_t kind, const char* part, size_t n) -> int32_t {
    auto* seen = static_cast<Watched*>(context);
    CHECK(kind == HADAL_ANSWER);
    seen->text.append(part, n);
    seen->thread = std::this_thread::get_id();
    return 0;
  };
  REQUIRE(hadal_session_watch(watching, on_piece, &watched) == HADAL_OK);
  char whole[4096];
  REQUIRE(hadal_ask(watching, "hello", -1, whole, sizeof whole, &size) == HADAL_OK);
  CHECK(std::string(whole, size) == expected);
  CHECK(watched.text == expected);
  CHECK(watched.thread == std::this_thread::get_id());

  hadal_session* waiting = session_of(model);
  REQUIRE(hadal_session_add(waiting, "user", "hello", -1) == HADAL_OK);
  text.clear();
  do {
    REQUIRE(hadal_session_wait(waiting, -1, &state) == HADAL_OK);
    while (hadal_session_read(waiting, nullptr, piece, sizeof piece, &size) == HADAL_OK) text.append(piece, size);
  } while (state & HADAL_WORKING);
  CHECK(text == expected);
  for (hadal_session* session : {reference, polled, watching, waiting}) hadal_session_release(session);
  hadal_model_release(model);
}

TEST_CASE("a callback that says stop cancels the turn, and what it saw is the answer") {
  hadal_model* model = open_tiny();
  hadal_session* session = session_of(model, "temperature=0; max_tokens=200; ignore_end=on");
  int pieces = 0;
  const auto on_piece = [](void* context, int32_t, const char*, size_t) -> int32_t { return ++*static_cast<int*>(context) == 3; };
  REQUIRE(hadal_session_watch(session, on_piece, &pieces) == HADAL_OK);
  REQUIRE(hadal_ask(session, "hello", -1, nullptr, 0, nullptr) == HADAL_OK);
  CHECK(get(session, "finish") == "cancelled");
  hadal_usage usage{};
  usage.size = sizeof usage;
  REQUIRE(hadal_session_usage(session, &usage) == HADAL_OK);
  CHECK(usage.finish == HADAL_FINISH_CANCELLED);
  CHECK(usage.generated_tokens < 20);
  hadal_session_release(session);
  hadal_model_release(model);
}

TEST_CASE("a callback may release the session it is called for") {
  hadal_model* model = open_tiny();
  struct Watcher {
    hadal_session* session;
    int pieces = 0;
  } watcher{session_of(model, "temperature=0; max_tokens=8; ignore_end=on")};
  const auto on_piece = [](void* context, int32_t, const char*, size_t) -> int32_t {
    auto& w = *static_cast<Watcher*>(context);
    if (++w.pieces == 1) hadal_session_release(w.session);
    return 0;
  };
  REQUIRE(hadal_session_watch(watcher.session, on_piece, &watcher) == HADAL_OK);
  CHECK(hadal_ask(watcher.session, "hello", -1, nullptr, 0, nullptr) == HADAL_OK);
  CHECK(watcher.pieces > 1);   // the call that was going on ends as it would have
  hadal_model_release(model);
}

TEST_CASE("a handle that another thread is inside of answers busy, and its cancel still works") {
  hadal_model* model = open_tiny();
  hadal_session* session = session_of(model, "temperature=0; max_tokens=400; ignore_end=on");
  struct Gate {
    std::atomic<bool> inside = false, leave = false;
  } gate;
  const auto on_piece = [](void* context, int32_t, const char*, size_t) -> int32_t {
    auto* g = static_cast<Gate*>(context);
    g->inside = true;
    while (!g->leave) std::this_thread::yield();
    return 0;
  };
  REQUIRE(hadal_session_watch(session, on_piece, &gate) == HADAL_OK);
  std::thread other([&] { CHECK(hadal_ask(session, "hello", -1, nullptr, 0, nullptr) == HADAL_OK); });
  while (!gate.inside) std::this_thread::yield();
  CHECK(hadal_session_add(session, "user", "x", -1) == HADAL_BUSY);
  CHECK(hadal_session_reset(session) == HADAL_BUSY);
  CHECK(std::string(hadal_last_error()).find("another thread") != std::string::npos);
  CHECK(hadal_session_cancel(session) == HADAL_OK);
  gate.leave = true;
  other.join();
  CHECK(get(session, "finish") == "cancelled");
  CHECK(hadal_session_reset(session) == HADAL_OK);
  hadal_session_release(session);
  hadal_model_release(model);
}

TEST_CASE("a session polled beside a thread that steps its runtime is never busy") {
  hadal_runtime* runtime = nullptr;
  REQUIRE(hadal_runtime_create(nullptr, "threads=1", &runtime) == HADAL_OK);
  hadal_model* model = open_tiny("", runtime);
  hadal_session* session = session_of(model, "temperature=0; max_tokens=2; ignore_end=on");
  std::atomic<bool> done = false;
  std::thread stepper([&] {
    int32_t state = 0;
    while (!done) CHECK(hadal_runtime_step(runtime, 0, &state) == HADAL_OK);
  });
  const std::string question(20000, 'a');   // takes a while to tokenize, which the step does
  int busy = 0;
  for (int turn = 0; turn < 8; ++turn) {
    busy += hadal_session_reset(session) == HADAL_BUSY;
    busy += hadal_session_add(session, "user", question.c_str(), -1) == HADAL_BUSY;
    for (int poll = 0; poll < 200; ++poll) {
      char piece[64];
      int32_t kind = 0;
      size_t size = 0;
      const hadal_status status = hadal_session_read(session, &kind, piece, sizeof piece, &size);
      busy += status == HADAL_BUSY;
      if (status == HADAL_END || status < 0) break;
      std::this_thread::yield();
    }
  }
  done = true;
  stepper.join();
  CHECK(busy == 0);
  hadal_session_release(session);
  hadal_model_release(model);
  hadal_runtime_release(runtime);
}

TEST_CASE("structs of older and newer callers work, unknown fields that are set do not") {
  hadal_model* model = open_tiny();
  hadal_session* session = session_of(model);
  struct Newer {
    hadal_usage usage;
    uint64_t later;
  } newer{};
  newer.usage.size = sizeof newer;
  CHECK(hadal_session_usage(session, &newer.usage) == HADAL_OK);
  CHECK(newer.usage.size == sizeof newer);
  hadal_usage older{};
  older.size = offsetof(hadal_usage, load_us);
  older.context = -7;
  CHECK(hadal_session_usage(session, &older) == HADAL_OK);
  CHECK(older.context == -7);   // beyond what the caller knows: untouched
  older.size = 0;
  CHECK(hadal_session_usage(session, &older) == HADAL_INVALID_ARGUMENT);

  struct NewerHost {
    hadal_host host;
    void* later;
  } host{};
  host.host.size = sizeof host;
  hadal_runtime* runtime = nullptr;
  CHECK(hadal_runtime_create(&host.host, "", &runtime) == HADAL_OK);
  hadal_runtime_release(runtime);
  host.later = &host;
  CHECK(hadal_runtime_create(&host.host, "", &runtime) == HADAL_UNSUPPORTED);
  host.later = nullptr;
  host.host.allocate = [](void*, size_t, size_t) -> void* { return nullptr; };
  CHECK(hadal_runtime_create(&host.host, "", &runtime) == HADAL_INVALID_ARGUMENT);
  hadal_session_release(session);
  hadal_model_release(model);
}

TEST_CASE("the function table holds every call and refuses versions it does not know") {
  const hadal_api* api = hadal_get_api(HADAL_ABI);
  REQUIRE(api != nullptr);
  CHECK(api->size == sizeof(hadal_api));
  CHECK(api->abi == hadal_abi());
  CHECK(hadal_get_api(HADAL_ABI + 1) == nullptr);
  CHECK(hadal_get_api(0) == nullptr);
  const void* slots[(sizeof(hadal_api) - offsetof(hadal_api, version)) / sizeof(void*)];
  std::memcpy(slots, reinterpret_cast<const char*>(api) + offsetof(hadal_api, version), sizeof slots);
  for (const void* slot : slots) CHECK(slot != nullptr);
  CHECK((api->session_score == hadal_session_score) == true);
  CHECK((api->describe == hadal_describe) == true);
  CHECK(std::string(api->version()) == hadal_version());
}

TEST_CASE("describe answers every topic with JSON and works before any model") {
  for (const char* topic : {"build", "cpu", "devices", "options", "licences"}) {
    CAPTURE(topic);
    size_t size = 0;
    REQUIRE(hadal_describe(topic, nullptr, 0, &size) == HADAL_OK);
    std::string text(size, '?');
    REQUIRE(hadal_describe(topic, text.data(), text.size(), nullptr) == HADAL_OK);
    CHECK((text.front() == '{' || text.front() == '['));
  }
}

TEST_CASE("tokens go there and back") {
  hadal_model* model = open_tiny();
  const std::string text = "hello 你好 <|im_end|>\n";
  int32_t ids[64];
  size_t count = 0;
  REQUIRE(hadal_model_tokenize(model, text.data(), int64_t(text.size()), 0, ids, 64, &count) == HADAL_OK);
  char back[256];
  size_t size = 0;
  REQUIRE(hadal_model_detokenize(model, ids, count, 0, back, sizeof back, &size) == HADAL_OK);
  CHECK(std::string(back, size) == text);
  const size_t plain = count;
  REQUIRE(hadal_model_tokenize(model, text.data(), -1, HADAL_SPECIAL, ids, 64, &count) == HADAL_OK);
  CHECK(count < plain);
  REQUIRE(hadal_model_detokenize(model, ids, count, HADAL_SKIP_SPECIAL, back, sizeof back, &size) == HADAL_OK);
  CHECK(std::string(back, size) == "hello 你好 \n");
  CHECK(hadal_model_tokenize(model, text.data(), -1, 0, ids, 3, &count) == HADAL_PARTIAL);
  CHECK(count == plain);
  CHECK(hadal_model_tokenize(model, "", 0, 0, ids, 64, &count) == HADAL_OK);
  CHECK(count == 0);
  CHECK(hadal_model_tokenize(model, "a\xFF", 2, 0, ids, 64, &count) == HADAL_INVALID_ARGUMENT);
  CHECK(std::string(hadal_last_error()).find("offset 1") != std::string::npos);
  CHECK(hadal_model_tokenize(model, "a", -2, 0, ids, 64, &count) == HADAL_INVALID_ARGUMENT);
  ids[0] = -1;
  CHECK(hadal_model_detokenize(model, ids, 1, 0, back, sizeof back, &size) == HADAL_INVALID_ARGUMENT);
  REQUIRE(hadal_model_token_text(model, TinyModel::kFirstByte + 0xE4, 0, back, sizeof back, &size) == HADAL_OK);
  CHECK(std::string(back, size) == "\xE4");
  REQUIRE(hadal_model_token_text(model, TinyModel::kFirstByte + ' ', HADAL_SPELLING, back, sizeof back, &size) == HADAL_OK);
  CHECK(std::string(back, size) == "\xC4\xA0");
  hadal_model_release(model);
}

TEST_CASE("UTF-16 twins say the same and never cut a pair") {
  hadal_model* model = open_tiny();
  const std::u16string text = u"hello 你好 \U0001F44B";
  const auto* units = reinterpret_cast<const uint16_t*>(text.data());
  int32_t ids[64], wide_ids[64];
  size_t count = 0, wide_count = 0;
  REQUIRE(hadal_model_tokenize(model, "hello 你好 \xF0\x9F\x91\x8B", -1, 0, ids, 64, &count) == HADAL_OK);
  REQUIRE(hadal_model_tokenize16(model, units, int64_t(text.size()), 0, wide_ids, 64, &wide_count) == HADAL_OK);
  CHECK(std::vector<int32_t>(ids, ids + count) == std::vector<int32_t>(wide_ids, wide_ids + wide_count));
  uint16_t back[32];
  size_t size = 0;
  REQUIRE(hadal_model_detokenize16(model, ids, count, 0, back, 32, &size) == HADAL_OK);
  CHECK(size == text.size());
  CHECK(std::memcmp(back, units, size * 2) == 0);
  CHECK(hadal_model_detokenize16(model, ids, count, 0, back, text.size(), &size) == HADAL_OK);
  CHECK(hadal_model_detokenize16(model, ids, count, 0, back, text.size() - 1, &size) == HADAL_PARTIAL);
  CHECK(back[text.size() - 2] == 0);
  CHECK(back[text.size() - 3] == u' ');   // the pair did not fit as a whole
  const uint16_t lone[] = {u'a', 0xD83D, u'b'};
  CHECK(hadal_model_tokenize16(model, lone, 3, 0, ids, 64, &count) == HADAL_INVALID_ARGUMENT);
  const std::u16string message = hadal_last_error16() ? reinterpret_cast<const char16_t*>(hadal_last_error16()) : u"";
  CHECK(message.find(u"unit 1") != std::u16string::npos);

  hadal_session* narrow = session_of(model);
  hadal_session* wide = session_of(model);
  const std::u16string role = u"user";
  REQUIRE(hadal_session_add(narrow, "user", "hello", -1) == HADAL_OK);
  REQUIRE(hadal_session_add16(wide, reinterpret_cast<const uint16_t*>(role.c_str()), units, 5) == HADAL_OK);
  const std::string expected = all_of(narrow);
  std::u16string found;
  while (hadal_session_next16(wide, nullptr, back, 5, &size) == HADAL_OK)
    found.append(reinterpret_cast<const char16_t*>(back), size);
  CHECK(get(wide, "answer") == expected);
  CHECK(!found.empty());
  hadal_session_release(narrow);
  hadal_session_release(wide);
  hadal_model_release(model);
}
