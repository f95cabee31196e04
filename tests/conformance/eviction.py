"""eviction.py: two nodes that are fuller than they should be evict what has the least life left, and nothing else.

Records without a time to live and those of a set that is exempt stay; both nodes agree on how far to go; it ends when
enough is free, and `eviction-reset` forgets it.
"""

import subprocess
import time

import cluster
from checks import Checks
from node import NAMESPACE, ROOT, Node, NodeDied, free_ports, info

RECORDS = 4000
SECTION = NAMESPACE.format(name="test", storage="""\
evict-tenths-pct 50
    set exempt {
        disable-eviction true
    }
    storage-engine memory {
        data-size 64M
        evict-used-pct 40
    }""").replace("nsup-period 120", "nsup-period 1")

check = Checks("eviction")


def numbers(member):
    pairs = (pair.partition("=") for pair in info(member.port, "namespace/test").split(";"))
    return {name: value for name, _, value in pairs}


def objects(members, name):
    """Of a set, all copies."""
    row = [info(m.port, f"sets/test/{name}") for m in members]
    return sum(int(dict(pair.split("=", 1) for pair in text.rstrip(";").split(":"))["objects"]) for text in row)


def load(member, name, ttl, first=0):
    subprocess.run([ROOT / "build/release/bin/asbench", "-h", "127.0.0.1", "-p", str(member.port), "--no-config-file", "-s", name,
                    "-w", "I", "-k", str(RECORDS), "-K", str(first), "-o", "S1000", "-e", str(ttl), "-q", "--max-errors", "0"],
                   check=True, stdout=subprocess.DEVNULL)


def scenario(members):
    cluster.until(60, lambda: cluster.stable(members, 2))
    load(members[0], "for-ever", -1)
    load(members[0], "exempt", 5000)
    load(members[0], "long", 1000000)
    calm = numbers(members[0])
    check("nothing is evicted before", calm["hwm_breached"] == "false" and calm["evicted_objects"] == "0",
          f"{calm['data_used_pct']} % used")
    for step in range(5):
        load(members[0], "short", 10000 + 1000 * step, first=step * RECORDS)
    begun, _ = cluster.until(30, lambda: any(numbers(m)["hwm_breached"] == "true" for m in members))
    check("it begins when too much is used", bool(begun), f"{numbers(members[0])['data_used_pct']} %")
    ended, seconds = cluster.until(120, lambda: all(numbers(m)["hwm_breached"] == "false" for m in members))
    after = [numbers(m) for m in members]
    check("it ends when less is used", bool(ended), f"{[n['data_used_pct'] for n in after]} % after {seconds:.0f} s")
    check("each node counts what it evicted", all(int(n["evicted_objects"]) > 0 for n in after),
          str([n["evicted_objects"] for n in after]))
    gone = 5 * RECORDS - objects(members, "short") // 2
    check("that is what is missing", gone == sum(int(n["evicted_objects"]) for n in after), f"{gone} are missing")
    for name in ("for-ever", "exempt", "long"):
        check(f"'{name}' keeps all", objects(members, name) == 2 * RECORDS, f"{objects(members, name)} copies")
    agreed = {n["evict_void_time"] for n in after}
    check("both agree on how far", len(agreed) == 1 and int(after[0]["evict_ttl"]) > 0, str(agreed))
    check("so does the metadata", agreed <= set(info(members[1].port, "smd-show:module=evict").replace("=", ",").split(",")),
          info(members[1].port, "smd-show:module=evict"))
    check("it can be forgotten", info(members[1].port, "eviction-reset:namespace=test") == "ok")
    forgotten, _ = cluster.until(10, lambda: all(numbers(m)["evict_void_time"] == "0" for m in members))
    check("on both", bool(forgotten))
    time.sleep(2)
    check("and nothing more goes", sum(int(numbers(m)["evicted_objects"]) for m in members) == gone)
    check("it can be set", info(members[0].port, "eviction-reset:namespace=test;ttl=2000000") == "ok")
    emptied, _ = cluster.until(30, lambda: objects(members, "long") + objects(members, "short") == 0)
    check("then what lives no longer goes", bool(emptied))
    for name in ("for-ever", "exempt"):
        check(f"'{name}' keeps all even so", objects(members, name) == 2 * RECORDS, f"{objects(members, name)} copies")


def main():
    first = free_ports(6)
    ports = [first, first + 3]
    try:
        with Node("eviction-0", SECTION, ports[0], ports) as one, Node("eviction-1", SECTION, ports[1], ports) as two:
            scenario([one, two])
    except NodeDied as death:
        check("every server lives", False, str(death))
    check.exit()


main()
