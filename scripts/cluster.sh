# ./dev cluster: faults of clusters under load (tests/cluster).
source scripts/build.sh

run_cluster() {
  run_build
  ensure_go
  quietly "building the load" cluster-build build_cluster_tests
  "$build/cluster-tests" "$@"
}

build_cluster_tests() {
  cd tests/cluster || return
  go vet ./...
  go test ./...
  go build -o "$build/cluster-tests" .
}

# As a suite of `test` and `verify`.
cluster_tests() {
  build_cluster_tests >&2
  cd "$root" || return
  "$build/cluster-tests" "$@"
}
