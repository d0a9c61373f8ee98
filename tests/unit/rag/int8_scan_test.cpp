#include "rag/int8_scan.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>

using namespace hadal::rag;

TEST_CASE("the scan's dot products are those of the definition") {
  std::mt19937 random(7);
  for (const size_t dimension : {1, 31, 32, 33, 100, 384, 768}) {
    CAPTURE(dimension);
    Int8Rows rows(dimension);
    std::vector<std::vector<int8_t>> codes(300, std::vector<int8_t>(dimension));
    for (auto& row : codes) {
      for (int8_t& c : row) c = int8_t(int(random() % 255) - 127);
      rows.add(1, row);
    }
    const std::vector<int8_t>& query = codes[5];
    std::vector<int32_t> scores(299);
    rows.dots(query, 1, scores);
    for (size_t r = 0; r < scores.size(); ++r) {
      int32_t expected = 0;
      for (size_t i = 0; i < dimension; ++i) expected += int32_t(query[i]) * codes[r + 1][i];
      REQUIRE(scores[r] == expected);
    }
  }
}

TEST_CASE("the best rows come first, and the best of all are among the first 200") {
  constexpr size_t kRows = 3000, kDimension = 96;
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  Int8Rows rows(kDimension);
  std::vector<std::vector<float>> values(kRows, std::vector<float>(kDimension));
  for (auto& row : values) {
    double sum = 0;
    for (float& v : row) {
      v = normal(random);
      sum += double(v) * v;
    }
    for (float& v : row) v = float(v / std::sqrt(sum));
    std::vector<int8_t> codes(kDimension);
    const float scale = quantize_row(row, codes);
    for (size_t i = 0; i < kDimension; ++i) CHECK(std::fabs(float(codes[i]) * scale - row[i]) <= scale / 2 * 1.0001f);
    rows.add(scale, codes);
  }
  for (int q = 0; q < 20; ++q) {
    std::vector<float> query = values[size_t(q) * 7];
    for (float& v : query) v += 0.1f * normal(random);
    std::vector<std::pair<double, size_t>> exact;
    for (size_t r = 0; r < kRows; ++r) {
      double dot = 0;
      for (size_t i = 0; i < kDimension; ++i) dot += double(query[i]) * values[r][i];
      exact.emplace_back(-dot, r);
    }
    std::sort(exact.begin(), exact.end());
    const std::vector<ScanHit> found = rows.top(query, 200);
    REQUIRE(found.size() == 200);
    CHECK(std::is_sorted(found.begin(), found.end(), [](const ScanHit& a, const ScanHit& b) { return a.score > b.score; }));
    for (size_t k = 0; k < 10; ++k)
      CHECK(std::any_of(found.begin(), found.end(), [&](const ScanHit& h) { return h.row == exact[k].second; }));
  }
  std::vector<uint8_t> allowed(kRows);
  allowed[17] = 1;
  const std::vector<ScanHit> only = rows.top(values[17], 5, allowed);
  REQUIRE(only.size() == 1);
  CHECK(only[0].row == 17);
  CHECK(rows.top(values[0], 0).empty());
}

TEST_CASE("numbers that are none do no harm") {
  const std::vector<float> odd = {NAN, INFINITY, -1, 2};
  std::vector<int8_t> codes(4);
  CHECK(quantize_row(odd, codes) == doctest::Approx(2.0 / 127));
  CHECK(codes == std::vector<int8_t>{0, 0, -64, 127});
  CHECK(quantize_row(std::vector<float>(4), codes) == 0);
  CHECK(codes == std::vector<int8_t>(4));
}
