#!/usr/bin/env bash
# Runs Dunlin and the limit server through the rows of bench/goals.toml, alternating, each server
# fresh and pinned to one core with the load on another, and prints the medians and their ratios.
#
#   bench/run.sh [--reps N] [--duration S] [--only REGEX] [--targets "dunlin limit limit-ring"]
#                [--build DIR] [--out DIR]
#
# Nothing else should run meanwhile; every result says how busy the machine was with other things.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
build=$root/build/release
out=$root/build/bench/$(date -u +%Y%m%dT%H%M%SZ)
reps=3
duration=5
only=.
targets="dunlin limit limit-ring"
server_core=0
load_core=1

while (($#)); do
  case $1 in
    --reps) reps=$2 ;;
    --duration) duration=$2 ;;
    --only) only=$2 ;;
    --targets) targets=$2 ;;
    --build) build=$2 ;;
    --out) out=$2 ;;
    *) echo "unknown option $1" >&2; exit 64 ;;
  esac
  shift 2
done

# label | scenario and its options. The labels are those of goals.toml.
rows=(
  "hold 10000|hold -c 10000"
  "connect|connect -c 64"
  "fanout 1000|fanout -c 1000"
  "fanout 1000 x8|fanout -c 1000 --outstanding 8"
  "fanout 10000|fanout -c 10000"
  "fanout 10000 x4|fanout -c 10000 --outstanding 4"
  "push 1000|push -c 1000"
  "push 10000|push -c 10000"
  "push 1000 pipelined|push -c 1000 --outstanding 16 --publishers 4"
  "push 1000 ndjson|push -c 1000 --batch 64 --publishers 4"
  "push 1000 at 5000/s|push -c 1000 --rate 5000 --spin"
  "mixed 10000|mixed -c 10000 --rate 1000"
  "echo 64|echo -c 100"
  "echo 64 x8|echo -c 100 --outstanding 8"
  "echo 65536|echo -c 100 --size 65536"
)

(($(nproc) >= 2)) || { echo "needs two cores: one for the server, one for the load" >&2; exit 1; }
ulimit -n 1048576 2>/dev/null || ulimit -n "$(ulimit -Hn)"
mkdir -p "$out"
ready=$out/ready.json
log=$out/servers.log
server=

stop_server() {
  [[ -n $server ]] || return 0
  kill "$server" 2>/dev/null || true
  wait "$server" 2>/dev/null || true
  server=
}
trap stop_server EXIT

command_of() {
  case $1 in
    dunlin) echo "$build/dunlin serve --listen 127.0.0.1:0 --api 127.0.0.1:0 --shards 1" ;;
    limit) echo "$build/dunlin-limit" ;;
    limit-ring) echo "$build/dunlin-limit --io-uring --join" ;;
    *) echo "no such target: $1" >&2; return 1 ;;
  esac
}

start_server() {
  rm -f "$ready"
  # shellcheck disable=SC2046  # The command's words are meant to be split.
  taskset -c "$server_core" $(command_of "$1") --ready-file "$ready" >>"$log" 2>&1 &
  server=$!
  for ((i = 0; i < 200; i++)); do
    [[ -s $ready ]] && return 0
    kill -0 "$server" 2>/dev/null || break
    sleep 0.05
  done
  echo "$1 did not start; the end of $log:" >&2
  tail -5 "$log" >&2
  return 1
}

run_one() { # target, label, options, repetition
  local file=$out/${2//[ \/]/_}.$1.$4
  start_server "$1" || return 0
  # shellcheck disable=SC2086
  taskset -c "$load_core" "$build/dunlin-bench" $3 --profile "$1" --ready-file "$ready" \
    --duration "$duration" --label "$2" --json "$file.json" >"$file.txt" || grep -h '(!)' "$file.txt" || true
  stop_server
}

present=
for target in $targets; do
  program=$(command_of "$target")
  if [[ -x ${program%% *} ]]; then present+="$target "; else echo "${program%% *} is not built: left out" >&2; fi
done

for ((rep = 1; rep <= reps; rep++)); do
  for row in "${rows[@]}"; do
    [[ ${row%%|*} =~ $only ]] || continue
    for target in $present; do
      [[ -t 2 ]] || echo "$rep/$reps ${row%%|*}: $target" >&2
      run_one "$target" "${row%%|*}" "${row#*|}" "$rep"
    done
  done
  # The next round goes the other way round, so that a drift of the machine hits all alike.
  present=$(tr ' ' '\n' <<<"$present" | tac | tr '\n' ' ')
done

echo "results: $out"
"$build/dunlin-bench" table --goals "$root/bench/goals.toml" "$out"/*.json
