# Servers that Debian 12 does not have, built from their Go modules: a few minutes each, once. They are left in build/servers.

servers=$build/servers
consul_module=github.com/hashicorp/consul@v1.21.0
kubernetes_module=k8s.io/kubernetes@v1.31.4

# ensure_server <binary> <module@version> <package> <sed script for its go.mod>
ensure_server() {
  [[ -x $servers/$1-${2##*@} ]] || {
    ensure_go
    quietly "building $1 ${2##*@} from its Go module" "build-$1" build_server "$@"
  }
}

# A module is fetched without those that it replaces by folders of its own: they are fetched by themselves instead.
build_server() {
  local name=$1 module=$2 package=$3 mending=$4 source=$servers/source-$1
  rm -rf "$source"
  mkdir -p "$servers"
  cp -r --no-preserve=mode "$(module_folder "$module")" "$source"
  sed -i -E "$mending" "$source/go.mod"
  (cd "$source" && GOWORK=off GOFLAGS='-mod=mod -buildvcs=false' CGO_ENABLED=0 go build -p "$(job_count)" -trimpath -ldflags='-s -w' \
    -o "$servers/$name.part" "$package")
  rm -rf "$source"
  mv "$servers/$name.part" "$servers/$name-${module##*@}"
}

module_folder() { go mod download -json "$1" | sed -n 's/.*"Dir": "\(.*\)",\?$/\1/p'; }

ensure_consul() {
  # shellcheck disable=SC2016
  ensure_server consul $consul_module . '/^replace \(/,/^\)/d'
  export CONSUL=$servers/consul-${consul_module##*@}
}

ensure_kube_apiserver() {
  local of_parts=v0.${kubernetes_module##*@v1.}
  ensure_server kube-apiserver $kubernetes_module ./cmd/kube-apiserver \
    "s|=> \./staging/src/(.*)\$|=> \1 $of_parts|"
  export KUBE_APISERVER=$servers/kube-apiserver-${kubernetes_module##*@}
}
