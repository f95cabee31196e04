"""Members that etcd, Consul, and Kubernetes tell of."""

import time
import urllib.error

from harness import POD_NETWORK, test, wait_until
from servers import DEPLOYED, Consul, Etcd, KubeApiserver


@test
def etcd_watch_brings_members_at_once(world):
    etcd, nodes = Etcd(world), world.nodes(3)
    service = world.discovery("--etcd-url", etcd.url, "--period", "600")
    for node in nodes:
        etcd.put(node.host, f"{node.host}:{node.port}")
    # With a period of ten minutes only the watch can have brought them.
    service.wait_for_members([node.host for node in nodes])
    service.wait_for_cluster(3)
    etcd.delete(nodes[2].host)
    service.wait_for_members([node.host for node in nodes[:2]])


@test
def etcd_survives_compaction_restart_and_absence(world):
    etcd, nodes = Etcd(world), world.nodes(2)
    service = world.discovery("--etcd-url", etcd.url)
    for node in nodes:
        etcd.put(node.host, f"{node.host}:{node.port}")
    service.wait_for_cluster(2)
    etcd.compact()
    etcd.put("third", "127.0.0.99:1")
    service.wait_for_members([nodes[0].host, nodes[1].host, "127.0.0.99"])
    world.end(etcd.process)
    service.wait_for_completeness(False)
    time.sleep(world.options.outage)
    assert not any(command.startswith("tip-clear") for node in nodes for command in node.commands), \
        "seeds were cleared while etcd was away"
    etcd.start()
    service.wait_for_completeness(True)
    etcd.delete("third")
    service.wait_for_members([node.host for node in nodes])


@test
def etcd_value_that_is_no_member_is_reported(world):
    etcd = Etcd(world)
    etcd.put("bad", "{")
    service = world.discovery("--etcd-url", etcd.url)
    wait_until(lambda: any("bad is no member" in text for text in service.plugin()["problems"]), "the key is named")


@test
def consul_blocking_query_restart_and_absence(world):
    consul, nodes = Consul(world), world.nodes(3)
    service = world.discovery("--consul-url", consul.url, "--period", "600")
    for node in nodes[:2]:
        consul.register(node)
    consul.register(nodes[2], status="critical", told_by=("Tags", ["com.aerospike.cluster=blue"]))
    service.wait_for_members([node.host for node in nodes[:2]])
    service.wait_for_cluster(2)
    consul.passes(nodes[2])
    service.wait_for_cluster(3)
    consul.deregister(nodes[0])
    service.wait_for_members([node.host for node in nodes[1:]])
    world.end(consul.process)
    time.sleep(world.options.outage)
    consul.start()
    consul.register(nodes[0])
    # Checks begin anew as critical: the members that were left count no more until they pass again.
    for node in nodes[1:]:
        consul.passes(node)
    service.wait_for_members([node.host for node in nodes], 180)


@test
def kubernetes_takes_the_deploy_folder_as_it_stands(world):
    kubernetes = KubeApiserver(world)
    for document in DEPLOYED:
        kubernetes.create(document, "&dryRun=All")
    spoiled = next(document for document in DEPLOYED if "kind: StatefulSet" in document).replace(
        "podManagementPolicy", "podManagementPolice")
    try:
        kubernetes.create(spoiled, "&dryRun=All")
    except urllib.error.HTTPError as refusal:
        assert "podManagementPolice" in refusal.read().decode()
    else:
        raise AssertionError("a misspelt field went through")


@test
def kubernetes_watch_restart_and_absence(world):
    kubernetes, nodes = KubeApiserver(world), world.nodes(3, POD_NETWORK)
    # For real, not dry: the role in the file must be enough, and an account without it must not.
    for document in DEPLOYED:
        kubernetes.create(document)
    kubernetes.create("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: nobody}\n")
    kubernetes.write_endpoints(nodes[:2], waiting=[nodes[1]])
    arguments = ["--source", "k8s", "--k8s-url", kubernetes.url, "--k8s-ca-cert", "ca.pem", "--k8s-namespace", "default",
                 "--k8s-service", "flotilla", "--k8s-token-file"]
    nobody = world.discovery(*arguments, kubernetes.token_of("nobody"))
    wait_until(lambda: any("may not list and watch endpointslices" in text for text in nobody.plugin()["problems"]),
               "an account without the role is told so")
    world.end(nobody.process)
    # With a period of ten minutes only the watch can bring what comes later.
    service = world.discovery(*arguments, kubernetes.token_of("flotilla-discovery"), "--period", "600")
    service.wait_for_members([node.host for node in nodes[:2]])
    service.wait_for_cluster(2)
    kubernetes.write_endpoints(nodes)
    service.wait_for_cluster(3)
    kubernetes.write_endpoints(nodes[1:])
    service.wait_for_members([node.host for node in nodes[1:]])
    world.crash(kubernetes.process)  # Told to end, it would wait for watches to end.
    kubernetes.etcd.compact()
    time.sleep(world.options.outage)
    assert not any(command.startswith("tip-clear") for node in nodes for command in node.commands), \
        "seeds were cleared while Kubernetes was away"
    kubernetes.start()
    kubernetes.write_endpoints(nodes)
    service.wait_for_members([node.host for node in nodes], 180)
    service.wait_for_cluster(3)
