// The default model's real weights against transformers on the same file (recipes/smollm2.py), and the CPU backend's
// precision against the reference. Positions: the first 128 of the recorded 768, or all with HADAL_TEST_LONG=1, or 24 with
// HADAL_TEST_SHORT=1.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>

#include "core/thread_pool.hpp"
#include "unit/models/default_model.hpp"
#include "unit/models/model_runner.hpp"

namespace hadal::test {
namespace {

constexpr size_t kRecorded = 768, kColumns = 32;
constexpr const char* kFolder = HADAL_TEST_DATA "/smollm2/";

template <class T>
std::vector<T> read(const char* name) {
  std::ifstream file(std::string(kFolder) + name, std::ios::binary);
  REQUIRE_MESSAGE(file.good(), name);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  std::vector<T> values(bytes.size() / sizeof(T));
  std::copy_n(bytes.data(), values.size() * sizeof(T), reinterpret_cast<char*>(values.data()));
  return values;
}

double log_sum_exp(std::span<const float> row) {
  double peak = row[0];
  for (float v : row) peak = std::max(peak, double(v));
  double sum = 0;
  for (float v : row) sum += std::exp(double(v) - peak);
  return peak + std::log(sum);
}

size_t argmax(std::span<const float> row) { return size_t(std::max_element(row.begin(), row.end()) - row.begin()); }

struct Divergence {
  double kl = 0;           // mean over rows of sum p log(p / q)
  double equal_next = 0;   // share of rows with the same largest logit
};

Divergence compare(const std::vector<float>& p, const std::vector<float>& q, size_t vocab) {
  const size_t rows = p.size() / vocab;
  Divergence d;
  for (size_t r = 0; r < rows; ++r) {
    const std::span a(p.data() + r * vocab, vocab), b(q.data() + r * vocab, vocab);
    const double za = log_sum_exp(a), zb = log_sum_exp(b);
    for (size_t i = 0; i < vocab; ++i) d.kl += std::exp(a[i] - za) * ((a[i] - za) - (b[i] - zb)) / double(rows);
    d.equal_next += double(argmax(a) == argmax(b)) / double(rows);
  }
  return d;
}

}  // namespace

TEST_CASE("SmolLM2: the reference agrees with transformers, and the CPU with the reference") {
  const auto path = default_model();
  if (!path) {
    MESSAGE("skipped: the default model is not here; ./demo.sh fetches it");
    return;
  }
  const auto checkpoint = open_checkpoint(system_host(), *path);
  const auto model = build_text_model(checkpoint);
  const size_t vocab = size_t(model->config.vocab_size);
  const size_t positions = long_tests() ? kRecorded : short_tests() ? 24 : 128;
  auto ids = read<int32_t>("ids.i32");
  ids.resize(positions);

  ThreadPool pool(2);
  ModelRunner reference(*model, "reference", {}, pool, 128);
  const std::vector<float> expected = reference.feed(ids, 128);
  const auto columns = read<int32_t>("columns.i32");
  const auto golden = read<float>("logits.f32"), golden_lse = read<float>("logsumexp.f32");
  double sum = 0, worst_lse = 0;
  for (size_t row = 0; row < positions; ++row) {
    const std::span values(expected.data() + row * vocab, vocab);
    for (size_t c = 0; c < kColumns; ++c)
      sum += std::abs(double(values[size_t(columns[row * kColumns + c])]) - golden[row * kColumns + c]);
    worst_lse = std::max(worst_lse, std::abs(log_sum_exp(values) - golden_lse[row]));
  }
  const double mean = sum / double(positions * kColumns);
  MESSAGE("reference against transformers: mean difference ", mean, ", worst log-sum-exp difference ", worst_lse);
  CHECK(mean <= 1e-3);
  // Log-sum-exp moves by no more than the largest of its terms, which the reference keeps to 1e-4 of the range.
  const auto [low, high] = std::minmax_element(golden.begin(), golden.end());
  CHECK(worst_lse <= 1e-4 * (double(*high) - *low));

  struct Bound {
    const char* cpu;
    bool exact;
    double kl, equal_next;   // tests/README.md
  };
  for (const Bound& bound : {Bound{"scalar", false, 1e-3, 0.98}, Bound{"avx2", false, 1e-3, 0.98},
                             Bound{"avx2", true, 1e-5, 0.99}, Bound{"avx512", false, 1e-3, 0.98},
                             Bound{"avx512", true, 1e-5, 0.99}}) {
    CAPTURE(bound.cpu);
    CAPTURE(bound.exact);
    BackendOptions options;
    options.cpu = bound.cpu;
    options.exact = bound.exact;
    std::unique_ptr<ModelRunner> cpu;
    try {
      cpu = std::make_unique<ModelRunner>(*model, "cpu", options, pool, 128);
    } catch (const Error& error) {
      REQUIRE(error.status() == Status::unsupported);
      MESSAGE("skipped: ", std::string(error.what()));
      continue;
    }
    const Divergence d = compare(expected, cpu->feed(ids, 128), vocab);
    MESSAGE("cpu ", std::string(bound.cpu), std::string(bound.exact ? " exact" : ""), ": KL ", d.kl, ", equal next token ", d.equal_next);
    CHECK(d.kl <= bound.kl);
    CHECK(d.equal_next >= bound.equal_next);
  }
}

}  // namespace hadal::test
