# ./dev e2e: the article's scenario and its faults, in real Docker.
run_e2e() { exec tests/e2e/run "$@"; }
