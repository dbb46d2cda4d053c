# What nearly every file includes, compiled once: it was a third of a build's time. `dev` and the sanitizers' presets
# switch that off, so that a file which does not include what it needs fails to compile there.
set(CMS_PRECOMPILED <algorithm> <array> <cmath> <cstdint> <filesystem> <functional> <map> <memory> <optional> <set>
    <span> <string> <string_view> <vector> <fmt/format.h> <nlohmann/json.hpp>)

# cms_precompile(TARGET OWNER [HEADER ...]): what OWNER, a target of the same kind, has precompiled; OWNER itself
# precompiles CMS_PRECOMPILED and the headers.
function(cms_precompile target owner)
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)  # for ccache
  if(target STREQUAL owner)
    target_precompile_headers(${target} PRIVATE ${CMS_PRECOMPILED} ${ARGN})
  else()
    target_precompile_headers(${target} REUSE_FROM ${owner})
  endif()
endfunction()

# cms_module(NAME [SOURCES ...] [DEPENDS ...] [LIBRARIES ...] [TESTS ...] [TEST_LIBRARIES ...])
#
# Makes the static library cms_<NAME> (alias cms::<NAME>) of one folder. DEPENDS names other modules: a missing
# arrow fails to link, and tools/tidy.py compares the arrows with the #include lines. TESTS are GoogleTest sources
# that lie beside the code; each module gets one test program, cms_<NAME>_test.
function(cms_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;LIBRARIES;TESTS;TEST_LIBRARIES" ${ARGN})
  set(scope PUBLIC)
  if(ARG_SOURCES)
    add_library(cms_${name} STATIC ${ARG_SOURCES})
    target_link_libraries(cms_${name} PRIVATE cms_warnings)
    cms_precompile(cms_${name} cms_base)
  else()
    add_library(cms_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  add_library(cms::${name} ALIAS cms_${name})
  target_include_directories(cms_${name} ${scope} ${PROJECT_SOURCE_DIR}/src)
  foreach(module IN LISTS ARG_DEPENDS)
    target_link_libraries(cms_${name} ${scope} cms::${module})
  endforeach()
  target_link_libraries(cms_${name} ${scope} ${ARG_LIBRARIES})

  if(CMS_TESTS AND ARG_TESTS)
    add_executable(cms_${name}_test ${ARG_TESTS})
    target_include_directories(cms_${name}_test PRIVATE ${PROJECT_SOURCE_DIR})
    target_link_libraries(cms_${name}_test PRIVATE cms_${name} cms_warnings GTest::gtest_main ${ARG_TEST_LIBRARIES})
    cms_precompile(cms_${name}_test cms_base_test <gtest/gtest.h>)
    cms_add_gtest(cms_${name}_test)
  endif()
endfunction()

# What tests may need to know. One thread for BLAS and OpenMP: ctest already runs as many tests as there are cores.
set(CMS_TEST_ENVIRONMENT
  OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 CMS_SOURCE_DIR=${PROJECT_SOURCE_DIR}
  CMS_SHARED_DIR=${PROJECT_SOURCE_DIR}/../shared CMS_MODEL=${CMS_MODEL} CMS_BIN=${CMAKE_BINARY_DIR}/bin/cms)

# Registers a GoogleTest program as one ctest test.
function(cms_add_gtest target)
  add_test(NAME ${target} COMMAND ${target})
  set_tests_properties(${target} PROPERTIES TIMEOUT 600 ENVIRONMENT
    "${CMS_TEST_ENVIRONMENT}")
endfunction()

add_library(cms_warnings INTERFACE)
target_compile_options(cms_warnings INTERFACE -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion)
# Contraction of a*b+c differs between instruction sets; without it the same log gives the same scores everywhere.
add_compile_options(-ffp-contract=off)
