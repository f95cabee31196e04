# ./dev bench: every performance target, as a table.
source scripts/build.sh

run_bench() {
  ensure_packages build test
  quietly "building the server and its yardsticks" build-release \
    make_preset release flotillad echo_server load_generator
  bench/run "$@"
}
