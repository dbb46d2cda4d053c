# The llama.cpp libraries, built once per version, flags, compiler and processor. Sourced by lib.sh.
# shellcheck shell=bash

# Static and position independent, so that the program, tests and bindings need no search path at run time. Only the
# libraries: no tools, no server, no downloads at run time. Tuned to this processor.
llama_flags=(
  -DCMAKE_BUILD_TYPE=Release
  -DBUILD_SHARED_LIBS=OFF
  -DCMAKE_POSITION_INDEPENDENT_CODE=ON
  -DCMAKE_INSTALL_LIBDIR=lib
  -DGGML_NATIVE=ON
  -DGGML_CCACHE=OFF
  -DLLAMA_CURL=OFF
  -DLLAMA_OPENSSL=OFF
  -DLLAMA_BUILD_COMMON=OFF
  -DLLAMA_BUILD_TESTS=OFF
  -DLLAMA_BUILD_TOOLS=OFF
  -DLLAMA_BUILD_EXAMPLES=OFF
  -DLLAMA_BUILD_SERVER=OFF
  -DLLAMA_BUILD_APP=OFF
  -DLLAMA_USE_PREBUILT_UI=OFF
)

# llama.cpp's AMX kernels crash at the first inference (ggml-org/llama.cpp#20824, not mended by 0.3.36), so on
# processors that have AMX they are left out, where the compiler knows of them.
llama_without_amx="-mno-amx-tile -mno-amx-int8 -mno-amx-bf16"
# shellcheck disable=SC2086
if "${CXX:-c++}" $llama_without_amx -x c++ -fsyntax-only /dev/null 2>/dev/null; then
  llama_flags+=("-DCMAKE_C_FLAGS=$llama_without_amx ${CFLAGS:-}" "-DCMAKE_CXX_FLAGS=$llama_without_amx ${CXXFLAGS:-}")
fi

# Sets llama_dir, the prefix to give to CMake as CMS_LLAMA_DIR.
llama_ensure() {
  local version
  version=$(pin_version llama-cpp-python)
  step_begin llama "llama.cpp libraries, from llama-cpp-python $version" \
    "check the network and the free space in $cache_dir, then run ./$program again: it goes on where it stopped"
  mkdir -p "$cache_dir"
  llama_dir="$cache_dir/llama.cpp-$version-$(llama_key)"
  lock_take "$cache_dir/.lock-llama" "is building them"
  if [[ -f "$llama_dir/lib/libllama.a" ]]; then
    lock_release
    step_done "already in $llama_dir"
    return
  fi
  llama_source "$cache_dir/work/llama.cpp-$version"
  llama_build "$cache_dir/work/llama.cpp-$version" "$cache_dir/work/$(basename "$llama_dir")"
  rm -rf "$cache_dir/work/llama.cpp-$version"
  lock_release
  step_done "now in $llama_dir"
}

# What the libraries depend on beside their version: flags, compiler, and what `native` means on this processor.
llama_key() {
  local compiler=${CXX:-c++}
  {
    printf '%s\n' "${llama_flags[@]}"
    "$compiler" --version
    "$compiler" -march=native -Q --help=target 2>/dev/null || uname -m
  } | sha256sum | cut -c 1-12
}

# llama_source DIR: the source tree alone, out of the source package.
llama_source() {
  if [[ -f "$1/CMakeLists.txt" ]]; then return; fi
  detail "downloading the source, 77 MB"
  rm -rf "$1.part"
  mkdir -p "$1.part/sdist"
  download_pinned llama-cpp-python "$1.part/sdist"
  run tar -xzf "$1.part/sdist"/llama_cpp_python-*.tar.gz \
    -C "$1.part" --strip-components=3 --wildcards '*/vendor/llama.cpp'
  rm -rf "$1.part/sdist"
  mv "$1.part" "$1"
}

# llama_build SOURCE WORK: builds in WORK, where an interrupted build goes on, and renames the result to llama_dir.
llama_build() {
  detail "building the libraries, once; about 3 minutes on 2 cores"
  run cmake -S "$1" -B "$2" -G Ninja "${llama_flags[@]}" -DCMAKE_INSTALL_PREFIX="$llama_dir"
  run cmake --build "$2" --target llama --parallel "$(build_jobs)"
  rm -rf "$2/install"
  run cmake --install "$2" --prefix "$2/install"
  cp "$1/LICENSE" "$2/install/LICENSE"
  rm -rf "$llama_dir"
  mv "$2/install" "$llama_dir"
  rm -rf "$2"
}
