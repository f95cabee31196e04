# ./dev models: the models of docs/algorithms/models, checked with Spin: each must hold as it stands, and must fail when a
# rule is taken away.
source scripts/suite.sh

# name and the flags of a run; "fails" when the flags take a rule away.
model_runs=(
  "holds rows"
  "holds rows -DROWS=7 -DEPOCHS=3"
  "fails rows -DNO_IN_FORCE"
  "fails rows -DROWS_MEANWHILE"
  "fails rows -DPROMISE_LEAVES_ROWS"
)

run_models() {
  ensure_packages build models
  local folder=$build/models run good=0 bad=0
  mkdir -p "$folder"
  for run in "${model_runs[@]}"; do
    # shellcheck disable=SC2086
    if check_model "$folder" $run; then good=$((good + 1)); else bad=$((bad + 1)); fi
  done
  say "$good passed, $bad failed"
  ((bad == 0))
}

# check_model <folder> <holds|fails> <name> [flags...]
check_model() {
  local folder=$1 expected=$2 name=$3 found=holds output
  shift 3
  if ! output=$(cd "$folder" && cp "$root/docs/algorithms/models/$name.pml" model.pml && spin -a "$@" model.pml &&
    gcc -O2 -w -DSAFETY -DCOLLAPSE -o model pan.c && ./model -m1000000 2>&1); then
    say "FAIL $name $*: $(tail -n 3 <<<"$output")"
    return 1
  fi
  grep -q 'errors: 0' <<<"$output" || found=fails
  # A search that was cut off has shown nothing.
  if [[ $found != "$expected" ]] || grep -q 'max search depth too small' <<<"$output"; then
    say "FAIL $name $*: it $found, and should not"
    return 1
  fi
  say "$name $* $found: $(sed -n 's/^ *\([0-9]*\) states, stored.*/\1 states/p' <<<"$output")"
}
