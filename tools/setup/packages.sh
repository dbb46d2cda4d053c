# Debian packages: says what is missing and installs just that. Sourced by lib.sh.
# shellcheck shell=bash

# packages_ensure build|test: `test` means those of `build` and those of the tests.
packages_ensure() {
  step_begin packages "Debian packages" \
    "see the log; if another program holds the package manager, wait for it; then run ./$program again"
  local wanted missing
  wanted=$(packages_wanted "$1")
  if ! command -v dpkg-query >/dev/null; then
    detail "this is not Debian, so nothing is installed; needed are the equivalents of:"
    echo "$wanted" | tr '\n' ' ' | fold -s -w 100 | sed 's/^/        /'
    echo
    step_done "left to you"
    return
  fi
  missing=$(packages_missing "$wanted")
  if [[ -n "$missing" ]]; then
    detail "missing: $(echo "$missing" | tr '\n' ' ')"
    packages_install "$missing"
  fi
  step_done "all $(echo "$wanted" | wc -l) are there"
}

packages_wanted() {
  awk -v who="$1" '!/^#/ && NF && ($2 == "build" || $2 == who) { print $1 }' "$setup_dir/packages.txt"
}

packages_missing() {
  local installed
  # dpkg-query fails when it knows nothing of a name; that name is then simply missing.
  # shellcheck disable=SC2086
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $1 2>/dev/null | sed -n 's/^installed //p') || true
  # Where Node.js is not Debian's it brings npm with it, and does not stand Debian's beside it.
  if command -v npm >/dev/null; then installed+=$'\nnpm'; fi
  comm -23 <(sort <<<"$1") <(sort -u <<<"$installed")
}

packages_install() {
  local apt_get=(env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600) as_root=()
  if ((EUID != 0)); then
    packages_become_root "$1"
    as_root=(sudo -n)
  fi
  if [[ -n "$(dpkg --audit 2>/dev/null)" ]]; then
    packages_finish_interrupted "${as_root[@]}"
  fi
  run "${as_root[@]}" "${apt_get[@]}" update || detail "the package lists could not be renewed; trying with those here"
  # shellcheck disable=SC2086
  run "${as_root[@]}" "${apt_get[@]}" install -y --fix-broken --no-install-recommends $1
}

# packages_finish_interrupted [SUDO...]: dpkg does not wait for its lock, and an interrupted one may still run.
packages_finish_interrupted() {
  detail "finishing an interrupted installation first"
  local deadline=$((SECONDS + 600))
  until run "$@" env DEBIAN_FRONTEND=noninteractive dpkg --configure -a; do
    if ((SECONDS > deadline)) || ! tail -n 5 "$step_log" | grep -q "locked by another process"; then
      detail "that did not succeed by itself; going on"
      return
    fi
    run sleep 5
  done
}

# Asks for the password now, since the installation itself runs without a terminal.
packages_become_root() {
  local command
  command="apt-get install $(echo "$1" | tr '\n' ' ')"
  if ! command -v sudo >/dev/null || ! sudo -v; then
    die "installing packages needs root, and sudo is not possible here" \
      "as root: $command; then run ./$program again"
  fi
}
