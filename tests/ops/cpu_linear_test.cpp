// The CPU backend's linear work: panels, rounded activations, fusion. Accuracy against double arithmetic on the decoded
// weights; everything else to the bit.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "backends/cpu/activations.hpp"
#include "backends/cpu/level.hpp"
#include "backends/cpu/panel.hpp"
#include "core/message.hpp"
#include "core/status.hpp"
#include "graph/weight_rows.hpp"
#include "ops/backends_under_test.hpp"
#include "ops/matrix.hpp"
#include "ops/run_node.hpp"

namespace hadal::test {
namespace {

const std::vector<int64_t> kOuts = {1, 15, 16, 17, 33};
const std::vector<int64_t> kTokens = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 64};

Node linear_node(const OwnedWeight& weight, const OwnedWeight* bias) {
  return {Op::linear, "test", {Value{0}}, {Value{1}}, {&weight.weight, bias ? &bias->weight : nullptr}, {}};
}

Matrix run_linear(Backend& backend, const Matrix& x, const OwnedWeight& weight, const OwnedWeight* bias = nullptr) {
  return run_one(backend, linear_node(weight, bias), {&x, 1}, {x.rows, weight.weight.rows}, plain_batch(x.rows));
}

// The most that a result may be wrong: each activation by half a step of its block (with the residual 1/254 of that,
// and a little for the step's own rounding), and each f32 operation by 2^-24 of the sum of magnitudes. A weight that is
// scale * code + offset is the difference of larger terms: at most 16 times the row's largest weight here.
double bound(const Matrix& x, int64_t t, const OwnedWeight& weight, int64_t row, bool exact) {
  const int64_t cols = x.cols;
  double squares = 0, error = 0, magnitude = 0, largest_weight = 0;
  for (int64_t k = 0; k < cols; ++k) {
    squares += double(x.at(t, k)) * x.at(t, k);
    largest_weight = std::max(largest_weight, std::fabs(weight.decoded[size_t(row * cols + k)]));
  }
  const double limit = cpu::kResidualShare * std::sqrt(squares / double(cols));
  const bool rounded = info(weight.weight.dtype).block_elements > 1;
  for (int64_t begin = 0; begin < cols; begin += 32) {
    const int64_t end = std::min(cols, begin + 32);
    double largest = 0, weights = 0;
    for (int64_t k = begin; k < end; ++k) {
      largest = std::max(largest, std::fabs(double(x.at(t, k))));
      weights += std::fabs(weight.decoded[size_t(row * cols + k)]);
      magnitude += 16 * largest_weight * std::fabs(double(x.at(t, k)));
    }
    const double step = largest / 127;
    const bool residual = exact || step > limit * 1.00001;
    if (rounded) error += weights * step * (residual ? 0.5 / 254 : 0.5) * 1.001;
  }
  const double operations = rounded ? 6 * double(cols) / 32 + 8 : double(cols) + 2;
  return error + operations * 0x1p-24 * magnitude;
}

void check_against_doubles(Backend& backend, Dtype dtype, int64_t cols, bool exact) {
  for (const int64_t out : kOuts) {
    const OwnedWeight weight = random_weight(dtype, out, cols, uint32_t(cols + out));
    for (const int64_t tokens : kTokens) {
      CAPTURE(out);
      CAPTURE(tokens);
      const Matrix x = tokens % 2 ? with_outliers(tokens, cols, uint32_t(tokens)) : gaussian(tokens, cols, uint32_t(tokens));
      const Matrix y = run_linear(backend, x, weight);
      double worst = 0;
      for (int64_t t = 0; t < tokens; ++t) {
        for (int64_t row = 0; row < out; ++row) {
          double expected = 0;
          for (int64_t k = 0; k < cols; ++k) expected += x.at(t, k) * weight.decoded[size_t(row * cols + k)];
          const double share = std::fabs(y.at(t, row) - expected) / bound(x, t, weight, row, exact);
          worst = share <= worst ? worst : share;   // NaN is the worst
        }
      }
      CHECK(worst <= 1);
    }
  }
}

TEST_CASE("linear is within the rounding of its activations, for every format, size and level") {
  for (const bool exact : {false, true}) {
    BackendOptions options;
    options.exact = exact;
    for (const auto& backend : backends_under_test(options)) {
      CAPTURE(label(*backend));
      CAPTURE(exact);
      for (const Dtype dtype : weight_types()) {
        CAPTURE(std::string(name(dtype)));
        for (const int64_t cols : {32, 256, 576, 1536})
          if (cols % info(dtype).block_elements == 0) check_against_doubles(*backend, dtype, cols, exact);
      }
    }
  }
}

TEST_CASE("weights left in the file's layout give the same bits as panels") {
  BackendOptions mapped;
  mapped.panels = false;
  const auto panels = backends_under_test(), files = backends_under_test(mapped);
  for (size_t b = 0; b < panels.size(); ++b) {
    CAPTURE(label(*panels[b]));
    for (const Dtype dtype : weight_types()) {
      CAPTURE(std::string(name(dtype)));
      const OwnedWeight weight = random_weight(dtype, 67, 512, 5);
      for (const int64_t tokens : {1, 4, 30}) {
        const Matrix x = with_outliers(tokens, 512, 6);
        CHECK(same_bits(run_linear(*panels[b], x, weight), run_linear(*files[b], x, weight)));
      }
    }
  }
}

TEST_CASE("a prompt gives the same bits in one piece, in chunks and token by token") {
  for (const auto& backend : backends_under_test()) {
    CAPTURE(label(*backend));
    for (const Dtype dtype : weight_types()) {
      CAPTURE(std::string(name(dtype)));
      const OwnedWeight weight = random_weight(dtype, 40, 768, 7);
      const Matrix x = with_outliers(64, 768, 8);
      const Matrix whole = run_linear(*backend, x, weight);
      for (const int64_t chunk : {1, 2, 3, 5, 9, 13}) {
        CAPTURE(chunk);
        bool same = true;
        for (int64_t t = 0; t < x.rows; t += chunk) {
          Matrix piece(std::min(chunk, x.rows - t), x.cols);
          std::copy_n(&x.values[size_t(t * x.cols)], piece.values.size(), piece.values.data());
          const Matrix y = run_linear(*backend, piece, weight);
          same = same && std::memcmp(y.values.data(), &whole.values[size_t(t * whole.cols)], y.values.size() * 4) == 0;
        }
        CHECK(same);
      }
    }
  }
}

struct FusedCase {
  std::vector<Dtype> types;
  FusedLinearAttributes::Epilogue epilogue;
  bool norm, bias;
};

// The fused node's definition, node by node on the same backend.
std::vector<Matrix> run_plain(Backend& backend, const FusedCase& c, const Matrix& x, const Matrix& residual,
                              const OwnedWeight& norm, const std::vector<OwnedWeight>& weights,
                              const std::vector<OwnedWeight>& biases) {
  const TestBatch batch = plain_batch(x.rows);
  Matrix input = x;
  if (c.norm) {
    const Node node{Op::rms_norm, "norm", {Value{0}}, {Value{1}}, {&norm.weight}, NormAttributes{1e-5f}};
    input = run_one(backend, node, {&x, 1}, {x.rows, x.cols}, batch);
  }
  std::vector<Matrix> y;
  for (size_t p = 0; p < weights.size(); ++p)
    y.push_back(run_linear(backend, input, weights[p], c.bias ? &biases[p] : nullptr));
  if (c.epilogue == FusedLinearAttributes::Epilogue::none) return y;
  const bool swiglu = c.epilogue == FusedLinearAttributes::Epilogue::swiglu;
  const Node node{swiglu ? Op::swiglu : Op::add, "epilogue", {Value{0}, Value{1}}, {Value{2}}, {}, {}};
  const std::vector<Matrix> inputs = {y[0], swiglu ? y[1] : residual};
  return {run_one(backend, node, inputs, {x.rows, y[0].cols}, batch)};
}

void check_fused(Backend& backend, const FusedCase& c, int64_t tokens) {
  constexpr int64_t kCols = 512;
  const bool several = c.epilogue == FusedLinearAttributes::Epilogue::none;
  const OwnedWeight norm = random_weight(Dtype::f32, 1, kCols, 10);
  std::vector<OwnedWeight> weights, biases;
  for (size_t p = 0; p < c.types.size(); ++p) {
    const int64_t out = several ? int64_t(20 + 30 * p) : 90;
    weights.push_back(random_weight(c.types[p], out, kCols, uint32_t(11 + p)));
    biases.push_back(random_weight(Dtype::f32, 1, out, uint32_t(21 + p)));
  }
  const Matrix x = with_outliers(tokens, kCols, 31), residual = gaussian(tokens, weights[0].weight.rows, 32);
  Node node{Op::fused_linear, "fused", {Value{0}}, {}, {c.norm ? &norm.weight : nullptr}, {}};
  node.attributes = FusedLinearAttributes{c.norm, 1e-5f, c.epilogue, int32_t(c.types.size())};
  std::vector<Matrix> inputs = {x};
  if (c.epilogue == FusedLinearAttributes::Epilogue::add) {
    node.inputs.push_back(Value{1});
    inputs.push_back(residual);
  }
  std::vector<OutputShape> outputs;
  for (size_t p = 0; p < weights.size(); ++p) {
    node.weights.push_back(&weights[p].weight);
    node.weights.push_back(c.bias ? &biases[p].weight : nullptr);
    if (several || p == 0) outputs.push_back({tokens, weights[p].weight.rows});
  }
  const std::vector<Matrix> fused = run_node(backend, node, inputs, outputs, plain_batch(tokens));
  const std::vector<Matrix> plain = run_plain(backend, c, x, residual, norm, weights, biases);
  REQUIRE(fused.size() == plain.size());
  for (size_t i = 0; i < fused.size(); ++i) CHECK(same_bits(fused[i], plain[i]));
}

TEST_CASE("a fused node gives the bits of its plain nodes") {
  using E = FusedLinearAttributes::Epilogue;
  const std::vector<FusedCase> cases = {
      {{Dtype::q4_1, Dtype::q4_1, Dtype::q8_0}, E::none, true, false},
      {{Dtype::q4_k, Dtype::f16, Dtype::q6_k}, E::none, true, true},
      {{Dtype::bf16, Dtype::f32}, E::none, true, true},
      {{Dtype::q4_1}, E::none, false, true},
      {{Dtype::q4_0, Dtype::q4_0}, E::swiglu, true, false},
      {{Dtype::q5_k, Dtype::q8_0}, E::swiglu, true, true},
      {{Dtype::f16, Dtype::q3_k}, E::swiglu, false, false},
      {{Dtype::q6_k}, E::add, false, false},
      {{Dtype::f32}, E::add, true, true},
      {{Dtype::f8_e4m3, Dtype::f8_e4m3}, E::swiglu, true, false},
      {{Dtype::f8_e4m3, Dtype::q4_k}, E::none, true, false},
  };
  for (const bool panels : {true, false}) {
    BackendOptions options;
    options.panels = panels;
    for (const auto& backend : backends_under_test(options)) {
      CAPTURE(label(*backend));
      for (size_t i = 0; i < cases.size(); ++i) {
        CAPTURE(i);
        for (const int64_t tokens : {1, 3, 8, 9, 61}) {
          CAPTURE(tokens);
          check_fused(*backend, cases[i], tokens);
        }
      }
    }
  }
}

TEST_CASE("a row looked up in panels is the block format's own decoding") {
  for (const Dtype dtype : weight_types()) {
    CAPTURE(std::string(name(dtype)));
    const OwnedWeight table = random_weight(dtype, 35, 512, 41);
    std::vector<uint8_t> panels(size_t(cpu::panels_bytes(dtype, 35, 512)));
    for (int64_t p = 0; p < cpu::panels_of(35); ++p)
      cpu::pack_panel(rows_of(table.weight), 35, p, &panels[size_t(p * cpu::panel_bytes(dtype, 512))]);
    for (int64_t row = 0; row < 35; ++row) {
      std::vector<float> expected(512), actual(512);
      decode_rows(rows_of(table.weight), row, 1, expected.data());
      cpu::unpack_row(dtype, panels.data(), 512, row, actual.data());
      CHECK(std::memcmp(expected.data(), actual.data(), 512 * sizeof(float)) == 0);
    }
  }
}

// Counts what is asked of it.
class CountingHost final : public Host {
 public:
  void* allocate(size_t size, size_t alignment) override {
    bytes += size;
    return inner_->allocate(size, alignment);
  }
  void free(void* block, size_t size, size_t alignment) noexcept override { inner_->free(block, size, alignment); }
  std::unique_ptr<File> open(const std::string& path) override { return inner_->open(path); }
  int64_t now_ns() override { return inner_->now_ns(); }
  void log(LogLevel, std::string_view) override {}
  size_t bytes = 0;

 private:
  std::shared_ptr<Host> inner_ = system_host();
};

TEST_CASE("packing allocates what packed_bytes said, about the size of the file") {
  InlineRunner runner;
  for (const bool panels : {true, false}) {
    BackendOptions options;
    options.panels = panels;
    for (const auto& backend : backends_under_test(options)) {
      for (const Dtype dtype : weight_types()) {
        CAPTURE(std::string(name(dtype)));
        const OwnedWeight weight = random_weight(dtype, 64, 512, 51);
        for (const WeightUse use : {WeightUse{.matrix = true}, WeightUse{.lookup = true, .matrix = true},
                                    WeightUse{.lookup = true}, WeightUse{.vector = true}}) {
          const auto host = std::make_shared<CountingHost>();
          const auto packed = backend->pack(weight.weight, use, host, runner);
          CHECK(host->bytes == backend->packed_bytes(weight.weight, use));
          CHECK(packed->reads_source() == (host->bytes == 0));
          if (use.matrix && panels) CHECK(double(host->bytes) <= 1.08 * double(weight.weight.bytes()));
        }
      }
    }
  }
}

TEST_CASE("a row of NaN or infinity shows, and spoils no other row") {
  for (const auto& backend : backends_under_test()) {
    CAPTURE(label(*backend));
    const OwnedWeight weight = random_weight(Dtype::q4_1, 20, 576, 61);
    const Matrix good = gaussian(6, 576, 62);
    Matrix bad = good;
    bad.at(2, 100) = NAN;
    bad.at(4, 7) = INFINITY;
    const Matrix expected = run_linear(*backend, good, weight), actual = run_linear(*backend, bad, weight);
    for (const int64_t t : {0, 1, 3, 5}) CHECK(same_bits(expected.row(t), actual.row(t)));
    for (const int64_t t : {2, 4})
      for (int64_t row = 0; row < 20; ++row) CHECK(!std::isfinite(actual.at(t, row)));
  }
}

TEST_CASE("tiny and huge activations keep their relative accuracy") {
  for (const auto& backend : backends_under_test()) {
    CAPTURE(label(*backend));
    const OwnedWeight weight = random_weight(Dtype::q8_0, 16, 64, 71);
    const Matrix x = gaussian(1, 64, 72);
    const Matrix plain = run_linear(*backend, x, weight);
    for (const float factor : {0x1p-40f, 0x1p40f}) {
      Matrix scaled = x;
      for (float& v : scaled.values) v *= factor;
      const Matrix y = run_linear(*backend, scaled, weight);
      for (size_t i = 0; i < y.values.size(); ++i) CHECK(y.values[i] == plain.values[i] * factor);
    }
    Matrix none(1, 64);
    for (const float v : run_linear(*backend, none, weight).values) CHECK(v == 0);
  }
}

TEST_CASE("a level that the machine lacks is refused by name, and an unknown one is a wrong value") {
  for (const cpu::Level level : {cpu::Level::scalar, cpu::Level::avx2, cpu::Level::avx512}) {
    const std::string missing = cpu::missing_for(level);
    if (missing.empty()) {
      CHECK(cpu::choose_level(cpu::name(level)) == level);
      continue;
    }
    try {
      cpu::choose_level(cpu::name(level));
      FAIL("expected an error");
    } catch (const Error& error) {
      CHECK(error.status() == Status::unsupported);
      CHECK(std::string(error.what()).find(missing) != std::string::npos);
    }
  }
  CHECK_THROWS_AS(cpu::choose_level("avx3"), Error);
  CHECK(cpu::missing_for(cpu::choose_level("")).empty());
}

}  // namespace
}  // namespace hadal::test
