# What the two toolchain files share. hadal_mingw: the prefix of the tools' names.
set(CMAKE_C_COMPILER ${hadal_mingw}-gcc-posix)     # posix: std::thread and its kin
set(CMAKE_CXX_COMPILER ${hadal_mingw}-g++-posix)
set(CMAKE_RC_COMPILER ${hadal_mingw}-windres)

# The C++ runtime and winpthread go into each binary; system DLLs alone are imported. Unaligned moves: the Windows
# stack is aligned to 16 bytes, and not every mingw compiler knows that for AVX (GCC bug 54412). No time stamp: the same
# sources give the same bytes.
set(CMAKE_C_FLAGS_INIT "-D_WIN32_WINNT=0x0601 -D__USE_MINGW_ANSI_STDIO=1 -Wa,-muse-unaligned-vector-move")
set(CMAKE_CXX_FLAGS_INIT "${CMAKE_C_FLAGS_INIT}")
foreach(kind EXE SHARED MODULE)
  set(CMAKE_${kind}_LINKER_FLAGS_INIT "-static -Wl,--no-insert-timestamp")
endforeach()

# Header-only parts are the host's: see the file for how they are made visible without the host's own C headers.
include("${CMAKE_CURRENT_LIST_DIR}/mingw_headers.cmake")
set(CMAKE_FIND_ROOT_PATH /usr/${hadal_mingw} "${hadal_mingw_headers}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
foreach(kind LIBRARY INCLUDE PACKAGE)
  set(CMAKE_FIND_ROOT_PATH_MODE_${kind} ONLY)
endforeach()

# Tests run under wine where it is installed.
find_program(hadal_wine NAMES wine64 PATHS /usr/lib/wine)
if(hadal_wine)
  set(CMAKE_CROSSCOMPILING_EMULATOR "${CMAKE_CURRENT_LIST_DIR}/wine.sh;${CMAKE_BINARY_DIR}/wine;${hadal_wine}")
endif()
