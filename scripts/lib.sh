# Shared by the scripts of ./dev: places, printing, and running long commands quietly.

root=$PWD
build=$root/build
bin=$build/release/bin
logs=$build/log
export HOME=${HOME:-/root}

say() { printf '%s\n' "$*"; }

die() {
  printf 'dev: %s\n' "$*" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# Compile jobs: one per core, but no more than the memory carries at 1.5 GiB each.
job_count() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/^MemAvailable/ {print int($2 / 1572864)}' /proc/meminfo)
  ((memory >= 1)) || memory=1
  echo "${FLOTILLA_JOBS:-$((cores < memory ? cores : memory))}"
}

children=()
stop_children() {
  local child
  for child in "${children[@]}"; do kill -TERM -- "-$child" 2>/dev/null || true; done
}
trap stop_children EXIT
trap 'exit 130' INT TERM

# in_background <log> <command...>: starts the command in a process group of its own; its id is left in $child.
in_background() {
  local log=$1
  shift
  mkdir -p "$logs"
  set -m
  ("$@") >"$log" 2>&1 </dev/null &
  child=$!
  set +m
  children+=("$child")
}

# wait_for <child> <log> <limit in seconds>: shows twice a minute how far the log has come. Past the limit the child
# is stopped and the result is 124.
wait_for() {
  local child=$1 log=$2 limit=$3 start=$SECONDS next=$((SECONDS + 30))
  while kill -0 "$child" 2>/dev/null; do
    sleep 0.2
    if ((SECONDS - start > limit)); then
      kill -TERM -- "-$child" 2>/dev/null || true
      sleep 2
      kill -KILL -- "-$child" 2>/dev/null || true
      return 124
    fi
    if ((SECONDS >= next)); then
      next=$((SECONDS + 30))
      printf '     %4d s  %s\n' $((SECONDS - start)) "$(tail -c 2000 "$log" | tr '\r' '\n' | tail -n 1 | cut -c1-90)"
    fi
  done
  wait "$child"
}

# quietly <what> <log name> <command...>: says what it does; the command's own output goes to build/log and is shown
# only when it fails.
quietly() {
  local what=$1 log=$logs/$2.log
  shift 2
  say "== $what"
  in_background "$log" "$@"
  if ! wait_for "$child" "$log" 7200; then
    tail -n 60 "$log" >&2
    die "$what failed; all of it is in ${log#"$root"/}"
  fi
}
