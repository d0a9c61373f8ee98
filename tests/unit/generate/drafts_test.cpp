// Drafts must change nothing but the number of steps.
#include <doctest/doctest.h>

#include <string>
#include <thread>

#include "generate/session.hpp"
#include "unit/generate/scripted_drafter.hpp"
#include "unit/generate/tiny_model.hpp"
#include "unit/generate/tiny_session.hpp"

using namespace hadal;
using namespace hadal::test;

namespace {

// What a caller can see of a turn and of what comes after it.
struct Seen {
  std::vector<int32_t> tokens, next_turn;
  std::string answer, finish;
  std::vector<float> logits;
  bool operator==(const Seen&) const = default;
};

Seen seen(Session& session) {
  Seen out{session.tokens(0), {}, session.get("answer"), session.get("finish"), row(session)};
  if (session.num_tokens() + 20 < session.context()) out.next_turn = generate(session, ids(77, 9));
  return out;
}

// Tokens that repeat themselves.
std::vector<int32_t> repeated(int count) {
  std::vector<int32_t> out;
  for (int i = 0; i < count; ++i) out.push_back(TinyModel::kFirstByte + 'a' + i % 5);
  return out;
}

// The timeline of a session that says what `options` and `prompt` make it say, two turns as in seen().
std::shared_ptr<Script> script_of(const std::shared_ptr<Model>& model, const std::string& options,
                                  const std::vector<int32_t>& prompt, double right) {
  const auto session = make_session(model, options + "; drafts=off");
  generate(*session, prompt);
  seen(*session);
  auto script = std::make_shared<Script>();
  script->timeline = session->tokens(0);
  script->right = right;
  return script;
}

void play(const std::shared_ptr<Model>& model, const std::shared_ptr<Script>& script) {
  model->set_draft_layer([script] { return std::make_unique<ScriptedDrafter>(script); });
}

double tokens_per_step(const Usage& usage) {
  return double(usage.generated_tokens) / double(usage.generated_tokens - usage.accepted_tokens);
}

Status status_of(auto&& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.status();
  }
  return Status::ok;
}

const char* const kSampling[] = {
    "temperature=0",
    "temperature=0.9; seed=4",
    ("temperature=1.2; seed=9; top_k=20; top_p=0.8; min_p=0.02; repeat_penalty=1.3; penalty_window=16; "
     "frequency_penalty=0.2; presence_penalty=0.1; logit_bias=\"40:2, 41:-3\""),
};

}  // namespace

TEST_CASE("text, logits and later turns are the same with and without drafts") {
  for (const char* settings : {"backend=reference; threads=1", "backend=cpu; threads=1",
                               "backend=cpu; threads=2; chunk=7", "backend=cpu; threads=3; chunk=1",
                               "backend=cpu; cache_type=q8; batch=1"}) {
    CAPTURE(settings);
    const auto model = open_tiny(settings), planned = open_tiny(std::string(settings) + "; drafts=on");
    for (const char* sampling : kSampling) {
      CAPTURE(sampling);
      for (const auto& prompt : {ids(3, 60), repeated(60)}) {
        const std::string options = std::string(sampling) + "; max_tokens=40; ignore_end=on";
        const auto plain = make_session(model, options);
        generate(*plain, prompt);
        CHECK(plain->usage().drafted_tokens == 0);
        const Seen expected = seen(*plain);
        for (const double right : {-1.0, 0.0, 0.5, 0.8, 1.0}) {   // negative: n-grams
          CAPTURE(right);
          const auto script = script_of(model, options, prompt, right);
          play(planned, script);
          const auto session = make_session(planned, options + (right < 0 ? "; drafts=ngram" : "; drafts=mtp"));
          generate(*session, prompt);
          const Usage usage = session->usage();
          if (right >= 0) CHECK(usage.drafted_tokens > 0);
          if (right == 0) CHECK(usage.accepted_tokens == 0);
          if (right == 0.8) CHECK(tokens_per_step(usage) > 1.5);
          if (right == 1) CHECK(tokens_per_step(usage) > 3);
          CHECK(seen(*session) == expected);
        }
      }
    }
  }
}

TEST_CASE("n-gram drafts are accepted where the text repeats itself") {
  const auto model = open_tiny("backend=cpu");
  const auto session = make_session(model, "temperature=0; max_tokens=200; ignore_end=on; drafts=ngram");
  generate(*session, repeated(40));
  const Usage usage = session->usage();
  CHECK(usage.accepted_tokens > 0);
  CHECK(usage.drafted_tokens >= usage.accepted_tokens);
}

TEST_CASE("stop texts, stop ids, lengths and a full context end a turn in the middle of accepted guesses") {
  const auto model = open_tiny("backend=cpu; context=96");
  const auto prompt = ids(8, 4);
  const std::string base = "temperature=0.7; seed=2; ignore_end=on";
  const auto free = make_session(model, base);
  generate(*free, prompt);
  const std::string text = free->get("answer");
  const auto timeline = free->tokens(0);
  REQUIRE(text.size() > 30);
  REQUIRE(text.find('"') == std::string::npos);

  std::vector<std::string> ends = {"; context=21", "; context=5", "; context=6"};
  for (int tokens = 0; tokens < 20; ++tokens) ends.push_back("; max_tokens=" + std::to_string(tokens));
  for (size_t at = 9; at < 20; ++at) ends.push_back("; stop_ids=" + std::to_string(timeline[at]));
  for (const std::string& end : ends) {
    CAPTURE(end);
    const auto plain = make_session(model, base + end);
    generate(*plain, prompt);
    const Usage without = plain->usage();
    const Seen expected = seen(*plain);
    play(model, script_of(model, base + end, prompt, 1));
    const auto session = make_session(model, base + end + "; drafts=on");
    generate(*session, prompt);
    const Usage with = session->usage();
    CHECK(with.generated_tokens == without.generated_tokens);
    CHECK(with.finish == without.finish);
    CHECK(seen(*session) == expected);
  }
}

TEST_CASE("a stop text inside an accepted run leaves what stood before it") {
  const auto model = open_tiny("backend=cpu");
  const std::string base = "temperature=0; max_tokens=40; ignore_end=on";
  const auto prompt = ids(8, 4);
  const auto free = make_session(model, base);
  generate(*free, prompt);
  const auto timeline = free->tokens(0);
  int stopped = 0;
  for (size_t at = 8; at < 30; ++at) {
    std::string stop;
    for (size_t i = at; i < at + 3 && i < timeline.size(); ++i)
      if (timeline[i] >= TinyModel::kFirstByte && timeline[i] < TinyModel::kFirstByte + 128)
        stop += char(timeline[i] - TinyModel::kFirstByte);
    if (stop.size() < 3 || stop.find_first_of("[\"\\;") != std::string::npos) continue;
    CAPTURE(at);
    const auto plain = make_session(model, base), session = make_session(model, base);
    play(model, script_of(model, base, prompt, 1));
    plain->set("stop", stop);
    session->set("stop", stop);
    session->set("drafts", "mtp");
    generate(*plain, prompt);
    generate(*session, prompt);
    stopped += plain->usage().finish == Finish::stop_text ? 1 : 0;
    CHECK(session->usage().generated_tokens == plain->usage().generated_tokens);
    CHECK(seen(*session) == seen(*plain));
  }
  CHECK(stopped > 0);
}

TEST_CASE("forks and rewinds after a step never see a guess that was wrong") {
  for (const double right : {0.0, 0.6, 1.0}) {
    CAPTURE(right);
    const auto model = open_tiny("backend=cpu");
    const std::string base = "temperature=0.8; seed=6; max_tokens=30; ignore_end=on";
    for (const int length : {60, 63, 64, 70}) {   // about a page's end
      CAPTURE(length);
      const auto prompt = ids(1, length);
      const auto script = script_of(model, base, prompt, right);
      play(model, script);
      const auto whole = generate(*make_session(model, base), prompt);
      for (int64_t stop_at = 1; stop_at < 12; stop_at += 3) {
        const auto first = make_session(model, base + "; drafts=mtp");
        first->add_tokens(prompt);
        while (first->usage().generated_tokens < stop_at) first->until_over(0);
        const auto second = first->fork();
        second->until_over(kNever);
        first->until_over(kNever);
        CHECK(first->tokens(length) == whole);
        CHECK(second->tokens(length) == whole);

        const auto third = make_session(model, base + "; drafts=mtp");
        third->add_tokens(prompt);
        while (third->usage().generated_tokens < stop_at) third->until_over(0);
        const int64_t keep = length - 3 + stop_at;
        third->rewind(keep);
        CHECK(script->last_cut <= keep);
        third->add_tokens(ids(90, 5));
        const auto fresh = make_session(model, "");
        fresh->add_tokens(third->tokens(0));
        CHECK(row(*third) == row(*fresh));
      }
      CHECK(script->forks > 0);
    }
  }
}

TEST_CASE("a snapshot after any step goes on to the same tokens") {
  const auto model = open_tiny("backend=cpu");
  const std::string base = "temperature=0.9; seed=11; max_tokens=30; ignore_end=on";
  const auto prompt = ids(5, 50);
  play(model, script_of(model, base, prompt, 0.7));
  const auto whole = generate(*make_session(model, base), prompt);
  for (int64_t stop_at = 1; stop_at < 25; stop_at += 5) {
    const auto first = make_session(model, base + "; drafts=mtp");
    first->add_tokens(prompt);
    while (first->usage().generated_tokens < stop_at) first->until_over(0);
    const auto bytes = first->save();
    for (const char* drafts : {"; drafts=off", "; drafts=mtp", "; drafts=ngram"}) {
      const auto second = make_session(model, base + drafts);
      second->restore(bytes);
      second->until_over(kNever);
      CHECK(second->tokens(50) == whole);
    }
  }
}

TEST_CASE("sessions with and without drafts are computed together as alone") {
  for (const char* settings :
       {"backend=cpu; batch=3; chunk=32", "backend=cpu; batch=2; chunk=1", "backend=reference"}) {
    CAPTURE(settings);
    const auto model = open_tiny(settings);
    const char* const base = "temperature=0.8; seed=5; max_tokens=24; ignore_end=on";
    std::vector<std::vector<int32_t>> alone;
    for (int i = 0; i < 5; ++i) alone.push_back(generate(*make_session(model, base), ids(i * 11, 5 + 23 * i)));
    std::vector<std::shared_ptr<Session>> together;
    for (int i = 0; i < 5; ++i) {
      play(model, script_of(model, base, ids(i * 11, 5 + 23 * i), 0.8));
      together.push_back(make_session(model, std::string(base) + (i % 2 == 0 ? "; drafts=mtp" : "; drafts=off")));
      together.back()->add_tokens(ids(i * 11, 5 + 23 * i));
    }
    CHECK(model->runtime()->step(kNever) == 2);
    for (int i = 0; i < 5; ++i) {
      const Usage usage = together[size_t(i)]->usage();
      if (i % 2 == 1) CHECK(usage.drafted_tokens == 0);
      else if (std::string_view(settings).find("chunk=1") == std::string_view::npos) CHECK(usage.drafted_tokens > 0);
      const int64_t prompt = together[size_t(i)]->num_tokens() - usage.generated_tokens;
      CHECK(together[size_t(i)]->tokens(prompt) == alone[size_t(i)]);
    }
  }
}

TEST_CASE("budgets, other sessions' changes and cancelling stop a drafter in the middle of its work") {
  const auto model = open_tiny("backend=cpu");
  const std::string base = "temperature=0; max_tokens=30; ignore_end=on";
  const auto prompt = ids(8, 40);
  const auto whole = generate(*make_session(model, base), prompt);
  const auto script = script_of(model, base, prompt, 0.9);
  script->slices = 5;
  script->wants_hidden = true;
  play(model, script);

  const auto session = make_session(model, base + "; drafts=mtp");
  session->add_tokens(prompt);
  for (int steps = 0; !session->over(); ++steps) {
    session->until_over(0);
    REQUIRE(steps < 100000);
  }
  CHECK(session->tokens(40) == whole);
  CHECK(tokens_per_step(session->usage()) > 1.5);
  CHECK(script->abandoned == 0);

  const auto stays = make_session(model, base + "; drafts=mtp"), leaves = make_session(model, base + "; drafts=mtp");
  stays->add_tokens(prompt);
  leaves->add_tokens(ids(20, 90));
  for (int i = 0; !stays->over(); ++i) {
    model->runtime()->step(0);
    if (i % 7 == 3) leaves->reset();
    if (i % 7 == 5) leaves->add_tokens(ids(i, 20));
  }
  CHECK(stays->tokens(40) == whole);

  script->slices = 50;
  const auto forked = make_session(model, base + "; drafts=mtp");
  forked->add_tokens(prompt);
  for (int i = 0; !forked->over(); ++i) {
    forked->until_over(0);
    if (i % 37 == 0) forked->fork();
    REQUIRE(i < 100000);
  }
  CHECK(forked->tokens(40) == whole);
  CHECK(script->abandoned > 0);

  script->slices = 5;
  for (int stop_after = 0; stop_after < 60; ++stop_after) {
    CAPTURE(stop_after);
    const auto cancelled = make_session(model, base + "; drafts=mtp");
    cancelled->add_tokens(prompt);
    for (int i = 0; i < stop_after && !cancelled->over(); ++i) cancelled->until_over(0);
    const bool done = cancelled->over();
    cancelled->cancel();
    cancelled->until_over(kNever);
    if (!done) CHECK(cancelled->usage().finish == Finish::cancelled);
    cancelled->rewind(0);
    CHECK(generate(*cancelled, prompt) == whole);
  }
}

TEST_CASE("threads that drive drafting sessions of one model share the work") {
  const auto model = open_tiny("backend=cpu");
  const char* const base = "temperature=0; max_tokens=40; ignore_end=on";
  std::vector<std::vector<int32_t>> alone(4), found(4);
  for (int i = 0; i < 4; ++i) alone[size_t(i)] = generate(*make_session(model, base), ids(i, 60));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      found[size_t(i)] = generate(*make_session(model, std::string(base) + "; drafts=ngram"), ids(i, 60));
    });
  for (auto& thread : threads) thread.join();
  CHECK(found == alone);
}

TEST_CASE("automatic drafts give the same text") {
  const auto model = open_tiny("backend=cpu");
  const std::string base = "temperature=0; max_tokens=150; ignore_end=on";
  const auto prompt = ids(8, 40);
  const auto whole = generate(*make_session(model, base), prompt);
  for (const double right : {0.0, 0.5, 1.0}) {
    play(model, script_of(model, base, prompt, right));
    const auto session = make_session(model, base + "; drafts=auto");
    CHECK(generate(*session, prompt) == whole);
    const Usage usage = session->usage();
    CHECK(usage.accepted_tokens <= usage.drafted_tokens);
    if (right == 0) CHECK(usage.accepted_tokens == 0);
  }
}

TEST_CASE("logits asked for in the middle of a drafted turn are those of one token at a time") {
  const auto model = open_tiny("backend=cpu");
  const std::string base = "temperature=0; max_tokens=30; ignore_end=on";
  const auto prompt = ids(8, 40);
  const auto whole = generate(*make_session(model, base), prompt);
  play(model, script_of(model, base, prompt, 1));
  const auto session = make_session(model, base + "; drafts=mtp");
  session->add_tokens(prompt);
  while (session->usage().generated_tokens < 9) session->until_over(0);
  const auto fresh = make_session(model, "");
  fresh->add_tokens(session->tokens(0));
  const auto found = row(*session);   // before the other one's work moves this session along
  CHECK(found == row(*fresh));
  session->until_over(kNever);
  CHECK(session->tokens(40) == whole);
}

TEST_CASE("drafts are off unless asked for, mtp needs the model's layer, and rows are planned only for drafts") {
  const auto plain = open_tiny("batch=8; chunk=4"), drafting = open_tiny("batch=8; chunk=4; drafts=on");
  CHECK(plain->get("drafts") == "off");
  CHECK(drafting->scheduler().max().outputs == plain->scheduler().max().outputs + kMostDrafts);
  CHECK(status_of([] { open_tiny("drafts=mtp"); }) == Status::unsupported);
  CHECK(status_of([] { open_tiny("drafts=maybe"); }) == Status::invalid_argument);
  const auto session = make_session(plain, "");
  CHECK(status_of([&] { session->set("drafts", "mtp"); }) == Status::unsupported);
  CHECK(session->get("drafts") == "off");
  session->set("drafts", "on");
  CHECK(status_of([&] { make_session(plain, "drafts=mtp"); }) == Status::unsupported);
}
