# ./dev bench: every performance target, as a table; ./dev bench data: operations on lists and maps.
source scripts/build.sh

run_bench() {
  ensure_packages build test
  quietly "building the server and its yardsticks" build-release \
    make_preset release flotillad echo_server load_generator
  if [[ ${1:-} == data ]]; then
    shift
    bench/data "$@"
  else
    ensure_rivals
    bench/run "$@"
  fi
}

# Without them if this machine cannot have them.
ensure_rivals() { (ensure_packages rivals) || say "   only installed rivals are measured"; }
