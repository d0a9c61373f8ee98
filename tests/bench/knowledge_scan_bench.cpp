// The int8 scan of a knowledge base beside the time one thread takes to read its bytes; and, from how many chunks on a
// query takes long enough that an approximate index could pay. usage: knowledge_scan_bench
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <random>

#include "bench/probes.hpp"
#include "rag/int8_scan.hpp"

using namespace hadal;
using namespace hadal::rag;

int main() {
  const auto runner = make_bench_runner(1);
  std::mt19937 random(1);
  for (const size_t rows_wanted : {100'000, 200'000, 400'000}) {
    constexpr size_t kDimension = 384;
    Int8Rows rows(kDimension);
    rows.reserve(rows_wanted);
    std::vector<int8_t> codes(kDimension);
    for (size_t r = 0; r < rows_wanted; ++r) {
      for (int8_t& c : codes) c = int8_t(random());
      rows.add(1e-3f, codes);
    }
    std::vector<float> query(kDimension);
    for (float& v : query) v = float(int32_t(random())) * 1e-9f;
    double best = 1e9, share = 1e9;
    for (int i = 0; i < 15; ++i) {
      const double reading = double(rows.bytes()) / (read_probe(*runner) * 1e9);
      const auto start = std::chrono::steady_clock::now();
      const size_t found = rows.top(query, 200).size();
      const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      if (found != 200) return 1;
      best = std::min(best, seconds);
      share = std::min(share, seconds / reading);
    }
    std::printf("%7zu x %zu int8: %.2f ms, %.1f GB/s, %.2f times reading the bytes\n", rows_wanted, kDimension, best * 1e3,
                double(rows.bytes()) / best / 1e9, share);
  }
  return 0;
}
