// hadalv_*: as VBA calls them through Declare, with nothing but the DLL and its names.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>

#include "hadal/hadal.h"
#include "office_model.hpp"

namespace {

HMODULE dll() {
  static HMODULE loaded = load_office_dll(L"dll");
  return loaded;
}

using Session = intptr_t;

// The calls by name, with the types of hadalv.h.
template <class... Arguments>
int32_t call(const char* name, Arguments... arguments) {
  const auto function = find_function<int32_t(__stdcall*)(Arguments...)>(dll(), name);
  REQUIRE_MESSAGE(bool(function), name);
  return function(arguments...);
}

const wchar_t* text(const std::wstring& s) { return s.c_str(); }
int32_t length(const std::wstring& s) { return int32_t(s.size()); }

std::wstring taken(Variant& v) {
  REQUIRE(v->vt == VT_BSTR);
  return text_of(v->bstrVal);
}

std::wstring last_error() {
  Variant v;
  CHECK(call("hadalv_last_error", v.get()) == 0);
  return taken(v);
}

struct Chat {
  Session session = 0;
  explicit Chat(const std::wstring& options = L"") {
    REQUIRE(call("hadalv_open", L"", int32_t(0), text(options), length(options), &session) == 0);
    for (const auto& [key, value] : {std::pair{L"temperature", L"0"}, std::pair{L"max_tokens", L"24"}}) set(key, value);
  }
  ~Chat() { call("hadalv_close", session); }
  void set(const std::wstring& key, const std::wstring& value) {
    CHECK(call("hadalv_set", session, text(key), length(key), text(value), length(value)) == 0);
  }
  std::wstring ask(const std::wstring& prompt, int32_t expected = 0) {
    Variant answer;
    CHECK(call("hadalv_ask", session, text(prompt), length(prompt), answer.get()) == expected);
    return expected == 0 ? taken(answer) : L"";
  }
};

#if !defined(_WIN64)
uint32_t stack_pointer() {
  uint32_t value;
  asm volatile("mov %%esp, %0" : "=r"(value));
  return value;
}
#endif

struct Seen {
  DWORD thread = 0;
  int pieces = 0, stop_after = 1 << 30;
  std::wstring whole;
};

int32_t __stdcall on_piece(intptr_t user, int32_t kind, const wchar_t* piece, int32_t size) {
  auto& seen = *reinterpret_cast<Seen*>(user);
  CHECK(GetCurrentThreadId() == seen.thread);
  if (kind == HADAL_ANSWER) seen.whole.append(piece, size_t(size));
  return ++seen.pieces >= seen.stop_after;
}

}  // namespace

TEST_CASE("every Declare of Hadal.bas is there under its name, takes what VBA pushes and leaves the stack level") {
  prepare_model();
  intptr_t handle = 0;
  int32_t number = 0;
  double real = 0;
  IDispatch* object = nullptr;
  Variant variant;
  int declares = 0;
#if defined(_WIN64)
#define LEVEL_BEFORE
#define LEVEL_AFTER
#else
#define LEVEL_BEFORE const uint32_t before = stack_pointer();
#define LEVEL_AFTER CHECK(stack_pointer() == before);
#endif
#define DECLARE_CALL(library, name, types, arguments, count)                      \
  {                                                                               \
    using Function = int32_t(__stdcall*) types;                                   \
    const auto function = find_function<Function>(dll(), #name);                  \
    REQUIRE_MESSAGE(bool(function), #name);                                       \
    CHECK(GetModuleHandleA(library) == dll());                                    \
    LEVEL_BEFORE                                                                  \
    const int32_t status = function arguments;                                    \
    LEVEL_AFTER                                                                   \
    CHECK_MESSAGE((status >= -12 && status <= 3), #name);                         \
    ++declares;                                                                   \
  }
#include "flat_calls_generated.inc"
  CHECK(declares == 22);
  if (object != nullptr) object->Release();
}

TEST_CASE("a leftover number, nothing at all and a closed session are refused with a sentence") {
  Variant v;
  for (const Session wrong : {Session(0), Session(1), Session(12345), Session(-1)}) {
    CHECK(call("hadalv_ask", wrong, L"x", int32_t(1), v.get()) == HADAL_INVALID_ARGUMENT);
    CHECK(last_error().find(L"session") != std::wstring::npos);
    CHECK(call("hadalv_cancel", wrong) == HADAL_INVALID_ARGUMENT);
    CHECK(call("hadalv_close", wrong) == 0);
  }
  CHECK(call("hadalv_version", static_cast<VARIANT*>(nullptr)) == HADAL_INVALID_ARGUMENT);
  Session session = 77;
  const std::wstring missing = L"C:\\nirgends\\模型 x.gguf";
  CHECK(call("hadalv_open", text(missing), length(missing), L"", int32_t(0), &session) == HADAL_NOT_FOUND);
  CHECK(session == 0);
  CHECK(last_error().find(L"no such file") != std::wstring::npos);
}

TEST_CASE("without any model the message says what to do") {
  prepare_model();
  wchar_t model[4096] = L"";
  GetEnvironmentVariableW(L"HADAL_MODEL", model, 4096);
  SetEnvironmentVariableW(L"HADAL_MODEL", nullptr);
  wchar_t cache[4096] = L"";
  const bool had_cache = GetEnvironmentVariableW(L"XDG_CACHE_HOME", cache, 4096) > 0;
  SetEnvironmentVariableW(L"XDG_CACHE_HOME", L"Z:\\nowhere");
  SetEnvironmentVariableW(L"LOCALAPPDATA", L"Z:\\nowhere");
  Session session = 0;
  CHECK(call("hadalv_open", L"", int32_t(0), L"", int32_t(0), &session) == HADAL_NOT_FOUND);
  CHECK(last_error().find(L"office.txt") != std::wstring::npos);
  SetEnvironmentVariableW(L"XDG_CACHE_HOME", had_cache ? cache : nullptr);
  SetEnvironmentVariableW(L"HADAL_MODEL", model);
}

TEST_CASE("the default model answers as on Linux, and remembers the conversation") {
  if (!has_model()) return;
  Chat chat;
  CHECK(chat.ask(kCapital) == kParis);
  Variant v;
  CHECK(call("hadalv_get", chat.session, L"finish", int32_t(-1), v.get()) == 0);
  CHECK(taken(v) == L"stop");
  CHECK(call("hadalv_get", chat.session, L"messages", int32_t(-1), v.get()) == 0);
  CHECK(taken(v).find(kParis) != std::wstring::npos);
  int32_t prompt = 0, answer = 0;
  double seconds = 0;
  CHECK(call("hadalv_usage", chat.session, &prompt, &answer, &seconds) == 0);
  CHECK(prompt > 20);
  CHECK(answer == 8);
  CHECK(seconds > 0);
  CHECK(call("hadalv_reset", chat.session) == 0);
  CHECK(chat.ask(kCapital) == kParis);
}

TEST_CASE("polling gives the same text, Unicode and embedded zeros pass, and options are checked") {
  if (!has_model()) return;
  Chat chat;
  CHECK(call("hadalv_start", chat.session, kCapital, int32_t(-1)) == 0);
  std::wstring whole;
  double slowest = 0;
  for (int32_t status = 0, kind = 0; status != HADAL_END;) {
    Variant piece;
    const double start = seconds_now();
    status = call("hadalv_next", chat.session, int32_t(10), &kind, piece.get());
    slowest = std::max(slowest, seconds_now() - start);
    REQUIRE(status >= 0);
    if (status == HADAL_OK && kind == HADAL_ANSWER) whole += taken(piece);
  }
  CHECK(whole == kParis);
  MESSAGE("slowest hadalv_next(10): " << slowest * 1000 << " ms");

  constexpr wchar_t kOdd[] = L"\"C:\\x\" & a\r\nb\t中文 😀\0z";
  const std::wstring odd(kOdd, std::size(kOdd) - 1);
  Variant tokens, back;
  CHECK(call("hadalv_tokenize", chat.session, text(odd), length(odd), tokens.get()) == 0);
  REQUIRE(tokens->vt == (VT_ARRAY | VT_I4));
  CHECK(call("hadalv_detokenize", chat.session, tokens.get(), back.get()) == 0);
  CHECK(taken(back) == odd);
  CHECK(call("hadalv_detokenize", chat.session, back.get(), tokens.get()) == HADAL_INVALID_ARGUMENT);
  CHECK(call("hadalv_set", chat.session, L"temprature", int32_t(-1), L"1", int32_t(1)) == HADAL_INVALID_ARGUMENT);
  CHECK(last_error().find(L"temperature") != std::wstring::npos);
}

TEST_CASE("a callback runs on the caller's thread and may stop the answer") {
  if (!has_model()) return;
  Chat chat;
  Seen seen;
  seen.thread = GetCurrentThreadId();
  Variant answer;
  CHECK(call("hadalv_stream", chat.session, kCapital, int32_t(-1), &on_piece, intptr_t(&seen), answer.get()) == 0);
  CHECK(seen.whole == kParis);
  CHECK(taken(answer) == kParis);
  Seen stopping;
  stopping.thread = seen.thread;
  stopping.stop_after = 2;
  CHECK(call("hadalv_stream", chat.session, L"Tell me a long story.", int32_t(-1), &on_piece, intptr_t(&stopping),
             answer.get()) == HADAL_CANCELLED);
  CHECK(stopping.pieces == 2);
  CHECK(call("hadalv_stream", chat.session, L"Hello", int32_t(5), intptr_t(0), intptr_t(0), answer.get()) == 0);
}

TEST_CASE("cancel comes back within milliseconds, and the session goes on") {
  if (!has_model()) return;
  Chat chat;
  chat.set(L"max_tokens", L"400");
  CHECK(call("hadalv_start", chat.session, L"Write a long story about a ship.", int32_t(-1)) == 0);
  int32_t kind = 0;
  Variant piece;
  while (call("hadalv_next", chat.session, int32_t(1000), &kind, piece.get()) == HADAL_AGAIN) {
  }
  const double start = seconds_now();
  CHECK(call("hadalv_cancel", chat.session) == 0);
  MESSAGE("cancel took " << (seconds_now() - start) * 1000 << " ms");
  CHECK(seconds_now() - start < 1.0);
  CHECK(call("hadalv_reset", chat.session) == 0);
  chat.set(L"max_tokens", L"24");
  CHECK(chat.ask(kCapital) == kParis);
}

TEST_CASE("100,000 characters that do not fit the context are refused, and the session goes on") {
  if (!has_model()) return;
  Chat chat;
  chat.ask(std::wstring(100000, L'x') , HADAL_CONTEXT_FULL);
  CHECK(last_error().find(L"context") != std::wstring::npos);
  CHECK(call("hadalv_reset", chat.session) == 0);
  CHECK(chat.ask(kCapital) == kParis);
}

TEST_CASE("after a shutdown the next call starts anew") {
  if (!has_model()) return;
  {
    Chat chat;
    CHECK(call("hadalv_start", chat.session, L"Write a long story.", int32_t(-1)) == 0);
    CHECK(call("hadalv_shutdown") == 0);
    Variant v;
    CHECK(call("hadalv_ask", chat.session, L"x", int32_t(1), v.get()) == HADAL_INVALID_ARGUMENT);
  }
  Chat chat;
  CHECK(chat.ask(kCapital) == kParis);
  CHECK(call("hadalv_shutdown") == 0);
}
