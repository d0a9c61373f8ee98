// Asks the processor and the operating system what may run.
#include "backends/cpu/level.hpp"

#include "core/message.hpp"
#include "core/status.hpp"

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#define HADAL_X86 1
#endif

namespace hadal::cpu {
namespace {

#if defined(HADAL_X86)
struct Feature {
  const char* name;
  Level level;
  uint32_t leaf;
  char reg;       // of subleaf 0: 'b', 'c', 'd'
  uint32_t bit;
};

// Bits: Intel SDM volume 2A, CPUID leaves 1 and 7.
constexpr Feature kFeatures[] = {
    {"OSXSAVE", Level::avx2, 1, 'c', 27},      {"AVX", Level::avx2, 1, 'c', 28},
    {"F16C", Level::avx2, 1, 'c', 29},         {"FMA", Level::avx2, 1, 'c', 12},
    {"AVX2", Level::avx2, 7, 'b', 5},          {"AVX-512F", Level::avx512, 7, 'b', 16},
    {"AVX-512DQ", Level::avx512, 7, 'b', 17},  {"AVX-512BW", Level::avx512, 7, 'b', 30},
    {"AVX-512VL", Level::avx512, 7, 'b', 31},  {"AVX-512 VNNI", Level::avx512, 7, 'c', 11},
};

bool has(const Feature& feature) {
  uint32_t a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid_count(feature.leaf, 0, &a, &b, &c, &d)) return false;
  const uint32_t value = feature.reg == 'b' ? b : feature.reg == 'c' ? c : d;
  return (value >> feature.bit) & 1;
}

// Which register states the operating system saves. Needs OSXSAVE.
uint32_t saved_states() {
  uint32_t low = 0, high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}
#endif

}  // namespace

std::string_view name(Level level) {
  switch (level) {
    case Level::scalar: return "scalar";
    case Level::avx2: return "avx2";
    case Level::avx512: return "avx512";
  }
  return "";
}

std::string missing_for(Level level) {
  if (level == Level::scalar) return "";
#if !defined(HADAL_CPU_AVX512)
  if (level == Level::avx512) return "this level in its build";
#endif
#if defined(HADAL_X86)
  std::string missing;
  for (const Feature& feature : kFeatures)
    if (feature.level <= level && !has(feature)) missing += missing.empty() ? feature.name : message(", ", feature.name);
  if (!missing.empty()) return missing;
  constexpr uint32_t kYmm = 0x06, kZmm = 0xE6;   // XCR0: SSE, AVX; and opmask, both halves of ZMM
  const uint32_t wanted = level == Level::avx512 ? kZmm : kYmm;
  if ((saved_states() & wanted) != wanted) return "an operating system that saves its registers";
  return "";
#else
  return "an x86 processor";
#endif
}

Level choose_level(std::string_view wanted) {
  for (const Level level : {Level::avx512, Level::avx2, Level::scalar}) {
    if (!wanted.empty() && wanted != name(level)) continue;
    const std::string missing = missing_for(level);
    if (missing.empty()) return level;
    if (!wanted.empty())
      throw Error(Status::unsupported, message("cpu=", name(level), ": this machine lacks ", missing));
  }
  throw Error(Status::invalid_argument, message("cpu=", quoted(wanted), ": expected scalar, avx2 or avx512"));
}

}  // namespace hadal::cpu
