#include "rag/int8_scan.hpp"

#include <algorithm>
#include <cmath>

#if defined(__x86_64__) || defined(__i386__)
#define HADAL_RAG_AVX2
#include <immintrin.h>
#endif

namespace hadal::rag {
namespace {

constexpr size_t kStep = 32;          // values taken at once
constexpr size_t kBlockRows = 256;    // scored before the best are looked for

// Dot products of rows [rows, stride] with one query [stride] that is already widened.
void dots_plain(const int8_t* rows, size_t count, size_t stride, const int16_t* query, int32_t* scores) {
  for (size_t r = 0; r < count; ++r, rows += stride) {
    int32_t sum = 0;
    for (size_t i = 0; i < stride; ++i) sum += int32_t(rows[i]) * query[i];
    scores[r] = sum;
  }
}

#if defined(HADAL_RAG_AVX2)
__attribute__((target("avx2"))) void dots_avx2(const int8_t* rows, size_t count, size_t stride, const int16_t* query,
                                               int32_t* scores) {
  for (size_t r = 0; r < count; ++r, rows += stride) {
    __m256i even = _mm256_setzero_si256(), odd = _mm256_setzero_si256();
    for (size_t i = 0; i < stride; i += kStep) {
      const auto* codes = reinterpret_cast<const __m128i*>(rows + i);
      const auto* wanted = reinterpret_cast<const __m256i*>(query + i);
      const __m256i low = _mm256_cvtepi8_epi16(_mm_loadu_si128(codes));
      const __m256i high = _mm256_cvtepi8_epi16(_mm_loadu_si128(codes + 1));
      even = _mm256_add_epi32(even, _mm256_madd_epi16(low, _mm256_loadu_si256(wanted)));
      odd = _mm256_add_epi32(odd, _mm256_madd_epi16(high, _mm256_loadu_si256(wanted + 1)));
    }
    const __m256i sum = _mm256_add_epi32(even, odd);
    __m128i half = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
    half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4E));
    half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0xB1));
    scores[r] = _mm_cvtsi128_si32(half);
  }
}
#endif

using Dots = void (*)(const int8_t*, size_t, size_t, const int16_t*, int32_t*);

Dots best_dots() {
#if defined(HADAL_RAG_AVX2)
  if (__builtin_cpu_supports("avx2")) return dots_avx2;
#endif
  return dots_plain;
}

}  // namespace

float quantize_row(std::span<const float> values, std::span<int8_t> codes) {
  float largest = 0;
  for (const float v : values)
    if (std::isfinite(v)) largest = std::max(largest, std::fabs(v));
  const float scale = largest / 127;
  for (size_t i = 0; i < values.size(); ++i) {
    const float code = largest > 0 && std::isfinite(values[i]) ? std::nearbyint(values[i] * (127 / largest)) : 0;
    codes[i] = int8_t(std::clamp(code, -127.f, 127.f));
  }
  return scale;
}

Int8Rows::Int8Rows(size_t dimension) : dimension_(dimension), stride_((dimension + kStep - 1) / kStep * kStep) {}

void Int8Rows::reserve(size_t rows) {
  codes_.reserve(rows * stride_);
  scales_.reserve(rows);
}

void Int8Rows::add(float scale, std::span<const int8_t> codes) {
  codes_.insert(codes_.end(), codes.begin(), codes.begin() + ptrdiff_t(std::min(codes.size(), dimension_)));
  scales_.push_back(scale);
  codes_.resize(scales_.size() * stride_);
}

void Int8Rows::dots(std::span<const int8_t> query, size_t first, std::span<int32_t> scores) const {
  std::vector<int16_t> widened(stride_);
  std::copy(query.begin(), query.end(), widened.begin());
  best_dots()(codes_.data() + first * stride_, scores.size(), stride_, widened.data(), scores.data());
}

std::vector<ScanHit> Int8Rows::top(std::span<const float> query, size_t most, std::span<const uint8_t> allowed) const {
  std::vector<int8_t> codes(dimension_);
  const float query_scale = quantize_row(query, codes);
  const auto better = [](const ScanHit& a, const ScanHit& b) {
    return a.score > b.score || (a.score == b.score && a.row < b.row);
  };
  std::vector<ScanHit> best;   // a heap with the worst in front
  std::vector<int16_t> widened(stride_);
  std::copy(codes.begin(), codes.end(), widened.begin());
  const Dots dots_of = best_dots();
  int32_t scores[kBlockRows];
  for (size_t first = 0; most > 0 && first < rows(); first += kBlockRows) {
    const size_t count = std::min(kBlockRows, rows() - first);
    dots_of(codes_.data() + first * stride_, count, stride_, widened.data(), scores);
    for (size_t r = 0; r < count; ++r) {
      const size_t row = first + r;
      const ScanHit hit{row, float(scores[r]) * scales_[row] * query_scale};
      if (best.size() == most && !better(hit, best.front())) continue;
      if (!allowed.empty() && allowed[row] == 0) continue;
      if (best.size() == most) {
        std::pop_heap(best.begin(), best.end(), better);
        best.pop_back();
      }
      best.push_back(hit);
      std::push_heap(best.begin(), best.end(), better);
    }
  }
  std::sort_heap(best.begin(), best.end(), better);
  return best;
}

}  // namespace hadal::rag
