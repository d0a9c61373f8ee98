// Exact search among vectors kept as int8 with one scale each: one pass over the bytes, as fast as they can be read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hadal::rag {

// codes[i] = round(values[i] / scale) with scale = max |value| / 127; gives the scale. A value that is not finite
// counts as 0.
float quantize_row(std::span<const float> values, std::span<int8_t> codes);

struct ScanHit {
  size_t row;
  float score;
};

// Rows of one dimension. Not changed while it is searched.
class Int8Rows {
 public:
  explicit Int8Rows(size_t dimension);
  void reserve(size_t rows);
  void add(float scale, std::span<const int8_t> codes);
  size_t rows() const { return scales_.size(); }
  size_t bytes() const { return codes_.size(); }

  // The `most` rows with the highest dot product with `query`, best first; of equal ones the earlier. allowed: one byte
  // for each row, 0 = leave it out; empty = all.
  std::vector<ScanHit> top(std::span<const float> query, size_t most, std::span<const uint8_t> allowed = {}) const;

  // scores[r] = dot product of row first + r with the query's codes, unscaled.
  void dots(std::span<const int8_t> query, size_t first, std::span<int32_t> scores) const;

 private:
  size_t dimension_, stride_;
  std::vector<int8_t> codes_;    // [rows, stride_], zero beyond dimension_
  std::vector<float> scales_;
};

}  // namespace hadal::rag
