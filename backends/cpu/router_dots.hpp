// A router's logits: f32 weights in panels times f32 rows, summed in double in the order of k. A product of two floats
// is exact in double, so every level and compiler gives the reference's own bits, and the same experts are chosen.
#pragma once

#include <cstdint>

#include "backends/cpu/level.hpp"
#include "backends/cpu/panel_format.hpp"

namespace hadal::cpu {

inline constexpr int kRouterRows = 2;   // of x at once: what AVX2's registers hold sums for

// panel: [cols][16]; x: `rows` (at most kRouterRows) rows, `stride` floats apart; out: [rows][16].
using RouterDots = void (*)(const float* panel, const float* x, int64_t stride, int64_t cols, int rows, float* out);

void router_dots_scalar(const float* panel, const float* x, int64_t stride, int64_t cols, int rows, float* out);
void router_dots_avx2(const float* panel, const float* x, int64_t stride, int64_t cols, int rows, float* out);

#if defined(HADAL_CPU_X86)
inline RouterDots router_dots(Level level) { return level == Level::scalar ? router_dots_scalar : router_dots_avx2; }
#else
inline RouterDots router_dots(Level) { return router_dots_scalar; }
#endif

}  // namespace hadal::cpu
