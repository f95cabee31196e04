# ./dev sim [rounds]: simulations with as many times the schedules that `test` takes.
# ./dev sim --minutes N [first seed]: all of them in turn from fresh seeds; what fails is made smaller.
source scripts/suite.sh

run_sim() {
  ensure_packages build test
  quietly "building the simulations" build-release make_preset release sims
  if [[ ${1:-} == --minutes ]]; then
    [[ ${2:-} =~ ^[0-9]+$ && ${3:-0} =~ ^[0-9]+$ ]] || die "usage: ./dev sim --minutes N [first seed]"
    python3 scripts/simulate.py "$bin" "${@:2}"
    return
  fi
  FLOTILLA_SIM_ROUNDS=${1:-10} suite simulation 36000 ctest_suite release '^sim\.'
  conclude
}
