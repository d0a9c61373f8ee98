// Instruction set levels of the CPU backend. One binary holds all of them; the machine decides at run time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hadal::cpu {

enum class Level : uint8_t {
  scalar,   // plain C++
  avx2,     // AVX2, FMA, F16C
  avx512,   // AVX-512 F, BW, VL, DQ, VNNI
};

std::string_view name(Level level);

// What this machine and its operating system lack for the level ("AVX-512 VNNI"), empty if nothing.
std::string missing_for(Level level);

// The best level for "", else the named one. Throws Error(invalid_argument) for an unknown name, Error(unsupported)
// naming what is missing.
Level choose_level(std::string_view wanted);

}  // namespace hadal::cpu
