# Suites that talk to a running flotillad: recorded answers, official clients, crashes, idle connections.
source scripts/packages.sh

against_node() { python3 tests/conformance/with_node.py -- "$@"; }

golden() { against_node python3 tests/conformance/replay.py '{port}' tests/golden/wire-*.jsonl; }

# The same answers where nearly every get reads from a file.
golden_device() {
  python3 tests/conformance/with_node.py --engine device -- \
    python3 tests/conformance/replay.py '{port}' tests/golden/wire-*.jsonl
}

crash() { python3 tests/conformance/crash.py "$@"; }

damage() { python3 tests/conformance/damage.py; }

sampled_damage() { python3 tests/conformance/sampled_damage.py "$@"; }

fallback() { python3 tests/conformance/fallback.py; }

engines() { python3 tests/conformance/engines.py; }

eviction() { python3 tests/conformance/eviction.py; }

idle() { python3 tests/conformance/idle.py; }

cluster() { python3 tests/conformance/cluster.py "$@"; }

statistics() { python3 tests/conformance/live_statistics.py; }

# Also a backup that is made while others write, restored and compared; its parameter is how many records.
tools() {
  against_node python3 tests/tools/failures.py '{port}' && against_node python3 tests/tools/terminal.py '{port}' &&
    python3 tests/tools/sizes.py && python3 tests/tools/backup.py 3000 && python3 tests/tools/startup.py
}

tools_long() {
  python3 tests/tools/backup.py 1000000 && python3 tests/tools/bench_cost.py 5 5 && python3 tests/tools/monitoring.py
}

smoke() { against_node tests/smoke/run "$1" '{port}'; }

cpp_suite() { against_node build/release/bin/client_suite '{port}' --gtest_brief=1; }

go_suite() { against_node python3 tests/conformance/go_suite.py '{port}'; }

rust_suite() { against_node python3 tests/conformance/rust_suite.py '{port}'; }
