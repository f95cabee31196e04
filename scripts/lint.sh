# ./dev lint: silent when the tree is clean.
source scripts/build.sh

run_lint() {
  ensure_packages build test lint
  local bad=0
  check_format || bad=1
  python3 scripts/house_rules.py || bad=1
  check_shell || bad=1
  check_planted || bad=1
  check_headers || bad=1
  check_tidy "${1:-}" || bad=1
  return $bad
}

sources() { git ls-files -- 'src/*.cc' 'src/*.h' 'tests/*.cc' 'tests/*.h' 'bench/*.cc' 'bench/*.h' 'examples/*.cc'; }

# Files that differ from the main branch as it was published, or from the last commit; edited ones included.
changed_sources() {
  local base
  base=$(git merge-base HEAD origin/HEAD 2>/dev/null) || base=HEAD~1
  [[ $base != $(git rev-parse HEAD) ]] || base=HEAD~1
  comm -12 <(sources | sort) <(git diff --name-only --diff-filter=d "$base" | sort)
}

check_format() { { sources | xargs clang-format-19 --dry-run -Werror 2>&1 || true; } |
  awk -F: '/error:/ {places[$1]++}
    END {for (file in places) print file ": not formatted (" places[file] " places); run clang-format-19 -i"; exit length(places) > 0}'; }

# The excluded checks are about variables that live in another file.
check_shell() { git ls-files -- dev .ci/run tests/smoke/run 'scripts/*.sh' | xargs shellcheck -x -s bash -f gcc -e SC1090,SC2034,SC2154; }

# A bug that cannot be planted any more proves nothing.
check_planted() {
  local each bad=0
  for each in tests/planted/*.patch; do
    patch -p1 --dry-run --fuzz=0 --silent --force -i "$each" >/dev/null && continue
    echo "$each: does not apply"
    bad=1
  done
  return $bad
}

# Every public header compiles alone.
check_headers() { unless_silent lint-headers cmake --build build/release --target all_verify_interface_header_sets; }

check_tidy() {
  local files
  if [[ $1 == --all ]]; then files=$(sources); else files=$(changed_sources); fi
  # Examples are built by themselves, against the installed package.
  files=$(grep '\.cc$' <<<"$files" | grep -v '^examples/' || true)
  [[ -n $files ]] || return 0
  unless_silent lint-tidy xargs python3 scripts/tidy.py build/release <<<"$files"
}

# unless_silent <log name> <command...>: shows the errors of a command that fails.
unless_silent() {
  local log=$logs/$1.log
  shift
  mkdir -p "$logs"
  [[ -f build/release/build.ninja ]] || cmake --preset release >"$log" 2>&1
  "$@" >"$log" 2>&1 && return
  grep -E '(error|warning):' "$log" | sed "s|$root/||" | sort -u || tail -n 20 "$log"
  return 1
}
