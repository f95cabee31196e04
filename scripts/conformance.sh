# ./dev conformance: recorded answers and official clients against a server of their own.
source scripts/suite.sh
source scripts/clients.sh

all_parts=(golden smoke cpp go rust crash damage fallback engines eviction idle statistics cluster tools)
smoke_languages=(cpp go python java node rust)

run_conformance() {
  run_build
  local part
  if [[ ${1:-} == smoke && $# -gt 1 ]]; then
    shift
    for part in "$@"; do smoke_suite "$part"; done
  else
    [[ $# != 0 ]] || set -- "${all_parts[@]}"
    for part in "$@"; do conformance_part "$part"; done
  fi
  conclude
}

conformance_part() {
  case $1 in
    golden)
      suite golden 600 golden
      suite golden-device 600 golden_device
      ;;
    smoke) for language in "${smoke_languages[@]}"; do smoke_suite "$language"; done ;;
    cpp) cpp_client_suite ;;
    go) go_client_suite 1800 ;;
    rust) rust_client_suite 3600 ;;
    crash)
      suite crash 900 crash --rounds 50
      suite crash-device 900 crash --engine device --rounds 50
      ;;
    damage) suite damage 300 damage ;;
    fallback) suite fallback 120 fallback ;;
    engines) suite engines 600 engines ;;
    eviction) suite eviction 300 eviction ;;
    idle) suite idle 300 idle ;;
    statistics) suite statistics 120 statistics ;;
    cluster) suite cluster 900 cluster ;;
    tools) tools_suite ;;
    *) die "conformance has no part '$1'; there are: ${all_parts[*]}" ;;
  esac
}

cpp_client_suite() { suite client-cpp 300 cpp_suite; }

tools_suite() {
  ensure_packages terminal
  suite tools 600 tools
}

smoke_suite() {
  if ensure_language "$1"; then suite "smoke-$1" 600 smoke "$1"; else not_run "smoke-$1" "there is no $1 here"; fi
}

# False when the language cannot be had on this machine.
ensure_language() {
  case $1 in
    cpp) true ;;
    go) ensure_go ;;
    python) ensure_python_client ;;
    java) ensure_java ;;
    node) ensure_node ;;
    rust) have cargo ;;
    *) die "there is no smoke program in '$1'; there are: ${smoke_languages[*]}" ;;
  esac
}

go_client_suite() {
  ensure_go
  suite client-go "$1" go_suite
}

rust_client_suite() {
  if have cargo; then
    suite client-rust "$1" rust_suite
  else
    not_run client-rust "there is no Rust here, and Debian 12's is too old for the client"
  fi
}
