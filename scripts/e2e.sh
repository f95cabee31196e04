# ./dev e2e: the article's scenario and its faults, in real Docker.
source scripts/build.sh

run_e2e() {
  run_build
  ensure_packages e2e
  ensure_go
  tests/e2e/run "$@"
}
