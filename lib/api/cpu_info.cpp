#include "api/cpu_info.hpp"

#include <cstdint>
#include <cstring>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

namespace hadal::api {

CpuInfo cpu_info() {
  CpuInfo info;
#if defined(__x86_64__) || defined(__i386__)
  uint32_t a = 0, b = 0, c = 0, d = 0;
  char brand[49] = {};
  bool named = true;
  for (uint32_t leaf = 0; leaf < 3 && named; ++leaf) {
    named = __get_cpuid(0x80000002u + leaf, &a, &b, &c, &d) != 0;
    const uint32_t words[4] = {a, b, c, d};
    std::memcpy(brand + 16 * leaf, words, sizeof words);
  }
  if (named) info.name = brand;
  while (!info.name.empty() && info.name.front() == ' ') info.name.erase(0, 1);
  while (!info.name.empty() && info.name.back() == ' ') info.name.pop_back();

  const auto note = [&](const char* feature, bool there) {
    if (there) info.features.emplace_back(feature);
  };
  // Includes what the operating system must save for a feature to be usable.
  note("sse4.2", __builtin_cpu_supports("sse4.2"));
  note("avx", __builtin_cpu_supports("avx"));
  note("f16c", __builtin_cpu_supports("avx") && __get_cpuid(1, &a, &b, &c, &d) && (c & bit_F16C));
  note("fma", __builtin_cpu_supports("fma"));
  note("avx2", __builtin_cpu_supports("avx2"));
  note("avx512f", __builtin_cpu_supports("avx512f"));
  note("avx512bw", __builtin_cpu_supports("avx512bw"));
  note("avx512vl", __builtin_cpu_supports("avx512vl"));
  note("avx512dq", __builtin_cpu_supports("avx512dq"));
  note("avx512vnni", __builtin_cpu_supports("avx512vnni"));
#endif
  return info;
}

}  // namespace hadal::api
