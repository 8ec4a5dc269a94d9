#!/usr/bin/env bash
# Runs Dunlin, the limit server and other servers through the rows of bench/goals.toml, alternating,
# each server fresh and pinned to one core with the load on another, and prints the medians and
# their ratios.
set -euo pipefail

usage="bench/run.sh [options]
  --reps N            rounds of everything; the medians count (3)
  --duration S        seconds recorded of each run (5)
  --quick             one round of 2 seconds: to see that all of it works, not to judge by
  --only REGEX        the rows whose label matches
  --growth            other rows: how cost grows with connections, message size and shards
  --peers LIST        other servers: all that are installed (default), none, or \"nchan nats\"
  --targets LIST      exactly these, as \"dunlin limit nchan\"; rows about TLS and compression have
                      targets of their own, of which those remain that are listed
  --build DIR         where dunlin, dunlin-limit and dunlin-bench were built
  --out DIR           where results go
  --help
Nothing else should run meanwhile; every result says how busy the machine was with other things."

root=$(cd "$(dirname "$0")/.." && pwd)
build=$root/build/release
out=$root/build/bench/$(date -u +%Y%m%dT%H%M%SZ)
reps=3
duration=5
only=.
own="dunlin dunlin-plain limit limit-ring"
growth=
peers=all
targets=

while (($#)); do
  case $1 in
    --help) echo "$usage"; exit 0 ;;
    --quick) reps=1 duration=2; shift; continue ;;
    --growth) growth=yes; shift; continue ;;
  esac
  (($# >= 2)) || { echo "$1 needs a value" >&2; exit 64; }
  case $1 in
    --reps) reps=$2 ;;
    --duration) duration=$2 ;;
    --only) only=$2 ;;
    --peers) peers=$2 ;;
    --targets) targets=$2 ;;
    --build) build=$2 ;;
    --out) out=$2 ;;
    *) echo "unknown option $1; --help shows them" >&2; exit 64 ;;
  esac
  shift 2
done

# label | scenario and its options | targets, where they are not the usual ones. The labels are those
# of goals.toml.
tls="dunlin-tls limit-tls"
rows=(
  "hold 10000|hold -c 10000"
  "connect|connect -c 64"
  "fanout 1000|fanout -c 1000"
  "fanout 1000 x8|fanout -c 1000 --outstanding 8"
  "fanout 10000|fanout -c 10000"
  "fanout 10000 x4|fanout -c 10000 --outstanding 4"
  "push 1000|push -c 1000 --spin"
  "push 10000|push -c 10000 --spin"
  "push 1000 pipelined|push -c 1000 --outstanding 16 --publishers 4"
  "push 1000 ndjson|push -c 1000 --batch 64 --publishers 4"
  "push 1000 stream|push -c 1000 --stream --publishers 4"
  "push 1000 at 5000/s|push -c 1000 --rate 5000 --spin"
  "mixed 10000|mixed -c 10000 --rate 1000 --broadcast-rate 8 --spin"
  "mixed 10000 slow 1%|mixed -c 10000 --rate 1000 --broadcast-rate 8 --spin --non-readers 1"
  "reconnect 10000|reconnect -c 10000"
  "echo 64|echo -c 100"
  "echo 64 x8|echo -c 100 --outstanding 8"
  "echo 65536|echo -c 100 --size 65536"
  "tls hold 2000|hold -c 2000|$tls limit-tls-lean"
  "tls connect|connect -c 64|$tls"
  "tls connect resumed|connect -c 64 --tls-resume|$tls"
  "tls fanout 1000 1 KiB|fanout -c 1000 --size 1024|$tls limit-tls-lean dunlin-tls-plain"
  "tls push 1000|push -c 1000|$tls"
  "deflate fanout 1000 1 KiB|fanout -c 1000 --size 1024 --payload json|dunlin dunlin-deflate"
  "deflate fanout 1000 4 KiB|fanout -c 1000 --size 4096 --payload json|dunlin dunlin-deflate"
)

growth_rows=(
  "fanout 100|fanout -c 100"
  "fanout 1000|fanout -c 1000"
  "fanout 4000|fanout -c 4000"
  "fanout 18000|fanout -c 18000"
  "fanout 1000 256 B|fanout -c 1000 --size 256"
  "fanout 1000 1 KiB|fanout -c 1000 --size 1024"
  "fanout 1000 4 KiB|fanout -c 1000 --size 4096"
  "fanout 1000 16 KiB|fanout -c 1000 --size 16384"
  "fanout 1000 64 KiB|fanout -c 1000 --size 65536"
  "push 100|push -c 100"
  "push 1000|push -c 1000"
  "push 18000|push -c 18000"
  "push 1000 pipelined|push -c 1000 --outstanding 16 --publishers 4"
  "push 1000 ndjson|push -c 1000 --batch 64 --publishers 4"
  # Server and load on both cores: what a second shard adds is in the rates of the results' texts.
  "2 cores: push ndjson|push -c 1000 --batch 64 --publishers 32 --workers 2|dunlin dunlin-2-shards"
  "2 cores: fanout x4|fanout -c 1000 --outstanding 4 --workers 2|dunlin dunlin-2-shards"
)
if [[ -n $growth ]]; then
  rows=("${growth_rows[@]}")
  [[ -n $targets ]] || targets="dunlin dunlin-2-shards limit limit-ring"
fi

matching=0
for row in "${rows[@]}"; do [[ ! ${row%%|*} =~ $only ]] || matching=$((matching + 1)); done
if ((matching == 0)); then
  echo "no row matches --only '$only'; the rows are:" >&2
  printf '  %s\n' "${rows[@]%%|*}" >&2
  exit 64
fi

# Two cores, not two threads of one, where the machine has them.
read -ra cores < <(python3 -c '
import os
allowed = sorted(os.sched_getaffinity(0))
siblings = open(f"/sys/devices/system/cpu/cpu{allowed[0]}/topology/thread_siblings").read()
mask = int(siblings.strip().replace(",", ""), 16)
print(allowed[0], *sorted(allowed[1:], key=lambda cpu: mask >> cpu & 1))')
((${#cores[@]} >= 2)) || { echo "needs two cores: one for the server, one for the load" >&2; exit 1; }
server_core=${cores[0]}
load_core=${cores[1]}
ulimit -n 1048576 2>/dev/null || ulimit -n "$(ulimit -Hn)"
mkdir -p "$out"
ready=$out/server.ready
log=$out/servers.log
server=

stop_server() {
  [[ -n $server ]] || return 0
  kill "$server" 2>/dev/null || true
  for ((i = 0; i < 200; i++)); do
    kill -0 "$server" 2>/dev/null || break
    sleep 0.05
  done
  kill -9 "$server" 2>/dev/null || true
  wait "$server" 2>/dev/null || true
  server=
}
trap stop_server EXIT

start_server() { # target, cores
  rm -f "$ready"
  taskset -c "$2" "$root/bench/peers/start.py" "$1" --build "$build" --ready-file "$ready" >>"$log" 2>&1 &
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

declare -A left_out=() # Keys are "target label": what a server does not do it is asked once.

# What a row is run with: those that are named for it, or the usual ones; of these what can be started.
targets_of() { # row
  local options=${1#*|}
  local wanted=$usual
  [[ $options != *"|"* ]] || wanted=${options#*|}
  local target
  for target in $present; do [[ " $wanted " != *" $target "* ]] || echo "$target"; done
}

run_one() { # target, label, options, repetition
  [[ -z ${left_out["$1 $2"]-} ]] || return 0
  local file=$out/${2//[ \/%:]/_}.$1.$4 status=0 time=(--duration "$duration")
  local server_on=$server_core load_on=$load_core
  [[ $2 != "2 cores"* ]] || server_on=$server_core,$load_core load_on=$server_core,$load_core
  [[ $3 != reconnect* ]] || time=() # It lasts as long as it takes.
  start_server "$1" "$server_on" || { stop_server; return 0; }
  # shellcheck disable=SC2086  # The options' words are meant to be split.
  taskset -c "$load_on" "$build/dunlin-bench" $3 --profile "$1" --ready-file "$ready" \
    "${time[@]}" --label "$2" --json "$file.json" >"$file.txt" || status=$?
  stop_server
  case $status in
    0) ;;
    2) echo "$2: $1 is not sound" >&2; grep '(!)' "$file.txt" >&2 || true ;;
    3) echo "$2: $1 is left out" >&2; left_out["$1 $2"]=yes ;;
    *) echo "$2: $1 failed" >&2 ;;
  esac
}

if [[ -n $targets ]]; then
  usual=$targets
else
  case $peers in
    all) peers="nchan node-ws go-gorilla nats" ;;
    none) peers= ;;
  esac
  usual="$own $peers"
  targets=$usual
  # And whoever else a row that is to be run names.
  for row in "${rows[@]}"; do
    [[ ${row%%|*} =~ $only && ${row#*|} == *"|"* ]] || continue
    for target in ${row##*|}; do
      [[ " $targets " == *" $target "* ]] || targets+=" $target"
    done
  done
fi

if [[ " $targets " == *" go-gorilla "* ]] && command -v go >/dev/null; then
  "$root/bench/peers/go/build.sh" "$build/peers/go-gorilla" || echo "the Go hub does not build" >&2
fi
startable=" $("$root/bench/peers/start.py" --list --build "$build" 2>"$out/not_started.txt" | tr '\n' ' ')"
present=
for target in $targets; do
  if [[ $startable == *" $target "* ]]; then
    present+="$target "
  else
    echo "left out: $(grep "^$target:" "$out/not_started.txt" || echo "$target: no such target")" >&2
  fi
done

for ((rep = 1; rep <= reps; rep++)); do
  for row in "${rows[@]}"; do
    [[ ${row%%|*} =~ $only ]] || continue
    options=${row#*|}
    for target in $(targets_of "$row"); do
      [[ -t 2 ]] || echo "$rep/$reps ${row%%|*}: $target" >&2
      run_one "$target" "${row%%|*}" "${options%%|*}" "$rep"
    done
  done
  # The next round goes the other way round, so that a drift of the machine hits all alike.
  present=$(tr ' ' '\n' <<<"$present" | tac | tr '\n' ' ')
done

echo "results: $out"
goals=(--goals "$root/bench/goals.toml")
[[ -z $growth ]] || goals=() # They are about the other rows.
"$build/dunlin-bench" report "${goals[@]}" -o "$out/report.html" "$out"/*.json && echo "report: $out/report.html"
"$build/dunlin-bench" table "${goals[@]}" "$out"/*.json
