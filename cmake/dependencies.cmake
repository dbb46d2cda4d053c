# Third-party libraries, all from Debian but llama.cpp. Their headers are SYSTEM: our warnings are about our code.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Eigen3 3.4 REQUIRED NO_MODULE)
# Our loops are parallel already. Eigen's own threads, which every file that sees OpenMP's flag gets, wait for one
# another in loops that never sleep: three quarters of the first study's time on two cores (docs/performance.md).
target_compile_definitions(Eigen3::Eigen INTERFACE EIGEN_DONT_PARALLELIZE)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(CLI11 REQUIRED)
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)
find_package(prometheus-cpp REQUIRED)
find_package(tl-expected REQUIRED)
find_package(OpenMP REQUIRED)
# For every file: those of other flags could not share what is precompiled.
add_compile_options(${OpenMP_CXX_FLAGS})
find_package(BLAS REQUIRED)
find_package(LAPACK REQUIRED)

# Vector kernels for every instruction set in one program, the best chosen at run time (docs/kernels.md). The targets
# are part of what the headers define, so that kernels and their tests have to agree on them.
find_package(hwy 1.0.3 REQUIRED)
add_library(cms_hwy INTERFACE)
target_link_libraries(cms_hwy INTERFACE hwy::hwy)
target_compile_definitions(cms_hwy INTERFACE HWY_WANT_AVX3_DL "HWY_DISABLED_TARGETS=(HWY_SSSE3)")

find_library(CMS_FAISS_LIBRARY faiss REQUIRED)
add_library(cms_faiss INTERFACE)
target_link_libraries(cms_faiss INTERFACE ${CMS_FAISS_LIBRARY} OpenMP::OpenMP_CXX LAPACK::LAPACK BLAS::BLAS)

find_package(llama CONFIG)
if(NOT llama_FOUND)
  message(FATAL_ERROR "llama.cpp was not found. Run ./quickstart or ./test, which build it once into the user's cache, "
                      "or give its prefix with -DCMS_LLAMA_DIR=DIR.")
endif()

pkg_check_modules(igraph REQUIRED IMPORTED_TARGET igraph>=0.10)
add_library(cms_igraph INTERFACE)
target_link_libraries(cms_igraph INTERFACE PkgConfig::igraph)

pkg_check_modules(rocksdb REQUIRED IMPORTED_TARGET rocksdb>=7.8)

pkg_check_modules(tomlplusplus REQUIRED IMPORTED_TARGET tomlplusplus>=3.3)

# JSON lines with vectors, a few times faster than a parser that makes a tree of every number.
find_package(simdjson REQUIRED)
pkg_check_modules(grpc REQUIRED IMPORTED_TARGET grpc++>=1.51 protobuf>=3.21)
find_program(CMS_PROTOC protoc REQUIRED)
find_program(CMS_GRPC_PLUGIN grpc_cpp_plugin REQUIRED)
