# ./dev bench: every performance target, as a table; ./dev bench data: operations on lists and maps; ./dev bench footprint: memory
# a record.
source scripts/build.sh

run_bench() {
  ensure_packages build test
  quietly "building the server and its yardsticks" build-release \
    make_preset release flotillad echo_server load_generator
  if [[ ${1:-} == data || ${1:-} == footprint ]]; then
    bench/"$1" "${@:2}"
  else
    bench/run "$@"
  fi
}
