# Suites: commands that print "FAIL <name>: <why>" for each failure and end with "N passed, N failed".
source scripts/build.sh

passed=0
failed=0
rows=()

# suite <name> <limit in seconds> <command...>: runs it with its output in build/log/<name>.log and adds its count.
# A command without a count is one test, judged by its exit code; 77 says that it cannot run on this machine.
suite() {
  local name=$1 limit=$2 log=$logs/$1.log start=$SECONDS status=0
  shift 2
  say "== $name"
  in_background "$log" "$@"
  wait_for "$child" "$log" "$limit" || status=$?
  if ((status == 77)); then
    not_run "$name" "$(tail -n 1 "$log")"
    return
  fi
  count "$name" "$log" "$status" "$limit" $((SECONDS - start))
}

count() {
  local name=$1 log=$2 status=$3 limit=$4 seconds=$5 good=0 bad=0 last note=
  last=$(grep -a -E '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1) || true
  if [[ -n $last ]]; then
    read -r good _ bad _ <<<"$last"
    note=$(sed -E 's/^[0-9]+ passed, [0-9]+ failed,? ?//' <<<"$last")
  elif ((status == 0)); then
    good=1
  fi
  if ((status != 0 && bad == 0)); then bad=1; fi
  if ((status == 124)); then note="stopped after $limit s"; fi
  ((bad == 0)) || show_failures "$name" "$log"
  passed=$((passed + good))
  failed=$((failed + bad))
  rows+=("$(printf '%-22s %6d passed %5d failed %5d s  %s' "$name" "$good" "$bad" "$seconds" "$note")")
  say "   ${rows[-1]}"
}

show_failures() {
  local name=$1 log=$2
  if grep -a -q '^FAIL' "$log"; then
    grep -a '^FAIL' "$log" | cut -c1-300 | head -n 60
  else
    tail -n 60 "$log"
  fi
  say "   all of it is in ${log#"$root"/}"
}

not_run() {
  rows+=("$(printf '%-22s not run: %s' "$1" "$2")")
  say "   ${rows[-1]}"
}

# The last words of a run of suites. False when something failed.
conclude() {
  say
  printf '%s\n' "${rows[@]}"
  say
  say "$passed passed, $failed failed"
  ((failed == 0))
}

# ctest_suite <preset> <regular expression of test names> [limit of each program in seconds]: counts single cases.
ctest_suite() {
  local preset=$1 names=$2 limit=${3:-900} report=$build/$1/report
  rm -rf "$report"
  mkdir -p "$report"
  GTEST_OUTPUT=xml:$report/ ctest --preset "$preset" -R "$names" -j "$(job_count)" --timeout "$limit" \
    --output-junit "$report/ctest.junit" || true
  python3 scripts/count_ctest.py "$report"
}
