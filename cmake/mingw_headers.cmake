# Debian has no mingw builds of the header-only parts, and /usr/include cannot be searched: its C library is another. So
# a folder of links to just these headers, and a package file for each, stand in the build folder.
set(hadal_mingw_headers "${CMAKE_BINARY_DIR}/header_only")
function(hadal_header_only package folder header target definitions)
  if(NOT EXISTS "/usr/include/${header}" OR EXISTS "${hadal_mingw_headers}/lib/cmake/${package}/${package}Config.cmake")
    return()
  endif()
  file(MAKE_DIRECTORY "${hadal_mingw_headers}/${package}")
  file(CREATE_LINK "/usr/include/${folder}" "${hadal_mingw_headers}/${package}/${folder}" SYMBOLIC)
  file(WRITE "${hadal_mingw_headers}/lib/cmake/${package}/${package}Config.cmake"
    "if(NOT TARGET ${target})\n"
    "  add_library(${target} INTERFACE IMPORTED)\n"
    "  set_target_properties(${target} PROPERTIES INTERFACE_INCLUDE_DIRECTORIES \"${hadal_mingw_headers}/${package}\"\n"
    "    INTERFACE_COMPILE_DEFINITIONS \"${definitions}\")\n"
    "endif()\n")
endfunction()
hadal_header_only(fmt fmt fmt/format.h fmt::fmt FMT_HEADER_ONLY)
hadal_header_only(CLI11 CLI CLI/CLI.hpp CLI11::CLI11 "")
hadal_header_only(nlohmann_json nlohmann nlohmann/json.hpp nlohmann_json::nlohmann_json "")
hadal_header_only(doctest doctest doctest/doctest.h doctest::doctest "")
if(EXISTS /usr/include/eigen3)
  hadal_header_only(Eigen3 eigen3 eigen3/Eigen/Core Eigen3::Eigen "")
  # Its headers are named from inside its folder.
  file(WRITE "${hadal_mingw_headers}/lib/cmake/Eigen3/Eigen3Config.cmake"
    "if(NOT TARGET Eigen3::Eigen)\n  add_library(Eigen3::Eigen INTERFACE IMPORTED)\n"
    "  set_target_properties(Eigen3::Eigen PROPERTIES INTERFACE_INCLUDE_DIRECTORIES \"${hadal_mingw_headers}/Eigen3/eigen3\")\n"
    "endif()\n")
endif()
