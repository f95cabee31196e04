# ./dev bench: CPU time per operation beside others; ./dev bench <name>: another program of bench/.
source scripts/build.sh

run_bench() {
  local name=run
  if [[ ${1:-} =~ ^[a-z]+$ ]]; then
    [[ -f bench/$1 && -x bench/$1 ]] || die "there is no bench/$1"
    name=$1
    shift
  fi
  ensure_packages build test
  quietly "building the server and its yardsticks" build-release \
    make_preset release flotillad flotilla echo_server load_generator
  if [[ $name == run ]]; then ensure_rivals; fi
  if [[ $name == breakdown ]]; then ensure_packages profile; fi
  "bench/$name" "$@"
}

# Without them if this machine cannot have them.
ensure_rivals() { (ensure_packages rivals) || say "   only installed rivals are measured"; }
