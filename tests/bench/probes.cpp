#include "bench/probes.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <vector>

#include "core/thread_pool.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace hadal {
namespace {

double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) uint64_t read_all(const char* p, size_t bytes) {
  __m256i sum[4] = {};
  for (size_t i = 0; i < bytes; i += 128) {
    _mm_prefetch(p + i + 4096, _MM_HINT_T0);
    _mm_prefetch(p + i + 4160, _MM_HINT_T0);
    for (int v = 0; v < 4; ++v)
      sum[v] = _mm256_or_si256(sum[v], _mm256_load_si256(reinterpret_cast<const __m256i*>(p + i + 32 * size_t(v))));
  }
  return uint64_t(_mm256_extract_epi64(_mm256_or_si256(_mm256_or_si256(sum[0], sum[1]), _mm256_or_si256(sum[2], sum[3])), 0));
}

// 12 chains of 8 multiply-add steps each, then one widening.
__attribute__((target("avx2"))) void multiply_add(int64_t rounds) {
  for (int64_t r = 0; r < rounds; ++r) {
#define STEP(n) "vpmaddubsw %%ymm13, %%ymm12, %%ymm15\n vpaddw %%ymm15, %%ymm" #n ", %%ymm" #n "\n"
#define ALL STEP(0) STEP(1) STEP(2) STEP(3) STEP(4) STEP(5) STEP(6) STEP(7) STEP(8) STEP(9) STEP(10) STEP(11)
#define WIDEN(n) "vpmaddwd %%ymm14, %%ymm" #n ", %%ymm" #n "\n"
    asm volatile(ALL ALL ALL ALL ALL ALL ALL ALL
                 WIDEN(0) WIDEN(1) WIDEN(2) WIDEN(3) WIDEN(4) WIDEN(5) WIDEN(6) WIDEN(7) WIDEN(8) WIDEN(9) WIDEN(10) WIDEN(11)
                 ::: "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
                 "xmm12", "xmm13", "xmm14", "xmm15");
#undef STEP
#undef ALL
#undef WIDEN
  }
}
#endif

}  // namespace

std::unique_ptr<TaskRunner> make_bench_runner(int threads) {
  if (threads <= 1) return std::make_unique<InlineRunner>();
  return std::make_unique<ThreadPool>(threads);
}

double read_probe(TaskRunner& runner) {
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("avx2")) return 0;
  constexpr size_t kBytes = size_t{192} << 20, kTask = size_t{1} << 20;
  static std::vector<char> memory(kBytes + 8192, 1);
  const char* start = memory.data() + (64 - reinterpret_cast<uintptr_t>(memory.data()) % 64);
  double best = 1e9;
  for (int i = 0; i < 5; ++i) {
    const double begin = seconds();
    runner.run(0, int64_t(kBytes / kTask), [&](int64_t task, int) {
      volatile uint64_t seen = read_all(start + size_t(task) * kTask, kTask);
      (void)seen;
    });
    best = std::min(best, seconds() - begin);
  }
  return double(kBytes) / best / 1e9;
#else
  return 0;
#endif
}

double int8_probe(TaskRunner& runner) {
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("avx2")) return 0;
  const int64_t tasks = 4 * runner.concurrency();
  constexpr int64_t kRounds = 4000;
  double best = 1e9;
  for (int i = 0; i < 20; ++i) {
    const double begin = seconds();
    runner.run(0, tasks, [](int64_t, int) { multiply_add(kRounds); });
    best = std::min(best, seconds() - begin);
  }
  return double(tasks * kRounds) * 12 * 8 * 64 / best / 1e9;
#else
  return 0;
#endif
}

}  // namespace hadal
