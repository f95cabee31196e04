# ./dev cluster: faults of clusters under load (tests/cluster).
source scripts/build.sh

run_cluster() {
  run_build
  ensure_go
  local user
  user=$(user_of "$@")
  quietly "building the client in $user" cluster-user build_cluster_user "$user"
  quietly "building the load" cluster-build build_cluster_tests
  "$build/cluster-tests" "$@"
}

build_cluster_tests() {
  cd tests/cluster || return
  go vet ./...
  go test ./...
  go build -o "$build/cluster-tests" .
}

# The client that the arguments choose.
user_of() {
  local previous='' argument
  for argument in "$@"; do
    case $previous:$argument in
      *:-client=* | *:--client=*) echo "${argument#*=}" && return ;;
      -client:* | --client:*) echo "$argument" && return ;;
    esac
    previous=$argument
  done
  echo go
}

# Programs of tests/cluster/users, where user.go looks for them.
build_cluster_user() {
  local out=$build/clients/cluster-java
  case $1 in
    python) ensure_python_client ;;
    java)
      ensure_java
      mvn -q -B -f tests/cluster/users/java -Duser.target="$out" compile dependency:copy-dependencies \
        -DoutputDirectory="$out/lib"
      ;;
    cpp | cpp-async) make_preset release cluster_user ;;
  esac
}

# As a suite of `test` and `verify`.
cluster_tests() {
  build_cluster_tests >&2
  cd "$root" || return
  "$build/cluster-tests" "$@"
}
