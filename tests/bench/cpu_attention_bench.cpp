// Attention of the CPU backend by itself, beside what this machine can do in the same minute:
//
//   cpu_attention_bench [threads] [level]
//
// One thread is measured in its own processor time, so that neighbours disturb it less; several in time on the clock.
// Prompts are reported against the peak of f32 multiply-adds, single tokens also against reading memory.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>

#include "core/system.hpp"
#include "core/thread_pool.hpp"
#include "ops/cpu_attention_harness.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

using namespace hadal;
using namespace hadal::test;

namespace {

double seconds_of(TaskRunner& runner, int64_t tasks, FunctionRef<void(int64_t)> body) {
  const auto start = std::chrono::steady_clock::now();
  const std::clock_t processor_start = std::clock();
  runner.run(0, tasks, [&](int64_t task, int) { body(task); });
  if (runner.concurrency() == 1) return double(std::clock() - processor_start) / CLOCKS_PER_SEC;
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// 12 independent chains of multiply-adds, in registers.
#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) float multiply_add(int64_t turns) {
  __m256 sum[12];
  for (__m256& s : sum) s = _mm256_setzero_ps();
  const __m256 a = _mm256_set1_ps(0.999f), b = _mm256_set1_ps(1e-3f);
  for (int64_t i = 0; i < turns; ++i) {
#pragma GCC unroll 12
    for (int j = 0; j < 12; ++j) sum[j] = _mm256_fmadd_ps(sum[j], a, b);
  }
  for (int j = 1; j < 12; ++j) sum[0] = _mm256_add_ps(sum[0], sum[j]);
  return _mm256_cvtss_f32(sum[0]);
}
constexpr double kFlopPerTurn = 12 * 8 * 2;
#else
float multiply_add(int64_t turns) {
  float sum[48] = {};
  for (int64_t i = 0; i < turns; ++i)
    for (float& s : sum) s = s * 0.999f + 1e-3f;
  return sum[7];
}
constexpr double kFlopPerTurn = 96;
#endif

struct Limits {
  double gflops = 0, gbytes = 0;
};

Limits probe(TaskRunner& runner) {
  Limits limits;
  const int workers = runner.concurrency();
  volatile float sink = 0;
  constexpr int64_t kTurns = 2000000;
  std::vector<uint64_t> memory(size_t(32) << 20, 1);   // 256 MB
  const size_t share = memory.size() / size_t(workers);
  for (int repeat = 0; repeat < 5; ++repeat) {
    double seconds = seconds_of(runner, workers, [&](int64_t) { sink = multiply_add(kTurns); });
    limits.gflops = std::max(limits.gflops, workers * kTurns * kFlopPerTurn / seconds * 1e-9);
    seconds = seconds_of(runner, workers, [&](int64_t task) {
      const uint64_t* p = memory.data() + size_t(task) * share;
      uint64_t sum[8] = {};
      for (size_t i = 0; i + 8 <= share; i += 8)
        for (size_t j = 0; j < 8; ++j) sum[j] += p[i + j];
      sink = float(sum[0] + sum[1] + sum[2] + sum[3] + sum[4] + sum[5] + sum[6] + sum[7]);
    });
    limits.gbytes = std::max(limits.gbytes, double(memory.size() * 8) / seconds * 1e-9);
  }
  return limits;
}

struct Model {
  const char* name;
  AttentionShape shape;
  int layers;   // caches that are read one after the other, as a model does
};

constexpr Model kModels[] = {{"SmolLM2-135M", {9, 3, 64, 64}, 30}, {"Qwen-1.5B", {12, 2, 128, 128}, 28}};

// One layer's time for `tokens` new tokens behind `depth` others.
void measure(const Model& model, const cpu::CpuConfig& config, int64_t depth, int64_t tokens, TaskRunner& runner,
             const Limits& limits) {
  AttentionHarness harness(model.shape, config);
  std::vector<Timeline> layers;
  const int count = tokens == 1 ? model.layers : 1;
  for (int i = 0; i < count; ++i) {
    layers.push_back(harness.timeline(depth + tokens, uint64_t(i)));
    for (const Guarded& page : layers.back().pages) std::memset(page.data(), 0x11, harness.cache().page_bytes);
  }
  double best = 1e9;
  const int repeats = tokens == 1 ? 20 : tokens <= 512 ? 10 : 3;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    double seconds = 0;
    for (Timeline& layer : layers) {
      layer.position = depth;
      harness.run({{&layer, tokens}}, runner);
      seconds += runner.concurrency() == 1 ? harness.processor_seconds() : harness.attention_seconds();
    }
    best = std::min(best, seconds / count);
  }
  const AttentionShape& s = model.shape;
  const double pairs = double(tokens) * double(depth) + double(tokens) * double(tokens + 1) / 2;
  const double flop = 2 * pairs * double(s.heads * (s.key_dim + s.value_dim));
  const double bytes = double(depth + tokens) / 64 * double(cpu::cache_slot_bytes(harness.cache().slots[1], config));
  std::printf("%-13s %-5.*s depth %5lld tokens %5lld  %9.3f ms a layer  %7.1f Gflop/s %5.1f %%", model.name,
              int(name(config.cache_type).size()), name(config.cache_type).data(), (long long)depth, (long long)tokens,
              best * 1e3, flop / best * 1e-9, 100 * flop / best * 1e-9 / limits.gflops);
  if (tokens == 1) std::printf("  %6.1f GB/s %5.1f %%", bytes / best * 1e-9, 100 * bytes / best * 1e-9 / limits.gbytes);
  std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) {
  int threads = usable_processors();
  if (argc > 1) std::from_chars(argv[1], argv[1] + std::strlen(argv[1]), threads);
  cpu::CpuConfig config;
  config.level = cpu::choose_level(argc > 2 ? argv[2] : "");
  ThreadPool pool(threads);
  const std::string_view level = cpu::name(config.level);
  for (const Model& model : kModels) {
    for (const Dtype cache_type : {Dtype::f16, Dtype::q8_0}) {
      config.cache_type = cache_type;
      const Limits limits = probe(pool);
      std::printf("%.*s, %d threads: %.1f Gflop/s multiply-add, %.1f GB/s read\n", int(level.size()), level.data(), threads,
                  limits.gflops, limits.gbytes);
      for (const int64_t depth : {0, 128, 2048, 4096}) measure(model, config, depth, 1, pool, limits);
      for (const int64_t tokens : {512, 4096}) measure(model, config, 0, tokens, pool, limits);
      measure(model, config, 4096, 8, pool, limits);
    }
  }
}
