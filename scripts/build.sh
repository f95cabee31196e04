# ./dev build: release binaries.
source scripts/packages.sh

products=(flotillad flotilla flotilla-discovery)

run_build() {
  ensure_packages build test
  if [[ $# == 0 ]]; then set -- "${products[@]}"; fi
  quietly "building release: $*" build-release make_preset release "$@"
  say "   binaries are in ${bin#"$root"/}"
}

# make_preset <preset> [targets...]: configures, and builds those of the targets that the build has; none given: all.
make_preset() {
  local preset=$1 targets=()
  shift
  cmake --preset "$preset"
  if [[ $# != 0 ]]; then
    mapfile -t targets < <(known_targets "$preset" "$@")
    targets=(--target "${targets[@]}")
  fi
  nice cmake --build "build/$preset" -j "$(job_count)" "${targets[@]}"
}

# known_targets <preset> <names...>: those of the names that the build has, one a line.
known_targets() {
  local preset=$1 name
  shift
  for name in "$@"; do
    if ninja -C "build/$preset" -t query "$name" >/dev/null 2>&1; then echo "$name"; fi
  done
}
