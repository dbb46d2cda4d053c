# Pinned packages from PyPI, checked by hash. Sourced by lib.sh.
# shellcheck shell=bash

# pin_version NAME: the version pins.txt fixes.
pin_version() {
  sed -n "s/^$1==\([^ ]*\) .*/\1/p" "$setup_dir/pins.txt"
}

# download_pinned NAME DIR: leaves the package's one file in DIR; pip refuses it if the hash differs.
download_pinned() {
  local version
  version=$(pin_version "$1")
  grep "^$1==" "$setup_dir/pins.txt" >"$2/pin.txt"
  run env PYTHONPATH="$setup_dir/sdist_stub" PYTHONDONTWRITEBYTECODE=1 \
    CMS_SDIST_NAME="$1" CMS_SDIST_VERSION="$version" PIP_DISABLE_PIP_VERSION_CHECK=1 \
    "$python" -m pip download --no-deps --no-build-isolation --no-cache-dir --require-hashes --dest "$2" -r "$2/pin.txt"
  rm "$2/pin.txt"
}
