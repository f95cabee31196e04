# ./dev bench: every performance target, as a table.
run_bench() { exec bench/run "$@"; }
