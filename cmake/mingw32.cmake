# Windows, 32 bit, for 32-bit Office: such a process has 2 GB of addresses (4 GB if it is large address aware), so small
# models only.
#   cmake -S . -B build/mingw32 -G Ninja -DCMAKE_TOOLCHAIN_FILE=cmake/mingw32.cmake
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR i686)
set(hadal_mingw i686-w64-mingw32)
include("${CMAKE_CURRENT_LIST_DIR}/mingw.cmake")
# Without these the compiler would use the x87 registers, whose sums round twice. Hosts call with a stack aligned to 4
# bytes only, which SSE code does not survive unless every function aligns its own.
string(APPEND CMAKE_C_FLAGS_INIT " -msse2 -mfpmath=sse -mstackrealign")
string(APPEND CMAKE_CXX_FLAGS_INIT " -msse2 -mfpmath=sse -mstackrealign")
string(APPEND CMAKE_EXE_LINKER_FLAGS_INIT " -Wl,--large-address-aware")
