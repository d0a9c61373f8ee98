# The product: libhadal.a and libhadal.so from all layers, hadal::hadal for users inside and outside this build.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

option(HADAL_SHARED "hadal::hadal is the shared library" OFF)

get_property(hadal_layers GLOBAL PROPERTY HADAL_LAYERS)
set(hadal_objects "")
foreach(layer IN LISTS hadal_layers)
  list(APPEND hadal_objects "$<TARGET_OBJECTS:${layer}>")
endforeach()

# Libraries that layers link from elsewhere: carried to whoever links hadal_static. A package that is only
# headers may be found in its layer's folder alone; one with a library must be found with GLOBAL to be seen here.
set(hadal_parts "")
foreach(layer IN LISTS hadal_layers)
  get_target_property(below ${layer} INTERFACE_LINK_LIBRARIES)
  foreach(library IN LISTS below)
    if(library AND NOT library MATCHES "^hadal_" AND (TARGET ${library} OR NOT library MATCHES "::"))
      list(APPEND hadal_parts "${library}")
    endif()
  endforeach()
endforeach()
list(REMOVE_DUPLICATES hadal_parts)

add_library(hadal_static STATIC ${hadal_objects})
add_library(hadal_shared SHARED ${hadal_objects})
foreach(target hadal_static hadal_shared)
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME hadal
    LINKER_LANGUAGE CXX
    ARCHIVE_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib"
    LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib"
    RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
  target_include_directories(${target} PUBLIC
    "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>" "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
  target_link_libraries(${target} PUBLIC Threads::Threads)
  if(HADAL_SANITIZE)
    target_link_options(${target} PUBLIC -fsanitize=${HADAL_SANITIZE})
  endif()
endforeach()
foreach(part IN LISTS hadal_parts)
  target_link_libraries(hadal_static PUBLIC "$<BUILD_INTERFACE:${part}>")
  if(part MATCHES "/lib([^/]+)[.](so|a|dylib|dll[.]a)$")   # who links the installed static library needs it as well
    target_link_libraries(hadal_static PUBLIC "$<INSTALL_INTERFACE:${CMAKE_MATCH_1}>")
    string(APPEND hadal_pc_parts " -l${CMAKE_MATCH_1}")
  endif()
  target_link_libraries(hadal_shared PRIVATE "$<BUILD_INTERFACE:${part}>")
endforeach()
target_compile_definitions(hadal_static INTERFACE HADAL_STATIC)

# Only hadal_* leaves the shared library; the C++ runtime stays the system's, and nothing is left undefined.
set_target_properties(hadal_shared PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION 1)
if(UNIX AND NOT APPLE)
  target_link_options(hadal_shared PRIVATE
    "LINKER:--version-script=${PROJECT_SOURCE_DIR}/cmake/hadal.map" "LINKER:--exclude-libs,ALL")
  set_target_properties(hadal_shared PROPERTIES LINK_DEPENDS "${PROJECT_SOURCE_DIR}/cmake/hadal.map")
  if(NOT HADAL_SANITIZE)
    target_link_options(hadal_shared PRIVATE "LINKER:-z,defs")
  endif()
endif()

if(HADAL_SHARED)
  add_library(hadal::hadal ALIAS hadal_shared)
else()
  add_library(hadal::hadal ALIAS hadal_static)
endif()

# find_package(hadal) → hadal::hadal, hadal::hadal_static, hadal::hadal_shared; pkg-config hadal.
install(TARGETS hadal_static hadal_shared EXPORT hadalTargets
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/hadal" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING
  PATTERN "*.h" PATTERN "*.hpp")
set(hadal_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/hadal")
install(EXPORT hadalTargets NAMESPACE hadal:: DESTINATION "${hadal_package_dir}")
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/hadalConfig.cmake.in" "${PROJECT_BINARY_DIR}/hadalConfig.cmake"
  INSTALL_DESTINATION "${hadal_package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/hadalConfigVersion.cmake" COMPATIBILITY SameMajorVersion)
install(FILES "${PROJECT_BINARY_DIR}/hadalConfig.cmake" "${PROJECT_BINARY_DIR}/hadalConfigVersion.cmake"
  DESTINATION "${hadal_package_dir}")
# The prefix is said from where hadal.pc lies, so an install may be moved or made with --prefix.
file(RELATIVE_PATH hadal_pc_to_prefix "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
configure_file("${PROJECT_SOURCE_DIR}/cmake/hadal.pc.in" "${PROJECT_BINARY_DIR}/hadal.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/hadal.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
