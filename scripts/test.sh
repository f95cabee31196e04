# ./dev test: everything that proves a change, in less than 45 minutes on two cores from nothing.
source scripts/conformance.sh
source scripts/cluster.sh

# The modules that every byte from outside passes through: their unit tests run under the address sanitizer as well.
guarded=(base wire model store exec)

run_test() {
  local began=$SECONDS
  run_suites
  say
  say "took $(((SECONDS - began) / 60)) minutes"
  conclude
}

run_suites() {
  ensure_packages build test
  build_suite release
  native_suites
  build_suite asan "${guarded[@]/%/_test}"
  suite unit-asan 900 ctest_suite asan "^unit\.($(alternatives "${guarded[@]}"))\$"
  server_suites
}

# Without a build there is nothing to test: the run ends here when it fails.
build_suite() {
  local before=$failed
  suite "build-$1" 3600 make_preset "$@"
  ((failed == before)) || conclude || exit 1
}

native_suites() {
  suite unit 600 ctest_suite release '^unit\.'
  suite fuzz-corpora 300 ctest_suite release '^fuzz\.'
  suite simulation 600 ctest_suite release '^sim\.'
}

alternatives() { tr ' ' '|' <<<"$*"; }

server_suites() {
  suite golden 300 golden
  suite golden-device 300 golden_device
  smoke_suite cpp
  smoke_suite go
  smoke_suite python
  cpp_client_suite
  go_client_suite 1200
  suite crash 300 crash --rounds 15
  suite crash-device 300 crash --engine device --rounds 15
  suite damage 300 damage
  suite fallback 120 fallback
  suite engines 600 engines
  suite eviction 300 eviction
  suite idle 180 idle
  ensure_go
  suite faults 600 cluster_tests -nodes 3 -records 5000 -rate 500 checker form garbage empty rolling
  tools_suite
  suite statistics 120 statistics
  suite bench 600 bench/run --quick
  e2e_suite 900
  suite bench-data 600 bench/data --quick
  suite bench-device 600 bench/device --quick
  suite bench-restart 600 bench/restart --quick
  suite bench-footprint 600 bench/footprint --quick
  suite bench-walk 600 bench/walk --quick
}

e2e_suite() {
  local limit=$1
  shift
  # Docker is more than a developer's machine should get unasked.
  if have dockerd || [[ -n ${CI:-} ]]; then
    ensure_packages e2e
    suite e2e "$limit" tests/e2e/run "$@"
  else
    not_run e2e "there is no Docker here; ./dev e2e installs it"
  fi
}
