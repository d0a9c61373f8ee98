// HADAL_UNROLL before a loop with a constant number of turns: all of them in a row, so that arrays become registers.
#pragma once

#if defined(__clang__)
#define HADAL_UNROLL _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__)
#define HADAL_UNROLL _Pragma("GCC unroll 64")
#else
#define HADAL_UNROLL
#endif
