# ./dev demo and ./dev down: one node on this machine, and the article's first lines.
source scripts/build.sh

demo=$build/demo

run_demo() {
  run_build
  stop_demo || true
  local port
  port=$(first_free_port 3000)
  start_demo "$port"
  say
  say "A node of Flotilla serves 127.0.0.1:$port. The article's first lines, through aql:"
  say
  aql "$port" "insert into test.foo (pk, val1) values (1, 'abc')"
  aql "$port" "select * from test.foo where pk = 1"
  cat <<TEXT
Go on:  ${bin#"$root"/}/aql -p $port
        any Aerospike client on 127.0.0.1:$port, namespace test (programs in tests/smoke)
        ${bin#"$root"/}/asinfo -p $port -v status
Stop:   ./dev down        (the node's files stay in ${demo#"$root"/})
TEXT
}

run_down() {
  stop_demo || { say "no node of ./dev demo is running" && return; }
  say "stopped"
}

aql() { "$bin/aql" -h 127.0.0.1 -p "$1" -c "$2"; }

# The first port from $1 on, in steps of ten, that nobody listens on; the node takes the ports behind it as well.
first_free_port() {
  local port=$1
  while listens "$port"; do ((port += 10)); done
  echo "$port"
}

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

start_demo() {
  local port=$1
  mkdir -p "$demo"
  write_config "$port" >"$demo/flotilla.conf"
  setsid "$bin/flotillad" --config-file "$demo/flotilla.conf" --foreground >"$demo/log" 2>&1 </dev/null &
  echo $! >"$demo/pid"
  for _ in {1..150}; do
    if listens "$port"; then return; fi
    kill -0 "$(<"$demo/pid")" 2>/dev/null || break
    sleep 0.1
  done
  tail -n 30 "$demo/log" >&2
  die "the node did not start; its log is ${demo#"$root"/}/log"
}

write_config() {
  local port=$1
  cat <<CONF
service {
    cluster-name demo
    data-folder $demo
    work-directory $demo
}
logging {
    console {
        context any info
    }
}
network {
    service {
        address 127.0.0.1
        port $port
    }
    fabric {
        address 127.0.0.1
        port $((port + 1))
    }
    heartbeat {
        mode mesh
        address 127.0.0.1
        port $((port + 2))
    }
    http {
        address 127.0.0.1
        port $(first_free_port 9145)
    }
}
namespace test {
    replication-factor 2
    storage-engine memory {
        data-size 1G
    }
}
CONF
}

# Asks the node to stop and waits for it. False when none is running.
stop_demo() {
  local pid
  [[ -f $demo/pid ]] || return 1
  pid=$(<"$demo/pid")
  rm -f "$demo/pid"
  [[ $(readlink "/proc/$pid/exe" 2>/dev/null) == "$bin/flotillad"* ]] || return 1
  kill "$pid"
  for _ in {1..100}; do
    kill -0 "$pid" 2>/dev/null || return 0
    sleep 0.1
  done
  kill -9 "$pid"
}
