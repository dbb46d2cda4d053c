#!/usr/bin/env bash
# The main job: an atlas fitted on the shipped activations, accounts captured live through a real model, and a report.
#
# ./quickstart calls it; so may anybody: CMS_BIN is the program and CMS_MODEL the GGUF file as it was shipped. Every
# command is printed before it runs. Output goes to build/quickstart, or to CMS_QUICKSTART_DIR. With --shipped the
# model is left out and the shipped rows stand in for the capture: what tests use. Ends with 0 only when the report
# is written.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"
cms=${CMS_BIN:-build/release/bin/cms}
out=${CMS_QUICKSTART_DIR:-build/quickstart}
program=${cms#"$root"/}  # as one would type it
shipped=examples/activations

usage() {
  cat <<'TEXT'
usage: ./quickstart [--no-serve] [--shipped]
   or: CMS_BIN=build/release/bin/cms CMS_MODEL=MODEL.gguf tools/quickstart/main_job.sh [--shipped]

Composes ten honest accounts and six attackers from prompts that the repository ships, fits an atlas of honest use,
sends the accounts' prompts through the model, scores every account and writes build/quickstart/report.html.

  --shipped    take the shipped activations instead of running the model (seconds instead of a minute)
TEXT
}

bold="" plain=""
if [[ -t 1 && -z "${NO_COLOR:-}" ]]; then bold=$'\e[1m' plain=$'\e[0m'; fi

say() { printf '%s\n' "$*"; }

# show COMMAND...: prints it as one could type it, then runs it.
show() {
  local words
  printf -v words ' %q' "${@#"$root"/}"
  printf '\n%s$%s%s\n' "$bold" "$words" "$plain"
  "$@"
}

# What the atlas depends on: the shipped rows, the program, this script.
inputs_hash() {
  sha256sum "$shipped".{npy,jsonl,manifest.json} "$cms" "${BASH_SOURCE[0]}" | cut -d' ' -f1 | sha256sum
}

fit_atlas() {
  local stamp
  stamp=$(inputs_hash)
  if [[ -f "$out/atlas.cms" && "$(cat "$out/atlas.stamp" 2>/dev/null)" == "$stamp" ]]; then
    say "The atlas is there already: $out/atlas.cms (shipped rows and program are unchanged)."
    return
  fi
  rm -f "$out/atlas.stamp"
  show "$cms" lab compose "$shipped" -o "$out/sets"
  show "$cms" fit --manifold "$out/sets/manifold" --benign "$out/sets/benign" --calibrate "$out/sets/calibrate" \
    -o "$out/atlas.cms"
  printf '%s\n' "$stamp" >"$out/atlas.stamp"
}

# An interrupted capture is thrown away: it takes a minute, and its prompts may be of another program.
capture_live() {
  local prepared="$out/model.q4_0.path"
  show "$cms" model prepare --model "$CMS_MODEL" | tee "$prepared"
  show "$cms" capture "$out/sets/live.jsonl" -o "$live" --model "$(tail -n 1 "$prepared")" --words 24 --max-chars 144 \
    --fresh
}

main() {
  live="$out/live"
  case "${1:-}" in
    "") : "${CMS_MODEL:?must name the GGUF file to run; ./quickstart sets it}" ;;
    --shipped) live="$out/sets/expected" ;;
    --help | -h) usage && return ;;
    *) usage >&2 && return 2 ;;
  esac
  mkdir -p "$out"
  fit_atlas
  if [[ "$live" == "$out/live" ]]; then capture_live; fi
  show "$cms" lab report --atlas "$out/atlas.cms" "$live" --reference "$shipped" -o "$out/report.html"
  cat <<TEXT

The pictures are in ${bold}$(realpath "$out/report.html")${plain}; open it in a browser.
To try next:
  $program watch --atlas $out/atlas.cms $live
  $program score --atlas $out/atlas.cms $live --json --readings
  $program inspect $out/atlas.cms
  $program lab list
TEXT
}

main "$@"
