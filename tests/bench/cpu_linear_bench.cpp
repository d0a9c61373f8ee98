// How near the CPU backend's linear work comes to the machine: decode in bytes of weights per second beside a read
// probe, prompts in operations per second beside an int8 probe, all of the same minute.
//
//   cpu_linear_bench [type=q4_1] [cols=576] [rows=1536] [threads=1] [level=best] [exact=0]
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <cstring>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "bench/probes.hpp"
#include "core/half.hpp"
#include "core/thread_pool.hpp"
#include "graph/backend.hpp"

namespace hadal {
namespace {

double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// With one thread, processor time: what other programs take does not count.
double spent(int threads) {
  return threads > 1 ? seconds() : double(std::clock()) / CLOCKS_PER_SEC;
}

// Random codes under small scales: every f16 that a random byte pair may form is replaced by one of modest size.
std::vector<std::byte> random_blocks(Dtype dtype, int64_t elements) {
  std::vector<std::byte> bytes(bytes_of(dtype, elements));
  std::mt19937_64 random(1);
  for (size_t i = 0; i + 8 <= bytes.size(); i += 8) {
    const uint64_t value = random() & 0xBFBFBFBFBFBFBFBFu & 0xAFFFAFFFAFFFAFFFu;   // no large exponents
    std::memcpy(&bytes[i], &value, 8);
  }
  return bytes;
}

struct Bench {
  std::unique_ptr<Backend> backend;
  TaskRunner* runner;
  Weight weight;
  std::unique_ptr<PackedWeight> packed;

  // Seconds of one product with `tokens` rows, best of several.
  double time(int64_t tokens, double budget) const {
    Node node{Op::linear, "bench", {Value{0}}, {Value{1}}, {&weight, nullptr}, {}};
    std::vector<float> x(size_t(tokens * weight.cols)), y(size_t(tokens * weight.rows));
    std::mt19937 random(2);
    std::normal_distribution<float> normal;
    for (size_t i = 0; i < x.size(); ++i) x[i] = normal(random) * (i % 97 == 0 ? 8.0f : 1.0f);
    const Tensor in = matrix(x.data(), Dtype::f32, tokens, weight.cols);
    const Tensor out = matrix(y.data(), Dtype::f32, tokens, weight.rows);
    const Sizes sizes{tokens, tokens};
    std::vector<std::byte> memory(backend->scratch_bytes(node, sizes, runner->concurrency()) + 64);
    std::byte* scratch = memory.data() + (64 - reinterpret_cast<uintptr_t>(memory.data()) % 64) % 64;
    const PackedWeight* weights[] = {packed.get(), nullptr};
    const Batch batch;
    const CacheLayout cache;
    const NodeContext context{node, batch, cache, {&in, 1}, {&out, 1}, weights, scratch};
    double best = 1e9;
    for (const double start = seconds(); seconds() - start < budget;) {
      const double begin = spent(runner->concurrency());
      for (int stage = 0; stage < backend->stages(node); ++stage)
        runner->run(0, backend->tasks(context, stage),
                    [&](int64_t task, int worker) { backend->run(context, stage, task, worker); });
      best = std::min(best, spent(runner->concurrency()) - begin);
    }
    return best;
  }
};

void run(Dtype dtype, int64_t cols, int64_t rows, int threads, const std::string& level, bool exact) {
  const std::unique_ptr<TaskRunner> runner = make_bench_runner(threads);
  const int64_t many = (int64_t{160} << 20) / int64_t(bytes_of(dtype, cols));
  const std::vector<float> scales(size_t((std::max(many, rows) + 127) / 128 * ((cols + 127) / 128)), 0.01f);   // of FP8
  const auto make = [&](int64_t r, std::vector<std::byte>& bytes) {
    bytes = random_blocks(dtype, r * cols);
    BackendOptions options;
    options.cpu = level;
    options.exact = exact;
    Bench bench{open_backend("cpu", options), runner.get(), {}, nullptr};
    bench.weight.name = "bench";
    bench.weight.dtype = dtype;
    bench.weight.rows = r;
    bench.weight.cols = cols;
    bench.weight.data = bytes.data();
    bench.weight.scale_inv = scales.data();
    const double begin = seconds();
    bench.packed = bench.backend->pack(bench.weight, {.matrix = true}, system_host(), *runner);
    std::cout << "  pack " << double(bytes.size()) / (seconds() - begin) / 1e9 << " GB/s";
    return bench;
  };
  std::cout.precision(3);
  std::cout << name(dtype) << " [" << rows << ", " << cols << "] threads " << threads << (exact ? " exact" : "");
  std::vector<std::byte> large_bytes, small_bytes;
  const Bench large = make(many, large_bytes);
  const Bench prompt = make(rows, small_bytes);
  std::cout << " level " << large.backend->level() << "\n";
  for (const int64_t tokens : {1, 2, 4}) {
    const double read = read_probe(*runner), rate = double(large_bytes.size()) / large.time(tokens, 0.4) / 1e9;
    std::cout << "  decode " << tokens << ": " << rate << " GB/s of " << read << " = " << 100 * rate / read << " %\n";
  }
  const double cached = double(small_bytes.size()) / prompt.time(1, 0.1) / 1e9;
  std::cout << "  decode 1 from cache: " << cached << " GB/s\n";
  for (const int64_t tokens : {6, 8, 9, 16, 64, 256, 512}) {
    const double peak = int8_probe(*runner), rate = 2.0 * double(rows * cols * tokens) / prompt.time(tokens, 0.2) / 1e9;
    std::cout << "  prompt " << tokens << ": " << rate << " Gop/s of " << peak << " = " << 100 * rate / peak << " %\n";
  }
}

}  // namespace
}  // namespace hadal

int main(int argc, char** argv) {
  const auto argument = [&](int i, const char* otherwise) { return std::string(argc > i ? argv[i] : otherwise); };
  hadal::Dtype dtype = hadal::Dtype::q4_1;
  if (!hadal::parse_dtype(argument(1, "q4_1"), dtype)) return 2;
  try {
    hadal::run(dtype, std::stoll(argument(2, "576")), std::stoll(argument(3, "1536")), std::stoi(argument(4, "1")),
               argument(5, ""), argument(6, "0") == "1");
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
