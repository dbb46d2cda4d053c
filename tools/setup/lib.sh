# What ./quickstart and ./test share: packages, llama.cpp, model, dashboard, configuring and building.
#
# Sourced with `root` set to the repository. Everything third-party is kept in the user's cache, by version and flags,
# so that a second clone builds none of it again. Each piece is made beside its place and renamed into it, under a
# lock: an interruption leaves nothing half done, and two runs do not collide.
# shellcheck shell=bash

setup_dir="$root/tools/setup"
cache_dir="${XDG_CACHE_HOME:-$HOME/.cache}/cms"
python=/usr/bin/python3
if [[ ! -x $python ]]; then python=python3; fi

# shellcheck source=tools/setup/console.sh
source "$setup_dir/console.sh"
# shellcheck source=tools/setup/packages.sh
source "$setup_dir/packages.sh"
# shellcheck source=tools/setup/download.sh
source "$setup_dir/download.sh"
# shellcheck source=tools/setup/llama.sh
source "$setup_dir/llama.sh"
# shellcheck source=tools/setup/model.sh
source "$setup_dir/model.sh"
# shellcheck source=tools/setup/dashboard.sh
source "$setup_dir/dashboard.sh"
# shellcheck source=tools/setup/build.sh
source "$setup_dir/build.sh"
