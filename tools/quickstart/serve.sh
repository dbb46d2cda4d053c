#!/usr/bin/env bash
# The end of ./quickstart: the daemon with its dashboard, and a driver that sends people and attackers through it.
#
# After main_job.sh, whose atlas and accounts it takes: CMS_BIN is the program, CMS_MODEL the GGUF file as it was
# shipped, CMS_QUICKSTART_DIR where main_job.sh has written. Starts anew each time, in DIR/daemon. Runs until Ctrl-C
# (or SIGTERM), which ends all, with 0; ends with 1 when the daemon ends by itself.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cms=$(realpath "${CMS_BIN:-$root/build/release/bin/cms}")
out=$(realpath "${CMS_QUICKSTART_DIR:-$root/build/quickstart}")
python=${CMS_PYTHON:-python3}
here="$out/daemon"
daemon="" driver="" asked=""

bold="" plain=""
if [[ -t 1 && -z "${NO_COLOR:-}" ]]; then bold=$'\e[1m' plain=$'\e[0m'; fi

# A port of this machine that is free: the wanted one, or any.
free_port() {
  "$python" - "$1" <<'PYTHON'
import socket, sys
with socket.socket() as probe:
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind(("127.0.0.1", int(sys.argv[1])))
    except OSError:
        probe.bind(("127.0.0.1", 0))
    print(probe.getsockname()[1])
PYTHON
}

end() {
  trap '' INT TERM
  if [[ -n "$driver" ]]; then kill "$driver" 2>/dev/null || true; fi
  if [[ -n "$daemon" ]]; then kill "$daemon" 2>/dev/null || true; fi
  wait
}

configure() {
  local model
  model=$("$cms" model prepare --model "${CMS_MODEL:?must name the GGUF file to run; ./quickstart sets it}" | tail -n 1)
  exec 9>"$out/.daemon.lock"
  if ! flock -n 9; then
    echo "Another ./quickstart runs its daemon in $here; end it first (Ctrl-C)." >&2
    exit 1
  fi
  rm -rf "$here"
  mkdir -p "$here"
  "$cms" key "$here/main.key" >/dev/null
  token=$("$cms" token --role admin --tenant '*' --file "$here/tokens" 2>/dev/null | grep -o 'cms_[0-9a-f_]*')
  port=$(free_port 8420)
  cat >"$here/cms.toml" <<TOML
# What ./quickstart runs. examples/cms.toml is one to begin with.
[atlas]
file = "$out/atlas.cms"

[serve]
http = "127.0.0.1:$port"
grpc = ""
tokens = "tokens"

[store]
path = "store"

[tenants.main]
key_file = "main.key"

[tap]
model = "$model"

[policy]
jitter = 0

[events]
file = "events.ndjson"
names = true
TOML
}

main() {
  configure
  trap 'asked=1; end' INT TERM
  "$cms" serve --config "$here/cms.toml" 2>"$here/log" &
  daemon=$!
  CMS_TOKEN=$token "$python" "$root/tools/quickstart/driver.py" --prompts "$out/sets/live.jsonl" \
    --url "http://127.0.0.1:$port" --link "$bold" "$plain" &
  driver=$!
  wait -n "$daemon" "$driver" || true
  if [[ -n "$asked" ]]; then return 0; fi
  end
  echo "The daemon or its driver has ended; the daemon's log is $here/log:" >&2
  tail -n 5 "$here/log" >&2
  return 1
}

main
