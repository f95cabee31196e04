# ./dev verify: what `test` runs, and what takes longer.
source scripts/test.sh
source scripts/lint.sh
source scripts/fuzz.sh

fuzz_seconds=120
sim_rounds=20

run_verify() {
  run_suites
  ensure_packages lint
  suite lint 7200 run_lint --all
  whole_build_under asan address
  whole_build_under tsan thread
  fuzz_all "$fuzz_seconds"
  FLOTILLA_SIM_ROUNDS=$sim_rounds suite simulation-long 36000 ctest_suite release '^sim\.'
  DISCOVERY_SEQUENCES=100000 DISCOVERY_CONTAINERS=1000 DISCOVERY_HOURS=8 \
    suite discovery-long 7200 build/release/bin/discovery_test --gtest_filter='*Sim*'
  ensure_packages discovery
  suite discovery-sources 1800 tests/discovery/run --outage 60
  local language
  for language in java node rust; do smoke_suite "$language"; done
  rust_client_suite 3600
  suite crash-long 3600 crash --rounds 500
  suite cluster 900 cluster
  suite faults-long 7200 cluster_tests
  suite bench-full 14400 bench/run
  e2e_suite 7200 --verify
  conclude
}

whole_build_under() {
  build_suite "$1"
  suite "$2-sanitizer" 3600 ctest_suite "$1" '^(unit|fuzz|sim)\.'
  sanitized_server "$@"
}

# Clients and neighbours of a server that the first report ends.
sanitized_server() {
  local -x FLOTILLAD=$build/$1/bin/flotillad TSAN_OPTIONS=halt_on_error=1
  ensure_go
  ensure_python_client
  suite "$2-smoke-go" 600 smoke go
  suite "$2-smoke-python" 600 smoke python
  suite "$2-cluster" 900 cluster 3
}
