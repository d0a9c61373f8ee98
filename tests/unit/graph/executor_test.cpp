#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

#include "core/message.hpp"
#include "graph/executor.hpp"
#include "graph/trace_log.hpp"
#include "graph/tracing.hpp"
#include "unit/graph/toy_backend.hpp"

namespace hadal::test {
namespace {

struct TestHost final : Host {
  std::shared_ptr<Host> heap = nullptr;
  void* allocate(size_t size, size_t alignment) override { return ::operator new(size, std::align_val_t(alignment)); }
  void free(void* block, size_t, size_t alignment) noexcept override {
    ::operator delete(block, std::align_val_t(alignment));
  }
  std::unique_ptr<File> open(const std::string&) override { return nullptr; }
  int64_t now_ns() override { return time += step; }
  void log(LogLevel, std::string_view) override {}
  int64_t time = 0, step = 1000;
};

struct Run {
  ToyModel model;
  std::shared_ptr<ToyBackend> backend = std::make_shared<ToyBackend>(false);
  std::shared_ptr<TestHost> host = std::make_shared<TestHost>();
  InlineRunner runner;
  Program program{model.graph, backend, model.weights};
  Executor executor{program, host, runner, {64, 4}};
  std::vector<int32_t> tokens = std::vector<int32_t>(50, 1), positions = std::vector<int32_t>(50, 0), rows = {49};
  BatchSequence sequence{0, 50, 0, {}};

  Run() { program.pack(host, runner, [](const Weight&, bool) {}); }
  Batch batch() const { return {tokens, positions, {&sequence, 1}, rows}; }
};

}  // namespace

TEST_CASE("a run that pauses at every chance ends with the same result and the same number of tasks") {
  Run whole, paused;
  whole.executor.start(whole.batch());
  CHECK(whole.executor.advance([] { return false; }));
  paused.executor.start(paused.batch());
  int pauses = 0;
  while (!paused.executor.advance([] { return true; })) ++pauses;
  CHECK(pauses > int(paused.model.graph.nodes().size()));
  CHECK(paused.backend->ran == whole.backend->ran);
  CHECK(paused.executor.output().row<float>(0)[0] == whole.executor.output().row<float>(0)[0]);
  // embed 1, norm 2, q 3, attention 4, o 5, residual 1 + 5 + 1 = 7, norm 8, gate 9, swiglu 19, down 20,
  // residual 7 + 20 + 1 = 28, select 29, head 30.
  CHECK(whole.executor.output().row<float>(0)[0] == 30.0f);
}

TEST_CASE("slices grow only while they are short") {
  Run slow, fast;
  slow.host->step = 10'000'000;
  const auto pauses = [](Run& run) {
    int count = 0;
    run.executor.start(run.batch());
    run.executor.advance([&] { return ++count, false; });
    return count;
  };
  const int when_slow = pauses(slow), when_fast = pauses(fast);
  CHECK(when_slow > when_fast);
}

TEST_CASE("an abandoned run can be followed by another, and a run without outputs computes no head") {
  Run run;
  run.executor.start(run.batch());
  CHECK_FALSE(run.executor.advance([] { return true; }));
  run.executor.abandon();
  CHECK_FALSE(run.executor.running());
  run.rows.clear();
  run.executor.start(run.batch());
  CHECK(run.executor.advance([] { return false; }));
  CHECK(run.executor.output().rows == 0);
}

TEST_CASE("tracing sees every node once and changes nothing") {
  struct Sink final : TraceSink {
    void ran(const NodeContext&, int, int, int64_t from, int64_t to) override { ++tasks, time += to - from; }
    void finished(const NodeContext& context) override { nodes.push_back(context.node.name); }
    int64_t tasks = 0, time = 0;
    std::vector<std::string> nodes;
  };
  Run plain;
  Sink sink;
  ToyModel model;
  auto backend = std::make_shared<ToyBackend>(false);
  auto host = std::make_shared<TestHost>();
  InlineRunner runner;
  Program program(model.graph, trace(backend, host, sink), model.weights);
  program.pack(host, runner, [](const Weight&, bool) {});
  Executor executor(program, host, runner, {64, 4});
  executor.start(plain.batch());
  executor.advance([] { return false; });
  CHECK(sink.tasks == backend->ran);
  CHECK(sink.time >= sink.tasks * host->step);
  CHECK(sink.nodes.size() == model.graph.nodes().size());
}

TEST_CASE("a trace log keeps each worker's last spans as Chrome's trace events") {
  Run plain;
  ToyModel model;
  auto host = std::make_shared<TestHost>();
  InlineRunner runner;
  const size_t nodes = model.graph.nodes().size();
  for (const size_t kept : {size_t(3), size_t(1000)}) {
    TraceLog log(host, 1, kept);
    Program program(model.graph, trace(std::make_shared<ToyBackend>(false), host, log), model.weights);
    program.pack(host, runner, [](const Weight&, bool) {});
    Executor executor(program, host, runner, {64, 4});
    for (int run = 0; run < 2; ++run) {
      executor.start(plain.batch());
      executor.advance([] { return false; });
    }
    const std::string json = log.json();
    size_t events = 0;
    double before = -1;   // one worker does one thing after the other
    for (size_t at = 0; (at = json.find("\"ts\":", at)) != std::string::npos; ++events) {
      const double started = std::atof(json.c_str() + (at += 5));
      CHECK(started >= before);
      before = started + std::atof(json.c_str() + json.find("\"dur\":", at) + 6);
    }
    if (kept == 3) CHECK(events == 3);
    else CHECK(events >= nodes);   // some have several stages
    CHECK(json.starts_with("{\"displayTimeUnit\":\"ms\",\"traceEvents\":["));
    CHECK(json.ends_with("}}\n]}\n"));
    CHECK(json.rfind(message("{\"name\":\"", name_of(model.graph.nodes().back().op), "\"")) == json.rfind("{\"name\""));
  }
}

TEST_CASE("an arena that cannot be had is an error that says how much was asked for") {
  struct EmptyHost final : Host {
    void* allocate(size_t, size_t) override { return nullptr; }
    void free(void*, size_t, size_t) noexcept override {}
    std::unique_ptr<File> open(const std::string&) override { return nullptr; }
    int64_t now_ns() override { return 0; }
    void log(LogLevel, std::string_view) override {}
  };
  Run run;
  try {
    const Executor executor(run.program, std::make_shared<EmptyHost>(), run.runner, {64, 4});
    FAIL("expected an error");
  } catch (const Error& error) {
    CHECK(error.status() == Status::out_of_memory);
    CHECK(std::string(error.what()).starts_with("arena: cannot allocate "));
  }
}

}  // namespace hadal::test
