# ./dev fuzz: runs the fuzzers and keeps the inputs that teach something new in tests/corpus.
source scripts/suite.sh

corpus_files_max=300
corpus_bytes_max=1000000

# run_fuzz [name] [seconds]
run_fuzz() {
  local name='' seconds=60
  while [[ $# != 0 ]]; do
    if [[ $1 =~ ^[0-9]+$ ]]; then seconds=$1; else name=$1; fi
    shift
  done
  fuzz_all "$seconds" "$name"
  conclude
}

# fuzz_all <seconds> [name]
fuzz_all() {
  local seconds=$1 names name programs
  ensure_packages build test lint
  names=$(fuzzer_names)
  [[ -z ${2:-} ]] || names=$(grep -x "$2" <<<"$names") || die "there is no fuzzer '$2'; there are: $(fuzzer_names | xargs)"
  mapfile -t programs <<<"$names"
  quietly "building the fuzzers" build-fuzz make_preset fuzz "${programs[@]/%/_fuzz}"
  for name in $names; do suite "fuzz-$name" $((seconds * 3 + 600)) fuzz_one "$name" "$seconds"; done
}

fuzzer_names() { find tests/fuzz -name '*_fuzz.cc' -printf '%f\n' | sed 's/_fuzz\.cc$//' | sort; }

fuzz_one() {
  local name=$1 seconds=$2 program=build/fuzz/bin/$1_fuzz work=build/fuzz/work/$1 crashes=build/fuzz/crashes/$1
  local corpus=tests/corpus/$name
  mkdir -p "$work" "$crashes" "$corpus"
  if ! nice "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=16384 -use_value_profile=1 \
    -artifact_prefix="$crashes/" "$work" "$corpus"; then
    say "FAIL fuzz.$name: repeat with $program $(find "$crashes" -type f -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2)"
    return 1
  fi
  minimise "$program" "$work" "$corpus"
  say "$corpus holds $(find "$corpus" -type f | wc -l) inputs"
}

# The fewest and smallest inputs that reach all that is reached. Inputs that somebody named stay as they are.
minimise() {
  local program=$1 work=$2 corpus=$3 kept
  kept=$(mktemp -d)
  nice "$program" -merge=1 "$kept" "$corpus" "$work"
  find "$corpus" -type f -regextype posix-extended -regex '.*/[0-9a-f]{40}' -delete
  local files bytes file size named
  named=$(find "$corpus" -type f -exec sha1sum {} + | cut -d' ' -f1)
  files=$(find "$corpus" -type f | wc -l)
  bytes=$(find "$corpus" -type f -printf '%s\n' | awk '{n += $1} END {print n + 0}')
  while read -r size file; do
    if ((++files > corpus_files_max || (bytes += size) > corpus_bytes_max)); then break; fi
    grep -q "$(basename "$file")" <<<"$named" || cp "$file" "$corpus"
  done < <(find "$kept" -type f -printf '%s %p\n' | sort -n)
  rm -r "$kept"
}
