# ./dev planted [name...]: bugs that are planted to see whether the simulations find them.
source scripts/suite.sh

run_planted() {
  ensure_packages build test
  planted "$@"
}

planted() { python3 scripts/planted.py "$root" "$(job_count)" "$@"; }
