# ./dev verify [part...]: what `test` runs, and what takes longer; or chosen parts of it.
source scripts/test.sh
source scripts/lint.sh
source scripts/fuzz.sh
source scripts/planted.sh
source scripts/models.sh
source scripts/servers.sh
source scripts/bench.sh

verify_parts=(test lint asan tsan fuzz sim planted models discovery clients crash damage seccomp cluster bench e2e)
fuzz_seconds=120
sim_rounds=20

run_verify() {
  local part
  [[ $# != 0 ]] || set -- "${verify_parts[@]}"
  for part in "$@"; do
    [[ " ${verify_parts[*]} " == *" $part "* ]] || die "verify has no part '$part'; there are: ${verify_parts[*]}"
  done
  for part in "$@"; do "verify_$part"; done
  conclude
}

verify_test() { run_suites; }

verify_lint() {
  ensure_packages build test lint
  suite lint 7200 run_lint --all
}

verify_asan() { under_sanitizer asan address; }

verify_tsan() { under_sanitizer tsan thread; }

verify_fuzz() { fuzz_all "$fuzz_seconds"; }

verify_sim() {
  release_build
  FLOTILLA_SIM_ROUNDS=$sim_rounds suite simulation-long 36000 ctest_suite release '^sim\.' 36000
  local nodes
  for nodes in 128 256; do
    SIM_NODES=$nodes suite "simulation-$nodes" 3600 "$bin/sim_membership_size_test" --gtest_filter='*AsMany*'
  done
}

verify_planted() {
  ensure_packages build test
  suite planted 14400 planted
}

verify_models() {
  ensure_packages build models
  suite models 1800 run_models
}

verify_discovery() {
  release_build
  ensure_packages discovery
  DISCOVERY_SEQUENCES=100000 DISCOVERY_CONTAINERS=1000 DISCOVERY_HOURS=8 \
    suite discovery-long 7200 build/release/bin/discovery_test --gtest_filter='*Sim*'
  ensure_consul
  ensure_kube_apiserver
  suite discovery-sources 1800 tests/discovery/run --outage 60
}

verify_clients() {
  release_build
  local language
  for language in java node rust; do smoke_suite "$language"; done
  rust_client_suite 3600
  ensure_go
  ensure_packages monitoring
  suite tools-long 10800 tools_long
}

verify_crash() {
  release_build
  suite crash-long 7200 crash --rounds 500
  suite crash-device-long 7200 crash --engine device --rounds 500
}

# 20,000 places of real files.
verify_damage() {
  release_build
  suite damage-sampled 1800 sampled_damage
}

# What reads and writes files, again where io_uring is forbidden as container runtimes do it.
verify_seccomp() {
  release_build
  local forbidden=tests/conformance/without_io_uring.py
  suite server-seccomp 600 python3 $forbidden "$bin/server_test"
  suite conformance-seccomp 7200 python3 $forbidden ./dev conformance golden cpp crash engines eviction idle statistics
  suite crash-seccomp 7200 python3 $forbidden python3 tests/conformance/crash.py --engine device --rounds 500
}

verify_cluster() {
  release_build
  ensure_go
  suite cluster 900 cluster
  suite faults-long 7200 cluster_tests
  local user
  for user in python java cpp cpp-async; do
    quietly "building the client in $user" cluster-user build_cluster_user "$user"
    suite "faults-$user" 3600 cluster_tests -client "$user" kill pause rolling scale
  done
}

verify_bench() {
  release_build
  ensure_rivals
  suite bench-full 14400 bench/run
  suite bench-device-full 3600 bench/device
  suite bench-restart-full 3600 bench/restart
  suite bench-together-full 3600 bench/together
}

verify_e2e() {
  release_build
  ensure_go
  ensure_consul
  e2e_suite 7200 --verify
}

release_build() {
  ensure_packages build test
  quietly "building release" build-release make_preset release
}

# under_sanitizer <preset> <name>: all unit tests, corpora, and simulations; then clients and neighbours of a server
# that its first report ends.
under_sanitizer() {
  ensure_packages build test
  build_suite "$1"
  suite "$1-ctest" 14400 ctest_suite "$1" '^(unit|fuzz|sim)\.' 7200
  local -x FLOTILLAD=$build/$1/bin/flotillad TSAN_OPTIONS=halt_on_error=1
  ensure_go
  ensure_python_client
  suite "$1-smoke-go" 600 smoke go
  suite "$1-smoke-python" 600 smoke python
  # Sanitized nodes need seconds for what a common one does at once; none of them is to be taken for dead meanwhile.
  local -x FLOTILLA__network__heartbeat__interval=500 FLOTILLA__network__heartbeat__timeout=40
  suite "$1-cluster" 900 cluster 3
}
