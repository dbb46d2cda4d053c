# Steps that say what they do, show progress, and end with a clear message. Sourced by lib.sh.
#
# On a terminal a running command shows one line that renews itself; without one, a plain line every 15 seconds and
# no colours. The output of every command goes to one log per step.
# shellcheck shell=bash

step_index=0
step_count=0
step_title=""
step_log=""
step_hint=""
step_started=0
# shellcheck disable=SC2034  # read by the programs
run_started=$SECONDS
child=""
signal=""
readonly heartbeat_seconds=15

if [[ -t 1 && "${TERM:-dumb}" != dumb ]]; then
  readonly on_terminal=1
else
  readonly on_terminal=0
fi
if ((on_terminal)) && [[ -z "${NO_COLOR:-}" ]]; then
  readonly bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
else
  readonly bold="" green="" red="" plain=""
fi

# console_start NAME STEPS: NAME is what the user typed; logs go to build/log/NAME-<step>.log.
console_start() {
  program=$1
  step_count=$2
  log_dir="$root/build/log"
  mkdir -p "$log_dir"
  trap on_exit EXIT
  trap 'on_signal INT 130' INT
  trap 'on_signal TERM 143' TERM
  trap 'on_signal HUP 129' HUP
}

say() { printf '%s\n' "$*"; }
detail() { printf '      %s\n' "$*"; }

# step_begin SLUG TITLE HINT: the hint is printed if the step fails.
step_begin() {
  step_index=$((step_index + 1))
  step_title=$2
  step_hint=$3
  step_started=$SECONDS
  step_log="$log_dir/$program-$step_index-$1.log"
  : >"$step_log"
  say "${bold}[$step_index/$step_count]$plain $step_title"
}

step_done() {
  detail "${green}done$plain in $((SECONDS - step_started)) s: $1"
}

# die MESSAGE [HINT]: ends the program; the exit trap adds step and log.
die() {
  clear_line
  printf '      %s\n' "$1" >&2
  step_hint=${2:-$step_hint}
  exit 1
}

# run COMMAND...: runs it with its output in the step's log, shows that it lives, fails as it fails.
run() {
  printf '\n$ %s\n' "$*" >>"$step_log"
  set -m
  "$@" >>"$step_log" 2>&1 </dev/null &
  child=$!
  set +m
  watch_child
  clear_line
  local status=0
  wait "$child" || status=$?
  child=""
  return "$status"
}

watch_child() {
  local beat=$SECONDS
  while kill -0 "$child" 2>/dev/null; do
    sleep 0.2
    if ((on_terminal)); then
      printf '\r\e[K%s' "$(progress_line | cut -c "1-$(($(terminal_columns) - 1))")"
    elif ((SECONDS - beat >= heartbeat_seconds)); then
      beat=$SECONDS
      progress_line | cut -c 1-110
    fi
  done
}

progress_line() {
  printf '      ... %d s  %s\n' $((SECONDS - step_started)) "$(log_last_line)"
}

log_last_line() {
  tail -c 600 "$step_log" | tr '\r' '\n' | LC_ALL=C tr -cd '\n -~' | sed '/^ *$/d' | tail -n 1
}

# The first error and what follows it, else the last lines.
log_excerpt() {
  local first  # not a path's: /usr/include/c++/12/system_error:41
  local wrong='^FAILED:|(^|[^_[:alnum:]])error:|CMake Error|^E: |^ERROR|Traceback'
  first=$(grep -n -m 1 -E "$wrong" "$step_log" | cut -d: -f1) || true
  if [[ -n "$first" ]]; then
    sed -n "$first,$((first + 14))p" "$step_log"
  else
    tail -n 15 "$step_log"
  fi
}

terminal_columns() { tput cols 2>/dev/null || echo 80; }

clear_line() {
  if ((on_terminal)); then printf '\r\e[K'; fi
}

on_signal() {
  signal=$1
  if [[ -n "$child" ]]; then kill -TERM -- "-$child" 2>/dev/null || true; fi
  exit "$2"
}

on_exit() {
  local status=$?
  trap '' INT TERM HUP
  clear_line
  if ((status != 0)); then report_end >&2; fi
}

report_end() {
  local where="step $step_index/$step_count ($step_title) after $((SECONDS - step_started)) s"
  if ((step_index == 0)); then where="the start"; fi
  if [[ -n "$signal" ]]; then
    say "${red}$program: interrupted$plain in $where. Run it again: what is finished is kept."
    return
  fi
  say "${red}$program: FAILED$plain in $where."
  if [[ -s "$step_log" ]]; then
    log_excerpt | cut -c 1-200 | sed 's/^/  | /'
    say "  log: $step_log"
  fi
  if [[ -n "$step_hint" ]]; then say "  what to do: $step_hint"; fi
}

# lock_take FILE WHAT: waits for another run of ours; children keep the lock until they end, also when we are killed.
lock_take() {
  exec {lock_fd}>>"$1"
  if flock -n "$lock_fd"; then return; fi
  detail "another run $2; waiting for it"
  run flock "$lock_fd"
}

lock_release() { exec {lock_fd}>&-; }
