# ./dev sim: simulations with more schedules than `test` takes.
source scripts/suite.sh

run_sim() {
  local rounds=${1:-10}
  ensure_packages build test
  quietly "building the simulations" build-release make_preset release sims
  FLOTILLA_SIM_ROUNDS=$rounds suite simulation 36000 ctest_suite release '^sim\.'
  conclude
}
