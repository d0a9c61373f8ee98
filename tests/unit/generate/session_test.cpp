#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "core/thread_pool.hpp"
#include "generate/session.hpp"
#include "unit/generate/tiny_model.hpp"
#include "unit/generate/tiny_session.hpp"

using namespace hadal;
using namespace hadal::test;

namespace {

std::string answer(Session& session, std::string_view text) {
  session.add("user", text);
  session.until_over(kNever);
  return session.get("answer");
}

Status status_of(auto&& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.status();
  }
  return Status::ok;
}

const char* const kBackends[] = {"reference", "cpu"};

}  // namespace

TEST_CASE("feeding a prompt whole, in chunks and token by token gives the same logits") {
  for (const char* backend : kBackends) {
    CAPTURE(backend);
    const auto model = open_tiny(std::string("backend=") + backend);
    const auto prompt = ids(3, 150);
    const auto whole = make_session(model, "");
    whole->add_tokens(prompt);
    const auto expected = row(*whole);
    for (const char* chunk : {"chunk=1", "chunk=7", "chunk=64"}) {
      CAPTURE(chunk);
      const auto session = make_session(model, chunk);
      session->add_tokens(prompt);
      CHECK(row(*session) == expected);
    }
    const auto parts = make_session(model, "");
    for (size_t at = 0; at < prompt.size(); at += 50) {
      parts->add_tokens(std::span(prompt).subspan(at, 50));
      row(*parts);
    }
    CHECK(row(*parts) == expected);
  }
}

TEST_CASE("logits=all gives the row after each token") {
  const auto model = open_tiny("");
  const auto prompt = ids(9, 40);
  const auto all = make_session(model, "logits=all");
  all->add_tokens(prompt);
  const auto rows = row(*all);
  const size_t vocabulary = size_t(model->vocabulary());
  REQUIRE(rows.size() == prompt.size() * vocabulary);
  for (const size_t t : {size_t(0), size_t(17), size_t(39)}) {
    const auto one = make_session(model, "");
    one->add_tokens(std::span(prompt).first(t + 1));
    const auto last = row(*one);
    CHECK(std::equal(last.begin(), last.end(), rows.begin() + ptrdiff_t(t * vocabulary)));
  }
  CHECK(row(*all) == rows);   // asked again without new tokens
}

TEST_CASE("sessions computed together answer as they do alone") {
  for (const char* backend : kBackends) {
    CAPTURE(backend);
    const auto model = open_tiny(std::string("backend=") + backend + "; batch=3; chunk=32");
    const char* const options = "temperature=0.8; seed=5; max_tokens=24; ignore_end=on";
    std::vector<std::vector<int32_t>> alone;
    for (int i = 0; i < 5; ++i) alone.push_back(generate(*make_session(model, options), ids(i * 11, 5 + 23 * i)));
    std::vector<std::shared_ptr<Session>> together;
    for (int i = 0; i < 5; ++i) {
      together.push_back(make_session(model, options));
      together.back()->add_tokens(ids(i * 11, 5 + 23 * i));
    }
    CHECK(model->runtime()->step(kNever) == 2);   // nothing left to compute, pieces to read
    for (int i = 0; i < 5; ++i) {
      const Usage usage = together[size_t(i)]->usage();
      CHECK(usage.finish == Finish::length);
      CHECK(together[size_t(i)]->tokens(together[size_t(i)]->num_tokens() - usage.generated_tokens) == alone[size_t(i)]);
    }
  }
}

TEST_CASE("threads that drive sessions of one model share the work") {
  const auto model = open_tiny("backend=cpu");
  const char* const options = "temperature=0; max_tokens=40; ignore_end=on";
  std::vector<std::vector<int32_t>> alone(4), found(4);
  for (int i = 0; i < 4; ++i) alone[size_t(i)] = generate(*make_session(model, options), ids(i, 60));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&, i] { found[size_t(i)] = generate(*make_session(model, options), ids(i, 60)); });
  for (auto& thread : threads) thread.join();
  CHECK(found == alone);
}

TEST_CASE("a fork goes on exactly as its origin, and neither disturbs the other") {
  const auto model = open_tiny("");
  const char* const options = "temperature=0.9; seed=3; max_tokens=20; ignore_end=on";
  const auto first = make_session(model, options);
  generate(*first, ids(1, 70));
  const auto second = first->fork();
  CHECK(second->tokens(0) == first->tokens(0));
  const auto of_first = generate(*first, ids(50, 3));
  CHECK(generate(*second, ids(50, 3)) == of_first);
  const auto third = second->fork();
  generate(*second, ids(99, 30));
  const auto fourth = first->fork();
  CHECK(generate(*third, ids(7, 9)) == generate(*fourth, ids(7, 9)));
  // What the others wrote after the fork must not be in this one's cache.
  const auto unforked = make_session(model, options);
  generate(*unforked, ids(1, 70));
  generate(*unforked, ids(50, 3));
  generate(*unforked, ids(99, 30));
  CHECK(generate(*unforked, ids(3, 3)) == generate(*second, ids(3, 3)));
}

TEST_CASE("a fork in the middle of a turn continues it") {
  const auto model = open_tiny("");
  const char* const options = "temperature=0; max_tokens=30; ignore_end=on";
  const auto whole = generate(*make_session(model, options), ids(1, 10));
  const auto first = make_session(model, options);
  first->add_tokens(ids(1, 10));
  while (first->usage().generated_tokens < 8) first->until_over(0);
  const auto second = first->fork();
  first->until_over(kNever);
  second->until_over(kNever);
  CHECK(first->tokens(10) == whole);
  CHECK(second->tokens(10) == whole);
}

TEST_CASE("rewinding and feeding again equals never having gone further") {
  const auto model = open_tiny("");
  const auto session = make_session(model, "");
  session->add_tokens(ids(0, 130));
  row(*session);
  session->rewind(65);
  CHECK(session->num_tokens() == 65);
  session->add_tokens(ids(200, 10));
  const auto found = row(*session);
  const auto fresh = make_session(model, "");
  fresh->add_tokens(std::span<const int32_t>(ids(0, 130)).first(65));
  fresh->add_tokens(ids(200, 10));
  CHECK(row(*fresh) == found);
  // Rewound to a place whose logits are gone: the last token is computed again.
  session->rewind(65);
  const auto again = row(*session);
  fresh->rewind(65);
  CHECK(row(*fresh) == again);
  CHECK(status_of([&] { session->rewind(66); }) == Status::invalid_argument);
  CHECK(status_of([&] { session->rewind(-1); }) == Status::invalid_argument);
}

TEST_CASE("a restored snapshot continues to the same tokens, also in the middle of a turn") {
  for (const char* backend : kBackends) {
    CAPTURE(backend);
    const auto model = open_tiny(std::string("backend=") + backend);
    const char* const options = "temperature=0.9; seed=11; max_tokens=30; ignore_end=on";
    const auto first = make_session(model, options);
    first->add("user", "hello there");
    while (first->usage().generated_tokens < 9) first->until_over(0);
    const auto bytes = first->save();
    first->until_over(kNever);
    const auto second = make_session(model, options);
    second->restore(bytes);
    second->until_over(kNever);
    CHECK(second->tokens(0) == first->tokens(0));
    CHECK(second->get("messages") == first->get("messages"));
    CHECK(second->get("answer") == first->get("answer"));
    CHECK(answer(*second, "and now") == answer(*first, "and now"));
  }
}

TEST_CASE("damaged and foreign snapshots are refused and leave the session as it was") {
  const auto model = open_tiny("");
  const auto session = make_session(model, "temperature=0; max_tokens=5; ignore_end=on");
  answer(*session, "hello");
  const auto bytes = session->save();
  const auto before = session->tokens(0);
  for (size_t at = 0; at < bytes.size(); at += 1 + bytes.size() / 97) {
    auto bad = bytes;
    bad[at] ^= std::byte{0x10};
    const Status status = status_of([&] { session->restore(bad); });
    CHECK(status == Status::corrupt);
    auto cut = std::span(bytes).first(at);
    CHECK(status_of([&] { session->restore(cut); }) == Status::corrupt);
  }
  CHECK(session->tokens(0) == before);
  const auto other = make_session(open_tiny("", {.seed = 2}), "");
  CHECK(status_of([&] { other->restore(bytes); }) == Status::unsupported);
  const auto small = make_session(model, "context=16");
  CHECK(status_of([&] { small->restore(bytes); }) == Status::context_full);
}

TEST_CASE("a conversation's prefix is kept between turns") {
  const auto model = open_tiny("");
  const auto session = make_session(model, "temperature=0; max_tokens=8; ignore_end=on");
  answer(*session, "hello");
  CHECK(session->usage().reused_tokens == 0);
  const int64_t first_prompt = session->usage().prompt_tokens;
  answer(*session, "more");
  CHECK(session->usage().reused_tokens >= first_prompt);
  CHECK(session->usage().prompt_tokens > session->usage().reused_tokens);
  // The same conversation from nothing gives the same tokens.
  const auto fresh = make_session(model, "temperature=0; max_tokens=8; ignore_end=on");
  fresh->add("user", "hello");
  fresh->until_over(kNever);
  fresh->add("user", "more");
  fresh->until_over(kNever);
  CHECK(fresh->tokens(0) == session->tokens(0));
}

TEST_CASE("budgets stop the work and the answer is the same") {
  const auto model = open_tiny("");
  const char* const options = "temperature=0; max_tokens=12; ignore_end=on";
  const auto whole = generate(*make_session(model, options), ids(5, 100));
  const auto session = make_session(model, options);
  session->add_tokens(ids(5, 100));
  int steps = 0;
  while (!session->over()) {
    session->until_over(0);
    REQUIRE(++steps < 100000);
  }
  CHECK(steps > 12);
  CHECK(session->tokens(100) == whole);
}

TEST_CASE("cancelling at any moment leaves a session that goes on") {
  const auto model = open_tiny("");
  const char* const options = "temperature=0; max_tokens=6; ignore_end=on";
  const auto expected = generate(*make_session(model, options), ids(8, 40));
  for (int stop_after = 0; stop_after < 60; ++stop_after) {
    CAPTURE(stop_after);
    const auto session = make_session(model, options);
    session->add_tokens(ids(8, 40));
    for (int i = 0; i < stop_after && !session->over(); ++i) session->until_over(0);
    const bool done = session->over();
    session->cancel();
    session->until_over(kNever);
    CHECK(session->over());
    if (!done) CHECK(session->usage().finish == Finish::cancelled);
    session->rewind(0);
    CHECK(generate(*session, ids(8, 40)) == expected);
  }
}

TEST_CASE("a thread that computes is cancelled from another one") {
  const auto model = open_tiny("");
  const auto session = make_session(model, "temperature=0; context=512; ignore_end=on");
  session->add_tokens(ids(8, 40));
  std::thread other([&] {
    while (session->usage().generated_tokens < 5) std::this_thread::yield();
    session->cancel();
  });
  session->until_over(kNever);
  other.join();
  const Finish finish = session->usage().finish;
  CHECK((finish == Finish::cancelled || finish == Finish::context));
}

TEST_CASE("changing a session in the middle of a common run does not disturb the others") {
  const auto model = open_tiny("");
  const char* const options = "temperature=0; max_tokens=30; ignore_end=on";
  const auto expected = generate(*make_session(model, options), ids(8, 90));
  const auto stays = make_session(model, options), leaves = make_session(model, options);
  stays->add_tokens(ids(8, 90));
  leaves->add_tokens(ids(20, 90));
  for (int i = 0; !stays->over(); ++i) {
    model->runtime()->step(0);
    if (i % 7 == 3) leaves->reset();
    if (i % 7 == 5) leaves->add_tokens(ids(i, 20));
  }
  CHECK(stays->tokens(90) == expected);
}

TEST_CASE("stop texts, stop ids and lengths end a turn as they are named") {
  const auto model = open_tiny("");
  const auto free = make_session(model, "temperature=0; max_tokens=30; ignore_end=on");
  const auto tokens = generate(*free, ids(8, 4));
  CHECK(free->get("finish") == "length");
  const std::string text = free->get("answer");
  REQUIRE(text.size() > 12);

  const auto by_id = make_session(model, "temperature=0; max_tokens=30; ignore_end=on");
  by_id->set("stop_ids", std::to_string(tokens[6]));
  generate(*by_id, ids(8, 4));
  CHECK(by_id->get("finish") == "stop");
  CHECK(by_id->tokens(4).back() == tokens[6]);

  const auto none = make_session(model, "max_tokens=0");
  generate(*none, ids(8, 4));
  CHECK(none->usage().generated_tokens == 0);
  CHECK(none->get("finish") == "length");

  const auto full = make_session(model, "temperature=0; context=20; ignore_end=on");
  CHECK(generate(*full, ids(8, 4)).size() == 16);
  CHECK(full->get("finish") == "context");
  CHECK(status_of([&] { full->add_tokens(ids(0, 1)); }) == Status::context_full);
  CHECK(full->num_tokens() == 20);
}

TEST_CASE("a prompt that does not fit is refused, or the oldest turns are left out") {
  const auto model = open_tiny("");
  const auto refused = make_session(model, "temperature=0; context=64; max_tokens=4; ignore_end=on");
  refused->add("user", std::string(80, 'x'));
  CHECK(status_of([&] { refused->until_over(kNever); }) == Status::context_full);
  CHECK(refused->over());
  CHECK(refused->num_tokens() == 0);
  refused->rewind(0);
  CHECK(status_of([&] { answer(*refused, "hi"); }) == Status::ok);

  const auto dropping = make_session(model, "temperature=0; context=96; max_tokens=4; ignore_end=on; context_policy=drop");
  for (int turn = 0; turn < 6; ++turn) CHECK(status_of([&] { answer(*dropping, "message number " + std::to_string(turn)); }) == Status::ok);
  CHECK(dropping->get("dropped") != "0");
  CHECK(dropping->get("prompt").find("number 5") != std::string::npos);
  CHECK(dropping->get("prompt").find("number 0") == std::string::npos);

  const auto strict = make_session(model, "context=64; max_tokens=60; context_policy=refuse");
  strict->add("user", "hello");
  CHECK(status_of([&] { strict->until_over(kNever); }) == Status::context_full);
}

TEST_CASE("scores add up the log-probabilities of the text and leave the session as it was") {
  const auto model = open_tiny("");
  const auto session = make_session(model, "");
  session->add_tokens(ids(3, 20));
  const auto before = row(*session);
  const std::string text = "qwertyuiop";   // no merges: one token a byte
  const auto score = session->score(text, false);
  CHECK(score.tokens == int64_t(text.size()));
  CHECK(session->num_tokens() == 20);
  CHECK(row(*session) == before);
  // By hand: one token after the other.
  double expected = 0;
  for (const char c : text) {
    const auto logits = row(*session);
    const int32_t id = TinyModel::kFirstByte + c;
    expected += double(logits[size_t(id)]) - log_sum_exp(logits);
    session->add_tokens(std::span(&id, 1));
  }
  CHECK(score.log_probability == doctest::Approx(expected).epsilon(1e-9));

  const auto empty = make_session(model, "context=32");
  const auto windows = empty->score(std::string(100, 'q'), false);
  CHECK(windows.tokens == 100 - 4);   // the first token of each of four windows is not scored
  CHECK(empty->num_tokens() == 0);
  const auto begun = make_session(open_tiny("", {.add_bos = true}), "");
  CHECK(begun->score("qqq", false).tokens == 3);
  // With the begin token there is no room for another one: said, not tried for ever.
  const auto full = make_session(open_tiny("", {.add_bos = true}), "context=1");
  CHECK(status_of([&] { full->score("qqq", false); }) == Status::context_full);
}

TEST_CASE("the begin token is added once to raw text") {
  const auto model = open_tiny("", {.add_bos = true});
  const auto session = make_session(model, "");
  session->add_text("hi", false);
  CHECK(session->tokens(0).front() == TinyModel::kBegin);
  session->add_text("hi", false);
  const auto tokens = session->tokens(0);
  CHECK(std::count(tokens.begin(), tokens.end(), TinyModel::kBegin) == 1);
  const auto written = make_session(model, "");
  written->add_text("<|endoftext|>hi", true);
  CHECK(written->tokens(0)[0] == TinyModel::kBegin);
  CHECK(written->tokens(0)[1] != TinyModel::kBegin);
}

TEST_CASE("a text filled in goes on from prefix and suffix, and the next one keeps what they share") {
  const auto model = open_tiny("", {.fill = true});
  const auto session = make_session(model, "temperature=0; max_tokens=8; ignore_end=on"), fresh = session->fork();
  const auto prompt = [&](const char* prefix, const char* suffix) { return model->prompts().fill(prefix, suffix).tokens; };
  const auto filled = [](Session& s, const char* prefix, const char* suffix) {
    s.fill(prefix, suffix);
    s.until_over(kNever);
    return s.tokens(0);
  };
  const auto first = filled(*session, "int f() {", "}");
  const auto asked = prompt("int f() {", "}");
  REQUIRE(first.size() == asked.size() + 8);
  CHECK(std::equal(asked.begin(), asked.end(), first.begin()));
  const auto by_tokens = make_session(model, "temperature=0; max_tokens=8; ignore_end=on");
  by_tokens->add_tokens(asked);
  by_tokens->until_over(kNever);
  CHECK(by_tokens->tokens(0) == first);

  const auto second = filled(*session, "int f() { r", "}");
  CHECK(second == filled(*fresh, "int f() { r", "}"));
  CHECK(session->usage().prompt_tokens == int64_t(prompt("int f() { r", "}").size()));
  const auto more = prompt("int f() { r", "}");
  const auto shared = std::mismatch(asked.begin(), asked.end(), more.begin()).first - asked.begin();
  CHECK(shared > 6);
  CHECK(session->usage().reused_tokens == shared);
  CHECK(filled(*session, "int f() { r", "}") == second);

  const std::string much(600, 'x');
  CHECK(status_of([&] { session->fill(much, "}"); }) == Status::context_full);
  CHECK(status_of([&] { session->fill("a", "\xFF"); }) == Status::invalid_argument);
  CHECK(session->tokens(0) == second);
  CHECK(status_of([&] { make_session(open_tiny(""), "")->fill("a", "b"); }) == Status::unsupported);
  const auto chat = make_session(model, "");
  chat->add("user", "hi");
  CHECK(status_of([&] { chat->fill("a", "b"); }) == Status::invalid_argument);
}

TEST_CASE("wrong input is refused with a clear status and changes nothing") {
  const auto model = open_tiny("");
  const auto session = make_session(model, "");
  CHECK(status_of([&] { session->add_tokens({}); }) == Status::invalid_argument);
  CHECK(status_of([&] { session->add_tokens(std::vector<int32_t>{-1}); }) == Status::invalid_argument);
  CHECK(status_of([&] { session->add_tokens(std::vector<int32_t>{int32_t(model->vocabulary())}); }) == Status::invalid_argument);
  CHECK(status_of([&] { session->add_text("", false); }) == Status::invalid_argument);
  CHECK(status_of([&] { session->add_text("a\xFF", false); }) == Status::invalid_argument);
  CHECK(status_of([&] { session->add("owner", "x"); }) == Status::invalid_argument);
  CHECK(status_of([&] { session->add("user", "\xC0"); }) == Status::invalid_argument);
  CHECK(status_of([&] { session->logits([](std::span<const float>) {}); }) == Status::invalid_argument);
  CHECK(status_of([&] { session->set("context", "5"); }) == Status::invalid_argument);
  CHECK(status_of([&] { session->set("chunk", "8000"); }) == Status::invalid_argument);
  CHECK(status_of([&] { session->set("logit_bias", "100000:1"); }) == Status::invalid_argument);
  CHECK(session->get("logit_bias").empty());
  CHECK(status_of([&] { session->get("colour"); }) == Status::not_found);
  CHECK(session->num_tokens() == 0);
  CHECK(session->over());
  session->add_tokens(ids(0, 3));
  CHECK(status_of([&] { session->add("user", "x"); }) == Status::invalid_argument);
  CHECK(session->num_tokens() == 3);
}

TEST_CASE("a file without a template gets the one of its vocabulary's family, or the one that is asked for") {
  const auto found = open_tiny("", {.chat_template = "none"});   // ChatML's markers
  const auto session = make_session(found, "");
  session->add("user", "x");
  CHECK(session->render().find("<|im_start|>user\nx<|im_end|>") != std::string::npos);
  CHECK(found->get("note").find("chatml") != std::string::npos);
  const auto named = make_session(open_tiny("chat_template=plain"), "");
  named->add("user", "x");
  CHECK(named->render().find("<|im_start|>") == std::string::npos);
}

TEST_CASE("a memory limit is refused beforehand and kept to the byte") {
  CHECK(status_of([] { open_tiny("memory_limit=1M"); }) == Status::out_of_memory);
  const auto model = open_tiny("memory_limit=64M; context=512");
  std::vector<std::shared_ptr<Session>> sessions;
  Status last = Status::ok;
  while (last == Status::ok && sessions.size() < 10000)
    last = status_of([&] { sessions.push_back(make_session(model, "")); });
  CHECK(last == Status::out_of_memory);
  sessions.pop_back();
  CHECK(status_of([&] { sessions.push_back(make_session(model, "")); }) == Status::ok);
}
