# Helpers every folder uses. A layer is one folder under lib/ and one object library; its DEPENDS line is the
# folder's side of the arrow in lib/README.md.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 99)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()
set(optimised "-O2 -g1")
if(HADAL_SANITIZE)
  set(optimised "-O1 -g1")   # half the time to build, little more to run
endif()
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "${optimised}")
set(CMAKE_C_FLAGS_RELWITHDEBINFO "${optimised}")

find_package(Threads REQUIRED)

add_library(hadal_flags INTERFACE)
target_include_directories(hadal_flags INTERFACE "${PROJECT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/lib"
                                                 "${PROJECT_SOURCE_DIR}/include")
target_compile_options(hadal_flags INTERFACE -Wall -Wextra -Wshadow $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>
  -ffp-contract=off $<$<BOOL:${HADAL_WERROR}>:-Werror>
  # gcc 12 sees overlapping copies in "literal" + std::string at -O3 (gcc bug 105651).
  $<$<AND:$<COMPILE_LANG_AND_ID:CXX,GNU>,$<CONFIG:Release>>:-Wno-restrict>)
target_link_libraries(hadal_flags INTERFACE Threads::Threads)
if(HADAL_SANITIZE)
  target_compile_options(hadal_flags INTERFACE -fsanitize=${HADAL_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(hadal_flags INTERFACE -fsanitize=${HADAL_SANITIZE})
endif()
if(HADAL_FUZZ)
  target_compile_options(hadal_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# hadal_layer(NAME SOURCES a.cpp ... [DEPENDS core ...]) makes hadal_NAME.
function(hadal_layer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(hadal_${name} OBJECT ${ARG_SOURCES})
  target_link_libraries(hadal_${name} PUBLIC hadal_flags)
  foreach(dependency IN LISTS ARG_DEPENDS)
    target_link_libraries(hadal_${name} PUBLIC hadal_${dependency})
  endforeach()
  set_property(GLOBAL APPEND PROPERTY HADAL_LAYERS hadal_${name})
endfunction()

# hadal_test(NAME SOURCES a.cpp ... LAYERS quant ... [LABELS slow]) makes test_NAME and registers it. Object files of
# the named layers and everything below them are linked in.
function(hadal_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LAYERS;LABELS" ${ARGN})
  if(NOT TARGET hadal_doctest_main)   # once for all: doctest's implementation takes as long as several tests
    add_library(hadal_doctest_main OBJECT "${PROJECT_SOURCE_DIR}/tests/doctest_main.cpp")
    target_link_libraries(hadal_doctest_main PRIVATE hadal_flags doctest::doctest)
  endif()
  add_executable(test_${name} ${ARG_SOURCES} $<TARGET_OBJECTS:hadal_doctest_main>)
  target_link_libraries(test_${name} PRIVATE doctest::doctest)
  hadal_link_layers(test_${name} ${ARG_LAYERS})
  target_include_directories(test_${name} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  target_compile_definitions(test_${name} PRIVATE HADAL_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/golden")
  add_test(NAME ${name} COMMAND test_${name})
  set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77 LABELS "${ARG_LABELS}")
endfunction()

# Links the object files of layers, with everything they depend on, into an executable.
function(hadal_link_layers target)
  set(pending ${ARGN})
  set(seen "")
  while(pending)
    list(POP_FRONT pending layer)
    if(layer IN_LIST seen)
      continue()
    endif()
    list(APPEND seen ${layer})
    target_link_libraries(${target} PRIVATE hadal_${layer})   # direct link brings the object files
    get_target_property(below hadal_${layer} INTERFACE_LINK_LIBRARIES)
    foreach(library IN LISTS below)
      if(library MATCHES "^hadal_(.+)$" AND NOT library STREQUAL "hadal_flags")
        list(APPEND pending ${CMAKE_MATCH_1})
      endif()
    endforeach()
  endwhile()
endfunction()
