// The AVX-512 kernels, built over SIMDe so that they run on any machine, against the scalar ones: the same integers, the
// same float operations but for the rounding inside a fused multiply-add.
#define HADAL_SIMDE
#include "ops/simde_avx512.hpp"
//
#include "backends/cpu/isa/avx512.hpp"
//
#include "backends/cpu/kernel_table.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "backends/cpu/panel.hpp"
#include "ops/matrix.hpp"

namespace hadal::cpu {
namespace {

// Quantised rows with memory of their own.
struct Rows {
  std::vector<int8_t> codes, residuals;
  std::vector<BlockInfo> blocks;
  std::vector<ResidualInfo> residual_blocks;
  std::vector<uint64_t> needed;
  QuantRows view;

  Rows(const test::Matrix& x, bool exact, decltype(Kernels::quantise_row) quantise)
      : codes(x.values.size()),
        residuals(x.values.size()),
        blocks(x.values.size() / 32),
        residual_blocks(x.values.size() / 32),
        needed(size_t(x.rows) * size_t((x.cols / 32 + 63) / 64)) {
    view = {x.cols, codes.data(), residuals.data(), blocks.data(), residual_blocks.data(), needed.data(), nullptr};
    for (int64_t t = 0; t < x.rows; ++t) quantise(&x.values[size_t(t * x.cols)], exact, view.from(t));
  }
};

constexpr int64_t kCols = 768;
constexpr int kTokens = 6;

using Results = std::vector<float>;   // [2 panels][6 tokens][16]

struct Panels {
  std::vector<uint8_t> packed, tiles;
  const uint8_t* at[2];
  const uint8_t* tile[2];

  Panels(Dtype dtype, const FormatKernels& format) {
    const test::OwnedWeight weight = test::random_weight(dtype, 32, kCols, 1);
    const int64_t bytes = panel_bytes(dtype, kCols), tile_bytes = kCols / 32 * format.tile_block_bytes;
    packed.resize(size_t(2 * bytes));
    tiles.resize(size_t(2 * tile_bytes));
    for (int p = 0; p < 2; ++p) {
      pack_panel({dtype, kCols, weight.weight.data}, 32, p, &packed[size_t(p * bytes)]);
      at[p] = &packed[size_t(p * bytes)];
      format.unpack(at[p], kCols / 32, &tiles[size_t(p * tile_bytes)]);
      tile[p] = &tiles[size_t(p * tile_bytes)];
    }
  }
};

// The whole product by one kernel for `tokens` tokens and `count` panels.
Results product(DotKernel kernel, const uint8_t* const* panels, int count, int tokens, const QuantRows& x) {
  Results out(2 * kTokens * 16);
  alignas(64) float part[2 * kTokens * 16];
  for (int p = 0; p < 2; p += count) {
    for (int t = 0; t < kTokens; t += tokens) {
      kernel(panels + p, x.from(t), part);
      for (int r = 0; r < count; ++r)
        std::copy_n(part + r * tokens * 16, tokens * 16, &out[size_t(((p + r) * kTokens + t) * 16)]);
    }
  }
  return out;
}

bool same_bits(const Results& a, const Results& b) { return std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0; }

template <Dtype dtype>
void check_format(bool exact) {
  CAPTURE(std::string(name(dtype)));
  CAPTURE(exact);
  using Packed = PackedSource<Isa, dtype>;
  using Tile = TileOf<Isa, Packed>;
  FormatKernels format = {};
  format.unpack = unpack_tile<Isa, Packed>;
  format.tile_block_bytes = Tile::kBlockBytes;
  const test::Matrix x = test::with_outliers(kTokens, kCols, 2);
  const Rows rows(x, exact, quantise_row<Isa>);
  const Panels panels(dtype, format);
  const Results actual = product(panel_dot<Isa, Packed, 1, 1>, panels.at, 1, 1, rows.view);
  // Every kind of scale and code meets the wide tile once; more would take long to build.
  if constexpr (dtype == Dtype::q4_1 || dtype == Dtype::q6_k || dtype == Dtype::q8_0) {
    CHECK(same_bits(actual, product(panel_dot<Isa, Tile, 2, 6>, panels.tile, 2, 6, rows.view)));
    CHECK(same_bits(actual, product(panel_dot<Isa, Tile, 1, 2>, panels.tile, 1, 2, rows.view)));
  }

  const Kernels& scalar = scalar_kernels();
  const FormatKernels& plain = scalar.formats[format_index(dtype)];
  const Rows plain_rows(x, exact, scalar.quantise_row);
  const Panels plain_panels(dtype, plain);
  const Results expected = product(plain.tile[1][1], plain_panels.tile, 1, 1, plain_rows.view);
  // Up to 6 roundings a block, each of a partial sum that is no larger than the sum of magnitudes; 16 as in
  // cpu_linear_test.cpp. Weights are of size 1 / sqrt(cols) and activations of size 1, outliers 20.
  const double magnitude = 16 * 4 / std::sqrt(double(kCols)) * double(kCols);
  double worst = 0;
  for (size_t i = 0; i < actual.size(); ++i) worst = std::max(worst, double(std::fabs(actual[i] - expected[i])));
  CHECK(worst <= 6 * double(kCols) / 32 * 0x1p-24 * magnitude);
}

TEST_CASE("AVX-512 products are the scalar ones, and the same bits for every tile") {
  for (const bool exact : {false, true})
    unroll<12>([&](auto i) { check_format<kPanelDtypes[i.value]>(exact); });
}

TEST_CASE("AVX-512 rounds activations to the same codes as scalar code") {
  const test::Matrix x = test::with_outliers(9, 1536, 3);
  for (const bool exact : {false, true}) {
    const Rows a(x, exact, quantise_row<Isa>), b(x, exact, scalar_kernels().quantise_row);
    CHECK(a.codes == b.codes);
    CHECK(a.needed == b.needed);
    CHECK(std::memcmp(a.blocks.data(), b.blocks.data(), a.blocks.size() * sizeof(BlockInfo)) == 0);
    CHECK(a.needed[0] != 0);
  }
}

TEST_CASE("AVX-512 row kernels agree with scalar code") {
  for (const int64_t n : {1, 15, 16, 17, 100, 576}) {
    const test::Matrix x = test::gaussian(3, n, 4);
    std::vector<float> a(static_cast<size_t>(n)), b(static_cast<size_t>(n));
    rms_norm_row<Isa>(a.data(), &x.values[0], &x.values[size_t(n)], n, 1e-5f);
    scalar_kernels().rms_norm_row(b.data(), &x.values[0], &x.values[size_t(n)], n, 1e-5f);
    for (size_t i = 0; i < a.size(); ++i) CHECK(a[i] == doctest::Approx(b[i]).epsilon(1e-5));
    swiglu_row<Isa>(a.data(), &x.values[0], &x.values[size_t(n)], n);
    scalar_kernels().swiglu_row(b.data(), &x.values[0], &x.values[size_t(n)], n);
    for (size_t i = 0; i < a.size(); ++i) CHECK(a[i] == doctest::Approx(b[i]).epsilon(1e-5));
  }
}

}  // namespace
}  // namespace hadal::cpu
