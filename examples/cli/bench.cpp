// hadal bench MODEL: tokens/s, beside what this machine could do in the same minute.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "answer.hpp"
#include "command.hpp"
#include "interrupt.hpp"
#include "model_options.hpp"
#include "platform.hpp"
#include "terminal.hpp"
#include "weight_traffic.hpp"

namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

struct Bench {
  ModelOptions options;
  int64_t prompt = 512, generate = 64, sessions = 0, repetitions = 5;
  std::vector<int64_t> depths{0}, batches{}, threads{};
  std::string trace;   // a file for what every thread did when
};

struct Probe {
  double read_gbs = 0, int8_gops = 0;
  int64_t threads = 0;
};

Probe measure_limits(int64_t threads, const std::string& cpu) {
  std::string topic = threads > 0 ? fmt::format("probe:threads={}", threads) : "probe";
  if (!cpu.empty() && cpu != "auto") topic += (threads > 0 ? ";cpu=" : ":cpu=") + cpu;
  char text[4096];   // measured anew by each call, so not asked for its size first
  size_t size = 0;
  check(hadal_describe(topic.c_str(), text, sizeof text, &size));
  const Json found = Json::parse(std::string(text, std::min(size, sizeof text)), nullptr, false);
  Probe probe;
  if (!found.is_object()) return probe;
  probe.read_gbs = found.value("read_gbs", 0.0);
  probe.int8_gops = found.value("int8_gops", 0.0);
  probe.threads = found.value("threads", int64_t{0});
  return probe;
}

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// One model at one number of threads, and the sessions the tests share.
class Bencher {
 public:
  Bencher(const Bench& ask, int64_t threads) : ask_(ask), options_(ask.options) {
    if (threads > 0) options_.settings.emplace_back("threads", fmt::format("{}", threads));
    if (options_.value_of("batch").empty() && ask.sessions > 16)   // all of them in one run
      options_.settings.emplace_back("batch", fmt::format("{}", ask.sessions));
    if (!ask.trace.empty()) options_.settings.emplace_back("tracing", "on");
    runtime_ = make_runtime(options_);
    const auto start = Clock::now();
    model_ = open_model(runtime_.get(), options_);
    load_s_ = seconds_since(start);
    traffic_ = weight_traffic(model_.get());
    vocabulary_ = std::max<int64_t>(2, std::atoll(model_get(model_.get(), "vocabulary").c_str()));
    threads_ = threads > 0 ? threads : std::atoll(model_get_or_empty(model_.get(), "threads").c_str());
  }

  double load_seconds() const { return load_s_; }

  void write_trace() const { write_output(ask_.trace, model_get(model_.get(), "trace")); }

  void run_depth(int64_t depth) {
    if (ask_.prompt > 0) prompt_test(depth);
    if (ask_.generate > 0) generate_test(depth);
    for (const int64_t batch : ask_.batches) batch_test(depth, batch);
    if (ask_.sessions > 0 && ask_.generate > 0) sessions_test(depth);
  }

 private:
  struct Speed {
    double best = 0, median = 0;
    Probe limits;
  };

  // The same tokens in every run of the tool, with no regard to what they mean.
  std::vector<int32_t> some_tokens(int64_t count) {
    std::vector<int32_t> ids(static_cast<size_t>(count));
    for (int32_t& id : ids) {
      random_ = random_ * 6364136223846793005u + 1442695040888963407u;
      id = static_cast<int32_t>((random_ >> 33) % static_cast<uint64_t>(vocabulary_));
    }
    return ids;
  }

  void feed(hadal_session* session, int64_t count) {
    const std::vector<int32_t> ids = some_tokens(count);
    check(hadal_session_add_tokens(session, ids.data(), ids.size()));
  }

  static void compute(hadal_session* session) {
    size_t size = 0;
    check(hadal_session_logits(session, nullptr, 0, &size));
  }

  Session session_at(int64_t depth, int64_t room, const std::string& extra) {
    Session session = make_session(model_.get(), fmt::format("context={}; temperature=0; ignore_end=on; {}", depth + room, extra));
    if (depth > 0) {
      feed(session.get(), depth);
      compute(session.get());
    }
    return session;
  }

  static void back_to(hadal_session* session, int64_t depth) {
    if (depth > 0) check(hadal_session_rewind(session, depth));
    else check(hadal_session_reset(session));
  }

  // prepare() is not timed; run() computes `tokens` tokens.
  Speed measure(double tokens, const std::function<void()>& prepare, const std::function<void()>& run) {
    prepare();
    run();   // warms caches and makes whatever is made lazily
    Speed speed;
    const std::string cpu = options_.value_of("cpu");
    speed.limits = measure_limits(threads_, cpu);
    std::vector<double> rates;
    for (int64_t i = 0; i < ask_.repetitions; ++i) {
      if (interrupt::asked()) throw Failure("interrupted", kExitInterrupted);
      prepare();
      const auto start = Clock::now();
      run();
      rates.push_back(tokens / seconds_since(start));
    }
    // The machine's limits move within seconds where neighbours share it: once before, once after, the better counts.
    const Probe after = measure_limits(threads_, cpu);
    speed.limits.read_gbs = std::max(speed.limits.read_gbs, after.read_gbs);
    speed.limits.int8_gops = std::max(speed.limits.int8_gops, after.int8_gops);
    std::sort(rates.begin(), rates.end());
    speed.best = rates.back();
    speed.median = rates.size() % 2 == 1 ? rates[rates.size() / 2]
                                         : (rates[rates.size() / 2 - 1] + rates[rates.size() / 2]) / 2;
    return speed;
  }

  // tokens in each of the steps, of which `logits` need a head row, over `sequences`.
  void report(const std::string& test, int64_t depth, const Speed& speed, double tokens, double logits, double sequences) {
    const double least = traffic_.least_seconds(tokens, logits, sequences, static_cast<double>(depth),
                                                speed.limits.read_gbs, speed.limits.int8_gops);
    const double share = speed.best * least / tokens;
    const int64_t threads = threads_ > 0 ? threads_ : speed.limits.threads;
    const auto rounded = [](double value, double unit) { return std::round(value * unit) / unit; };
    if (ask_.options.json) {
      fmt::print("{}\n", Json{{"test", test}, {"depth", depth}, {"threads", threads}, {"best", rounded(speed.best, 100)},
                              {"median", rounded(speed.median, 100)}, {"share", rounded(share, 10000)},
                              {"read_gbs", rounded(speed.limits.read_gbs, 100)},
                              {"vnni_gops", rounded(speed.limits.int8_gops, 100)}, {"load_s", rounded(load_s_, 10000)},
                              {"peak_rss_mb", rounded(platform::peak_memory_mb(), 10)}}.dump());
    } else {
      fmt::print("{}{:10}{} {:6} {:8} {:12.1f} {:10.1f} {:8.1f} % {:10.1f} {:12.1f}\n", terminal::bold(), test, terminal::plain(),
                 depth, threads, speed.best, speed.median, share * 100, speed.limits.read_gbs, speed.limits.int8_gops);
    }
    std::fflush(stdout);
  }

  void prompt_test(int64_t depth) {
    const Session session = session_at(depth, ask_.prompt, "");
    const double tokens = static_cast<double>(ask_.prompt);
    const Speed speed = measure(
        tokens,
        [&] {
          back_to(session.get(), depth);
          feed(session.get(), ask_.prompt);
        },
        [&] { compute(session.get()); });
    report(fmt::format("pp{}", ask_.prompt), depth, speed, tokens, 1, 1);
  }

  void generate_test(int64_t depth) {
    const Session session = session_at(depth, ask_.generate + 1, fmt::format("max_tokens={}", ask_.generate));
    const Speed speed = measure(
        static_cast<double>(ask_.generate),
        [&] {
          back_to(session.get(), depth);
          feed(session.get(), 1);
        },
        [&] {
          int32_t state = 0;
          check(hadal_session_step(session.get(), -1, &state));
        });
    report(fmt::format("tg{}", ask_.generate), depth, speed, 1, 1, 1);
    hadal_usage usage{};
    usage.size = sizeof usage;
    check(hadal_session_usage(session.get(), &usage));
    note(options_, drafts_text(usage));
  }

  // What a step that checks `batch` drafted tokens costs.
  void batch_test(int64_t depth, int64_t batch) {
    const int64_t steps = std::max<int64_t>(1, std::max<int64_t>(ask_.generate, 32) / batch);
    const Session session = session_at(depth, steps * batch, "logits=all");
    const Speed speed = measure(
        static_cast<double>(steps * batch), [&] { back_to(session.get(), depth); },
        [&] {
          for (int64_t i = 0; i < steps; ++i) {
            feed(session.get(), batch);
            compute(session.get());
          }
        });
    report(fmt::format("batch{}", batch), depth, speed, static_cast<double>(batch), static_cast<double>(batch), 1);
  }

  void sessions_test(int64_t depth) {
    std::vector<Session> sessions;
    for (int64_t i = 0; i < ask_.sessions; ++i)
      sessions.push_back(session_at(depth, ask_.generate + 1, fmt::format("max_tokens={}", ask_.generate)));
    const auto width = static_cast<double>(ask_.sessions);
    const Speed speed = measure(
        width * static_cast<double>(ask_.generate),
        [&] {
          for (const Session& session : sessions) {
            back_to(session.get(), depth);
            feed(session.get(), 1);
          }
        },
        [&] {
          int32_t state = HADAL_WORKING;
          while ((state & HADAL_WORKING) != 0) check(hadal_runtime_step(runtime_.get(), -1, &state));
        });
    report(fmt::format("tg{}x{}", ask_.generate, ask_.sessions), depth, speed, width, width, width);
  }

  const Bench& ask_;
  ModelOptions options_;
  Runtime runtime_;
  Model model_;
  WeightTraffic traffic_;
  double load_s_ = 0;
  int64_t vocabulary_ = 0, threads_ = 0;
  uint64_t random_ = 20240501;
};

int bench_model(const Bench& ask) {
  if (!ask.options.json)
    fmt::print("{}{:10} {:>6} {:>8} {:>12} {:>10} {:>10} {:>10} {:>12}{}\n", terminal::dim(), "test", "depth", "threads",
               "best tok/s", "median", "share", "read GB/s", "int8 Gop/s", terminal::plain());
  const std::vector<int64_t> threads = ask.threads.empty() ? std::vector<int64_t>{0} : ask.threads;
  for (const int64_t count : threads) {
    Bencher bencher(ask, count);
    for (const int64_t depth : ask.depths) bencher.run_depth(depth);
    if (!ask.trace.empty()) bencher.write_trace();
    if (!ask.options.json)
      fmt::print("{}loaded in {:.3f} s, peak memory {:.1f} MB; share = of what the same minute's read speed and int8 speed "
                 "allow{}\n", terminal::dim(), bencher.load_seconds(), platform::peak_memory_mb(), terminal::plain());
  }
  return 0;
}

}  // namespace

Run add_bench(CLI::App& app) {
  auto ask = std::make_shared<Bench>();
  add_model(app, ask->options);
  app.add_option("-p", ask->prompt, "Tokens of the prompt test; 0 skips it")->check(CLI::Range(0, 1 << 20))->capture_default_str();
  app.add_option("-n", ask->generate, "Tokens generated; 0 skips it")->check(CLI::Range(0, 1 << 20))->capture_default_str();
  app.add_option("-d", ask->depths, "Tokens already there, a list")->delimiter(',')->check(CLI::Range(0, 1 << 24));
  app.add_option("-b", ask->batches, "Tokens fed at once, a list")->delimiter(',')->check(CLI::Range(1, 1 << 16));
  app.add_option("-s", ask->sessions, "Sessions generating side by side")->check(CLI::Range(0, 256));
  app.add_option("-r", ask->repetitions, "Repetitions")->check(CLI::Range(1, 1000))->capture_default_str();
  app.add_option("-t", ask->threads, "Threads, a list")->delimiter(',')->check(CLI::Range(1, 1024));
  app.add_option("--trace", ask->trace, "Write what every thread did when, as Chrome trace events; slower");
  add_flags(app, ask->options);
  return [ask] { return bench_model(*ask); };
}
