# The dashboard, built once per state of its source, where Node.js is. Sourced by lib.sh.
# shellcheck shell=bash

readonly node_least=18

# Sets dashboard_dir, the folder to give to CMake as CMS_DASHBOARD_DIR; empty without Node.js: the program then says at
# /dashboard/ how to get it.
dashboard_ensure() {
  step_begin dashboard "the dashboard, from dashboard/" \
    "check the network (packages come from the npm registry, pinned by hash), then run ./$program again"
  dashboard_dir=""
  local source="$root/dashboard" stamp
  if ! dashboard_node; then
    step_done "left out: needs node of version $node_least or later and npm"
    return
  fi
  mkdir -p "$root/build"
  lock_take "$root/build/.lock-dashboard" "is building it"
  dashboard_dir="$source/dist"
  stamp=$(dashboard_stamp "$source")
  if [[ -f "$dashboard_dir/index.html" && "$(cat "$root/build/.dashboard" 2>/dev/null)" == "$stamp" ]]; then
    lock_release
    step_done "already built"
    return
  fi
  cd "$source" || return
  # No script of a package is run; audits and appeals for funds would only ask the network.
  run npm ci --ignore-scripts --no-audit --no-fund
  run npm run build -- --outDir dist.part --emptyOutDir
  rm -rf "$dashboard_dir"
  mv dist.part "$dashboard_dir"
  echo "$stamp" >"$root/build/.dashboard"
  cd "$root" || return
  lock_release
  step_done "dashboard/dist"
}

dashboard_node() {
  command -v npm >/dev/null && [[ "$(node --version 2>/dev/null)" =~ ^v([0-9]+) ]] && ((BASH_REMATCH[1] >= node_least))
}

dashboard_stamp() {
  (cd "$1" && find . -path ./node_modules -prune -o -path './dist*' -prune -o -type f -print0 | LC_ALL=C sort -z |
    xargs -0 sha256sum) | sha256sum
}
