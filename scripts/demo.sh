# ./dev demo and ./dev down: a cluster on this machine, the article's first lines, and a node that is killed.
source scripts/build.sh

demo=$build/demo
demo_nodes=3
demo_records=1000

run_demo() {
  run_build
  local port
  port=$(start_demo)
  say
  say "$demo_nodes nodes of Flotilla serve 127.0.0.1:$port and on. The article's first lines, through aql:"
  say
  aql "$port" -c "insert into test.foo (pk, val1) values (1, 'abc')"
  aql "$port" -c "select * from test.foo where pk = 1"
  lose_a_node "$port"
  cat <<TEXT

Go on:  ${bin#"$root"/}/aql -p $port
        any Aerospike client on 127.0.0.1:$port, namespace test (programs in tests/smoke)
        ${bin#"$root"/}/flotilla dev status --folder ${demo#"$root"/}    (and stop, start, kill, pause: --help)
        curl http://127.0.0.1:$((port + 4))/metrics
Stop:   ./dev down        (the nodes' files stay in ${demo#"$root"/})
TEXT
}

run_down() {
  [[ -f $demo/cluster.json ]] || { say "no cluster of ./dev demo is running" && return; }
  dev_cluster down
  say "stopped"
}

dev_cluster() { "$bin/flotilla" dev "$@" --folder "$demo"; }

aql() { "$bin/aql" -h 127.0.0.1 -p "$@"; }

# Starts the nodes anew on the first ports that are free; prints the port of the first node.
start_demo() {
  local port said
  if [[ -f $demo/cluster.json ]]; then dev_cluster down; fi
  rm -rf "$demo"
  for ((port = 3000; port < 9000; port += 1000)); do
    if said=$(dev_cluster up "$demo_nodes" --base-port "$port" 2>&1); then
      echo "$port"
      return
    fi
    [[ $said == *"is taken by another program"* ]] || break
    dev_cluster down --empty
  done
  die "the cluster did not start: $said"
}

# Records are written, a node is killed, and every record is still there.
lose_a_node() {
  local port=$1
  say "$demo_records records more, then SIGKILL for the last node:"
  say
  many_records | aql "$port" >/dev/null
  dev_cluster kill "$demo_nodes"
  say "records that the other nodes have: $(count_records "$port") of $demo_records"
  dev_cluster start "$demo_nodes"
  dev_cluster status
}

many_records() {
  local i
  for ((i = 1; i <= demo_records; i++)); do echo "insert into test.demo (pk, n) values ($i, $i)"; done
}

# A scan waits for nobody: it is tried until every partition has a node again.
count_records() {
  local port=$1 seen=0
  for _ in {1..50}; do
    seen=$(aql "$port" -o raw -c "select n from test.demo" 2>/dev/null | grep -c '^n: ') || true
    ((seen < demo_records)) || break
    sleep 0.2
  done
  echo "$seen"
}
