// Measures what this machine could do at best: streaming reads and int8 multiply-adds, with the same threads and
// instruction set as the kernels.
#include "graph/probe.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "backends/cpu/level.hpp"
#include "core/buffer.hpp"

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#define HADAL_PROBE_X86
#endif

namespace hadal {
namespace {

using cpu::Level;

constexpr int64_t kMeasureNs = 300'000'000;
constexpr size_t kReadBytes = size_t(512) << 20;   // far beyond the caches of one machine's worth of threads
constexpr size_t kBlockBytes = size_t(1) << 20;
constexpr int64_t kPassBlocks = 64;                // one timed pass; passes walk through all of the memory in turn
constexpr int64_t kRounds = 20'000;                // int8 loop iterations in one task: well below a millisecond

// Sums whose results are stored, so that nothing is optimised away.
uint64_t read_scalar(const std::byte* data, size_t bytes) {
  uint64_t sum[4] = {};
  for (size_t i = 0; i < bytes; i += 32) {
    uint64_t words[4];
    std::memcpy(words, data + i, 32);
    for (int k = 0; k < 4; ++k) sum[k] += words[k];
  }
  return sum[0] + sum[1] + sum[2] + sum[3];
}

struct Multiplied {
  uint64_t result;
  double operations;
};

Multiplied multiply_scalar() {
  uint32_t sum[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  int8_t a[8], b[8];
  std::memset(a, 3, sizeof a);
  std::memset(b, 5, sizeof b);
  for (int64_t i = 0; i < kRounds; ++i)
    for (int k = 0; k < 8; ++k) {
      sum[k] += uint32_t(a[k] * b[k]);
      a[k] = int8_t(sum[k] >> 3);
    }
  uint64_t all = 0;
  for (const uint32_t part : sum) all += part;
  return {all, double(kRounds) * 8 * 2};
}

#if defined(HADAL_PROBE_X86)
__attribute__((target("avx2"))) uint64_t read_avx2(const std::byte* data, size_t bytes) {
  __m256i sum[4] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256()};
  for (size_t i = 0; i < bytes; i += 128)
    for (int k = 0; k < 4; ++k)
      sum[k] = _mm256_add_epi64(sum[k], _mm256_load_si256(reinterpret_cast<const __m256i*>(data + i + 32 * size_t(k))));
  uint64_t parts[4];
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(parts),
                      _mm256_add_epi64(_mm256_add_epi64(sum[0], sum[1]), _mm256_add_epi64(sum[2], sum[3])));
  return parts[0] + parts[1] + parts[2] + parts[3];
}

// u8 x s8 pairs to s16, pairs of those to s32, added up: 32 products and 32 additions for each vector.
__attribute__((target("avx2"))) Multiplied multiply_avx2() {
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i a = _mm256_set1_epi8(3), b = _mm256_set1_epi8(5);
  __m256i sum[8];
  for (__m256i& s : sum) s = _mm256_setzero_si256();
  for (int64_t i = 0; i < kRounds; ++i) {
    asm volatile("" : "+x"(a), "+x"(b));   // the same product must not be computed once for all rounds
    for (__m256i& s : sum) {
      asm volatile("" : "+x"(a));
      s = _mm256_add_epi32(s, _mm256_madd_epi16(_mm256_maddubs_epi16(a, b), ones));
    }
  }
  __m256i all = sum[0];
  for (int k = 1; k < 8; ++k) all = _mm256_add_epi32(all, sum[k]);
  uint64_t parts[4];
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(parts), all);
  return {parts[0] + parts[1] + parts[2] + parts[3], double(kRounds) * 8 * 64};
}

__attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni"))) Multiplied multiply_avx512() {
  __m512i a = _mm512_set1_epi8(3), b = _mm512_set1_epi8(5);
  __m512i sum[12];
  for (__m512i& s : sum) s = _mm512_setzero_si512();
  for (int64_t i = 0; i < kRounds; ++i) {
    asm volatile("" : "+v"(a), "+v"(b));
    for (__m512i& s : sum) s = _mm512_dpbusd_epi32(s, a, b);
  }
  __m512i all = sum[0];
  for (int k = 1; k < 12; ++k) all = _mm512_add_epi32(all, sum[k]);
  uint64_t parts[8];
  _mm512_storeu_si512(parts, all);
  uint64_t total = 0;
  for (const uint64_t part : parts) total += part;
  return {total, double(kRounds) * 12 * 128};
}
#endif

// Runs passes of `tasks` tasks for about kMeasureNs and gives the best pass's rate of units per nanosecond: other
// programs can only make a pass slower, and short passes fit between their turns. task(pass, i).
template <class Task>
double best_rate(Host& host, TaskRunner& runner, int64_t tasks, double units, Task task) {
  double best = 0;
  const int64_t end = host.now_ns() + kMeasureNs;
  int passes = 0;
  for (int64_t now = host.now_ns(); now < end || passes < 2; ++passes) {
    runner.run(0, tasks, [&](int64_t i, int) { task(passes, i); });
    const int64_t after = host.now_ns();
    if (after > now) best = std::max(best, units / double(after - now));
    now = after;
  }
  return best;
}

}  // namespace

ProbeResult probe_machine(const std::shared_ptr<Host>& host, TaskRunner& runner, std::string_view wanted) {
  const Level level = cpu::choose_level(wanted);
  auto* read = &read_scalar;
  auto* multiply = &multiply_scalar;
#if defined(HADAL_PROBE_X86)
  if (level >= Level::avx2) {
    read = &read_avx2;
    multiply = &multiply_avx2;
  }
  if (level >= Level::avx512) multiply = &multiply_avx512;
#endif
  ProbeResult result;
  result.level = cpu::name(level);
  std::atomic<uint64_t> sink = 0;
  {
    const Buffer memory(host, kReadBytes, "memory probe");
    const int64_t blocks = int64_t(kReadBytes / kBlockBytes);
    runner.run(0, blocks, [&](int64_t i, int) { std::memset(memory.data() + size_t(i) * kBlockBytes, int(i), kBlockBytes); });
    result.read_gbs = best_rate(*host, runner, kPassBlocks, double(kPassBlocks * int64_t(kBlockBytes)), [&](int pass, int64_t i) {
      const int64_t block = (pass * kPassBlocks + i) % blocks;
      sink.fetch_add(read(memory.data() + size_t(block) * kBlockBytes, kBlockBytes), std::memory_order_relaxed);
    });
  }
  const int64_t tasks = int64_t(runner.concurrency()) * 16;
  const double operations = multiply().operations * double(tasks);
  result.int8_gops = best_rate(*host, runner, tasks, operations, [&](int, int64_t) {
    sink.fetch_add(multiply().result, std::memory_order_relaxed);
  });
  return result;
}

}  // namespace hadal
