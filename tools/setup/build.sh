# Configures and builds CMS with a CMake preset. Sourced by lib.sh.
# shellcheck shell=bash

# As many compilers as there are cores, but one per 1.5 GB of free memory at most.
build_jobs() {
  local cores jobs
  cores=$(nproc)
  jobs=$(awk '/^MemAvailable/ { print int($2 / 1500000) }' /proc/meminfo)
  echo $((jobs < 1 ? 1 : jobs < cores ? jobs : cores))
}

# build_configure PRESET [CMAKE ARGUMENT...]: configures build/PRESET unless it already is so.
build_configure() {
  local preset=$1
  shift
  step_begin configure "configuring, preset $preset" "read the log: the first 'CMake Error' names the cause"
  local dir="$root/build/$preset" stamp
  local arguments=("-DCMS_LLAMA_DIR=$llama_dir" "-DCMS_MODEL=$model_path" "-DCMS_DASHBOARD_DIR=$dashboard_dir" "$@")
  build_lock_take
  stamp=$(printf '%s\n' "$root" "${arguments[@]}" | cat - "$root/CMakePresets.json" | sha256sum)
  if [[ -f "$dir/build.ninja" && "$(cat "$dir/.configured" 2>/dev/null)" == "$stamp" ]]; then
    step_done "already configured"
    return
  fi
  mkdir -p "$dir"
  rm -f "$dir/.configured"
  # Asked only now: on a new machine ccache is among the packages that were just installed.
  local launcher=()
  if command -v ccache >/dev/null; then launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
  # Found libraries are forgotten, since the prefix of llama.cpp may have moved.
  cd "$root" || return
  run cmake --preset "$preset" -U llama_LIBRARY -U llama_DIR -U ggml_DIR "${launcher[@]}" "${arguments[@]}"
  echo "$stamp" >"$dir/.configured"
  step_done "build/$preset"
}

# build_make PRESET [TARGET...]: builds all, or the targets.
build_make() {
  local preset=$1
  shift
  step_begin build "building, preset $preset, $(build_jobs) at a time" \
    "read the first error in the log; a compiler that was killed means too little memory"
  run cmake --build "$root/build/$preset" --parallel "$(build_jobs)" ${1+--target "$@"}
  lock_release
  step_done "build/$preset"
}

build_lock_take() {
  mkdir -p "$root/build"
  lock_take "$root/build/.lock" "is building here"
}

export CCACHE_BASEDIR=$root  # what another clone compiled is found here, too
# Without these it leaves files with precompiled headers alone.
export CCACHE_SLOPPINESS=${CCACHE_SLOPPINESS:+$CCACHE_SLOPPINESS,}pch_defines,time_macros
