#include "config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/parameter.h"

namespace flotilla::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Outcome<Loaded> load_file(std::string_view text, const std::vector<std::string>& environment = {}) {
  return load(
      {.file = text, .path = "a.conf", .environment = environment, .machine = {.processors = 4}});
}

constexpr std::string_view kRest = "\nnamespace t {\nstorage-engine memory {\ndata-size 1G\n}\n}\n";
std::string file_with(std::string_view section) {
  return std::string(section) + std::string(kRest);
}
std::string namespace_with(std::string_view lines) {
  return "namespace t {\nstorage-engine memory {\ndata-size 1G\n}\n" + std::string(lines) + "\n}\n";
}

TEST(Load, WithoutFileIsACompleteNode) {
  const auto loaded = load({.machine = {.processors = 4}});
  ASSERT_TRUE(loaded) << loaded.error();
  const Config& c = *loaded->config;
  EXPECT_THAT(loaded->warnings, testing::IsEmpty());
  EXPECT_EQ(c.network.service_port(), 3000);
  EXPECT_EQ(c.network.fabric_port(), 3001);
  EXPECT_EQ(c.network.heartbeat_port(), 3002);
  EXPECT_EQ(c.network.admin_port(), 3003);
  EXPECT_EQ(c.network.http_port(), 9145);
  EXPECT_EQ(c.service.cluster_name(), "docker");
  EXPECT_EQ(c.service.service_threads(), 4U);
  ASSERT_EQ(c.namespaces.size(), 1U);
  const NamespaceConfig& ns = *c.namespaces[0];
  EXPECT_EQ(ns.name, "test");
  EXPECT_EQ(ns.nsup_period(), 120U);
  EXPECT_EQ(ns.replication_factor(), 2U);
  EXPECT_EQ(ns.engine(), Engine::Memory);
  EXPECT_THAT(ns.storage_files(), ElementsAre("test.dat"));
  EXPECT_EQ(ns.filesize(), std::uint64_t{4} << 30);
  EXPECT_EQ(c.service.data_folder(), "/opt/aerospike/data");
  ASSERT_EQ(c.logging.sinks().size(), 1U);
  EXPECT_EQ(c.logging.sinks()[0].least_level(), LogLevel::Info);
}

// ---- Values ----

struct ValueCase {
  const char* line;  // In the namespace.
  const char* name;
  const char* shown;
};
const ValueCase kValues[] = {
    {"default-ttl 90", "default-ttl", "90"},
    {"default-ttl 15m", "default-ttl", "900"},
    {"default-ttl 2H", "default-ttl", "7200"},
    {"default-ttl 3D", "default-ttl", "259200"},
    {"max-record-size 128K", "max-record-size", "131072"},
    {"max-record-size 64", "max-record-size", "64"},
    {"indexes-memory-budget 2g", "indexes-memory-budget", "2147483648"},
    {"disallow-null-setname TRUE", "disallow-null-setname", "true"},
    {"disallow-null-setname no", "disallow-null-setname", "false"},
    {"read-consistency-level-override ALL", "read-consistency-level-override", "all"},
    {"migrate-sleep 100", "migrate-sleep", "100"},
    {"\t default-ttl\t5 # comment", "default-ttl", "5"},
    {"geo2dsphere-within { max-cells 20 }", "geo2dsphere-within.max-cells", "20"},
    {"index-type shmem", "index-type", "shmem"},
    {"index-type flash {\nmount /a\nmounts-budget 4G\n}", "index-type.mounts-budget", "4294967296"},
    {"strong-consistency {}", "", ""},
};

TEST(Load, ReadsValuesOfEveryType) {
  for (const ValueCase& c : kValues) {
    SCOPED_TRACE(c.line);
    const auto loaded = load_file(namespace_with(c.line));
    if (*c.name == '\0') {
      EXPECT_FALSE(loaded);
      continue;
    }
    ASSERT_TRUE(loaded) << loaded.error();
    const Parameter* p = find_parameter(Scope::Namespace, c.name);
    ASSERT_NE(p, nullptr);
    EXPECT_EQ(print(p->kind, p->cell(loaded->config->namespaces[0].get())), c.shown);
  }
}

TEST(Load, ListsTakeALineForEachItem) {
  const auto loaded =
      load_file(file_with("network {\nservice {\naddress eth0\naddress 10.0.0.1\n}\nheartbeat "
                          "{\nmesh-seed-address-port a 3002\n"
                          "mesh-seed-address-port ::1 3002\n}\n}"));
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_THAT(loaded->config->network.service_address(), ElementsAre("eth0", "10.0.0.1"));
  EXPECT_THAT(loaded->config->network.heartbeat_seeds(), ElementsAre("a:3002", "[::1]:3002"));
}

// ---- What stops the start ----

struct ErrorCase {
  std::string text;
  const char* error;
};
const ErrorCase kErrors[] = {
    {namespace_with("replication-facter 2"),
     "a.conf:5: unknown parameter 'replication-facter' in namespace; did you mean "
     "'replication-factor'?"},
    {namespace_with("proto-fd-max 2000"),
     "a.conf:5: unknown parameter 'proto-fd-max' in namespace; it belongs to service"},
    {namespace_with("zzz 2"), "a.conf:5: unknown parameter 'zzz' in namespace"},
    {namespace_with("default-ttl"), "a.conf:5: default-ttl: a value is missing"},
    {namespace_with("default-ttl 1 2"), "a.conf:5: default-ttl: '2' is one value too many"},
    {namespace_with("default-ttl 11y"),
     "a.conf:5: default-ttl: '11y' is not a time such as 30, 15m, or 2d"},
    {namespace_with("default-ttl 3651d"), "a.conf:5: default-ttl: '3651d' is above 315360000"},
    {namespace_with("default-ttl -1"), "a.conf:5: default-ttl: '-1' is below 0"},
    {namespace_with("indexes-memory-budget 99999999P"),
     "a.conf:5: indexes-memory-budget: '99999999P' is too large"},
    {namespace_with("disallow-expunge maybe"),
     "a.conf:5: disallow-expunge: 'maybe' is neither true nor false"},
    {namespace_with("write-commit-level-override one"),
     "a.conf:5: write-commit-level-override: 'one' is none of off, master, all"},
    {namespace_with("sett foo {\n}"),
     "a.conf:5: unknown section 'sett' in namespace; did you mean 'set'?"},
    {namespace_with("partition-tree-sprigs 300"),
     "a.conf: namespace t: partition-tree-sprigs is not a power of 2"},
    {file_with("servise {\n}"), "a.conf:1: unknown section 'servise'; did you mean 'service'?"},
    {file_with("service"), "a.conf:1: 'service' needs a '{' at the end of the line"},
    {file_with("service\n{\n}"), "a.conf:2: '{' must stand on the line of its section's name"},
    {file_with("}"), "a.conf:1: '}' without a section"},
    {file_with("service {"), "a.conf:1: '{' is never closed"},
    {file_with("service {\nnode-id xyz\n}"),
     "a.conf:2: node-id: 'xyz' is not a hexadecimal number of at most 16 digits"},
    {file_with("service {\nnode-id a1\nnode-id-interface eth0\n}"),
     "a.conf: node-id and node-id-interface exclude each other"},
    {file_with("network {\nheartbeat {\nport 3000\n}\n}"),
     "a.conf: network: port 3000 is used for heartbeat.port and for service.port"},
    {file_with("network {\nheartbeat {\ninterval 50\ntimeout 3\nconnect-timeout-ms 100\n}\n}"),
     "a.conf: network heartbeat: connect-timeout-ms is above interval x timeout / 3"},
    {file_with("network {\nheartbeat {\nmesh-seed-address-port a\n}\n}"),
     "a.conf:3: mesh-seed-address-port: needs a host and a port"},
    {file_with("logging {\nconsole {\ncontext any loud\n}\n}"),
     "a.conf:3: 'loud' is none of critical, warning, info, debug, detail"},
    {file_with("logging {\npaper {\n}\n}"),
     "a.conf:2: unknown section 'paper' in logging; there are console, file, and syslog"},
    {file_with("namespace t {\nstorage-engine memory\n}"),
     "a.conf:4: namespace 't' is described twice"},
    {"service {\n}\n", "a.conf: describes no namespace"},
    {"namespace a:b {\n}\n", "a.conf:1: 'a:b' cannot be a namespace"},
    {"namespace abcdefghijklmnopqrstuvwxyz012345 {\n}\n",
     "a.conf:1: 'abcdefghijklmnopqrstuvwxyz012345' cannot be"},
    {"namespace t {\nstorage-engine device {\n}\n}\n",
     "a.conf: namespace t: storage-engine device needs 'file' with 'filesize', or 'device'"},
    {"namespace t {\nstorage-engine device {\nfile /a\nfilesize 1G\ndevice /dev/b\n}\n}\n",
     "a.conf: namespace t: file and device exclude each other"},
    {"namespace t {\nstorage-engine device {\ndevice /dev/b /dev/c\n}\n}\n",
     "a.conf: namespace t: shadow devices do not exist yet"},
    {"namespace t {\nstorage-engine pmem {\nfile /a\nfilesize 1G\n}\n}\n",
     "a.conf: namespace t: storage-engine pmem is for hardware that is not made any more"},
    {"namespace t {\nstorage-engine device {\nfile /a\nfilesize 1G\n"
     "encryption-key-file secrets:k\n}\n}\n",
     "a.conf: namespace t: secrets:k: keys come from no agent yet; name a file, or env-b64:NAME"},
    {"namespace t {\nstorage-engine device {\nfile /a\nfilesize 1G\nencryption-key-file /k\n"
     "encryption-old-key-file vault:k\n}\n}\n",
     "a.conf: namespace t: vault:k: keys come from no agent yet"},
    {"namespace t {\nstorage-engine device {\nfile /a\nfilesize 1G\n"
     "encryption-old-key-file /k\n}\n}\n",
     "a.conf: namespace t: encryption-old-key-file needs encryption-key-file"},
    {"namespace t {\nstorage-engine memory {\nfile a.dat\n}\n}\n",
     "a.conf: namespace t: file needs filesize"},
    {"namespace t {\nstorage-engine memory {\nfile ${NOPE}.dat\n}\n}\n",
     "a.conf:3: variable 'NOPE' is not set"},
    {"a " + std::string(1100, 'x') + "\n", "a.conf:1: line longer than 1023 characters"},
    {"a b c d e\n", "a.conf:1: 'a' has more than 3 values"},
    {std::string("a\0b\n", 4), "a.conf:1: a zero byte"},
    {"a {\na {\na {\na {\na {\na {\na {\na {\na {\n", "a.conf:9: sections nest deeper than 8"},
    {std::string((1 << 20) + 1, '\n'), "a.conf: larger than 1048576 bytes"},
};

TEST(Load, SaysWhatIsWrongAndWhere) {
  for (const ErrorCase& c : kErrors) {
    const auto loaded = load_file(c.text);
    ASSERT_FALSE(loaded) << c.error;
    EXPECT_THAT(loaded.error(), HasSubstr(c.error));
  }
}

// ---- Files of older versions ----

struct OldCase {
  std::string text;
  Scope scope;
  const char* name;
  const char* shown;
};
std::string storage_with(std::string_view lines) {
  return "namespace t {\nstorage-engine memory {\nfile /a\nfilesize 1G\n" + std::string(lines) +
         "\n}\n}\n";
}
const OldCase kOld[] = {
    {file_with("service {\nnsup-period 60\n}"), Scope::Namespace, "nsup-period", "60"},
    {file_with("service {\nscan-max-done 7\n}"), Scope::Service, "query-max-done", "7"},
    {file_with("service {\ntransaction-pending-limit 5\n}"), Scope::Namespace,
     "transaction-pending-limit", "5"},
    {file_with("service {\nrespond-client-on-master-completion true\n}"), Scope::Namespace,
     "write-commit-level-override", "master"},
    {file_with("service {\ntransaction-repeatable-read true\n}"), Scope::Namespace,
     "read-consistency-level-override", "all"},
    {file_with("service {\npaxos-single-replica-limit 1\nmicrobenchmarks false\n}"), Scope::Service,
     "query-max-done", "100"},
    {file_with("network {\nservice {\nexternal-address 1.2.3.4\n}\n}"), Scope::Network,
     "service.access-address", "1.2.3.4"},
    {file_with("network {\nheartbeat {\nmesh-address 10.0.0.9\nmesh-port 4002\n}\n}"),
     Scope::Network, "heartbeat.mesh-seed-address-port", "10.0.0.9:4002"},
    {file_with("network {\nheartbeat {\nmode multicast\naddress 239.1.99.222\n}\n}"),
     Scope::Network, "heartbeat.multicast-group", "239.1.99.222"},
    {file_with("network {\nheartbeat {\nprotocol v2\n}\n}"), Scope::Network, "heartbeat.protocol",
     "v3"},
    {file_with("network {\ninfo {\nport 3003\n}\n}"), Scope::Network, "admin.port", "3003"},
    {"namespace t {\nmemory-size 2G\nstorage-engine memory\n}\n", Scope::Namespace,
     "storage-engine.data-size", "2147483648"},
    {namespace_with("high-water-memory-pct 60"), Scope::Namespace, "storage-engine.evict-used-pct",
     "60"},
    {namespace_with("stop-writes-pct 80"), Scope::Namespace, "storage-engine.stop-writes-used-pct",
     "80"},
    {namespace_with("default-ttl 30d"), Scope::Namespace, "nsup-period", "120"},
    {namespace_with("nsup-period 9\ndisable-nsup true"), Scope::Namespace, "nsup-period", "0"},
    {namespace_with("conflict-resolution-policy ttl"), Scope::Namespace,
     "conflict-resolution-policy", "generation"},
    {storage_with("write-block-size 16M"), Scope::Namespace, "storage-engine.flush-size",
     "8388608"},
    {storage_with("write-block-size 1M\npost-write-queue 10"), Scope::Namespace,
     "storage-engine.post-write-cache", "10485760"},
    {storage_with("max-used-pct 77"), Scope::Namespace, "storage-engine.stop-writes-used-pct",
     "77"},
    {"namespace t {\nmemory-size 1G\nstorage-engine device {\nfile /a\nfilesize 1G\ndata-in-memory "
     "true\n}\n}\n",
     Scope::Namespace, "storage-engine", "memory"},
};

TEST(Load, OldNamesWarnAndKeepTheirMeaning) {
  for (const OldCase& c : kOld) {
    SCOPED_TRACE(c.text);
    const auto loaded = load_file(c.text);
    ASSERT_TRUE(loaded) << loaded.error();
    EXPECT_FALSE(loaded->warnings.empty());
    const Parameter* p = find_parameter(c.scope, c.name);
    Owner owner = loaded->config->namespaces[0].get();
    if (c.scope == Scope::Service) owner = &loaded->config->service;
    if (c.scope == Scope::Network) owner = &loaded->config->network;
    EXPECT_EQ(print(p->kind, p->cell(owner)), c.shown);
  }
}

TEST(Load, StrictRefusesOldNames) {
  const std::string text = file_with("service {\nmicrobenchmarks true\n}");
  const auto refused = load({.file = text, .path = "a.conf", .strict = true});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), "a.conf:2: 'microbenchmarks' is obsolete and ignored");
  EXPECT_FALSE(
      load_file(file_with("service {\nmicrobenchmarks true\nenforce-best-practices true\n}")));
}

// ---- Environment ----

TEST(Environment, ContainerVariablesShapeTheDefaultNode) {
  const std::vector<std::string> environment = {
      "NAMESPACE=cache",      "STORAGE_GB=2",
      "DATA_IN_MEMORY=true",  "DEFAULT_TTL=60",
      "NSUP_PERIOD=30",       "MEM_GB=1",
      "SERVICE_PORT=4000",    "SERVICE_ADDRESS=eth0",
      "CLUSTER_NAME=prod",    "CLUSTER_SEEDS=a,b:4002 [::1],fe80::1",
      "REPLICATION_FACTOR=3", "ACCESS_ADDRESS=db.example.org",
      "ACCESS_PORT=30000",    "NODE_ID=b1",
      "MESH_PORT=4002",       "LOGFILE=/var/log/a.log",
      "LOG_LEVEL=debug",      "LOG_FORMAT=json",
      "FEATURE_KEY_FILE=/x",  "NETLINK=eth0"};
  const auto loaded = load({.environment = environment});
  ASSERT_TRUE(loaded) << loaded.error();
  const Config& c = *loaded->config;
  const NamespaceConfig& ns = *c.namespaces[0];
  EXPECT_EQ(ns.name, "cache");
  EXPECT_THAT(ns.storage_files(), ElementsAre("cache.dat"));
  EXPECT_EQ(ns.filesize(), std::uint64_t{2} << 30);
  EXPECT_EQ(ns.default_ttl(), 60U);
  EXPECT_EQ(ns.nsup_period(), 30U);
  EXPECT_EQ(ns.replication_factor(), 3U);
  EXPECT_EQ(c.network.service_port(), 4000);
  EXPECT_EQ(c.network.service_access_port(), 30000);
  EXPECT_THAT(c.network.service_address(), ElementsAre("eth0"));
  EXPECT_THAT(c.network.service_access_address(), ElementsAre("db.example.org"));
  EXPECT_THAT(c.network.heartbeat_seeds(),
              ElementsAre("a:4002", "b:4002", "[::1]:4002", "[fe80::1]:4002"));
  EXPECT_EQ(c.service.cluster_name(), "prod");
  EXPECT_EQ(c.service.node_id(), 0xB1U);
  EXPECT_EQ(c.service.log_format(), LogStyle::Json);
  ASSERT_EQ(c.logging.sinks().size(), 2U);
  EXPECT_EQ(c.logging.sinks()[1].path(), "/var/log/a.log");
  EXPECT_EQ(c.logging.sinks()[0].least_level(), LogLevel::Debug);
}

TEST(Environment, DataNotInMemoryIsOnTheDevice) {
  const std::vector<std::string> environment = {"DATA_IN_MEMORY=false"};
  const auto loaded = load({.environment = environment});
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_EQ(loaded->config->namespaces.front()->engine(), Engine::Device);
}

TEST(Environment, OverridesComeLast) {
  const auto loaded = load_file(
      file_with("network {\nservice {\nport 3100\n}\n}"),
      {"SERVICE_PORT=3200", "FLOTILLA__network__service__port=3300",
       "FLOTILLA__network__heartbeat__interval=250", "FLOTILLA__namespace__t__default-ttl=1h",
       "FLOTILLA__namespace__t__set__s__stop_writes_count=9",
       "FLOTILLA__namespace__u__storage-engine=memory",
       "FLOTILLA__namespace__u__storage-engine__data_size=512M",
       "FLOTILLA__namespace__t__storage_engine__stop-writes-used-pct=55",
       "FLOTILLA__network__heartbeat__mesh-seed-address-port=a:1,b:2",
       "FLOTILLA__logging__any=warning", "FLOTILLA__service__node-id=",
       "affinity:com.aerospike.cluster!=x", "constraint:node==y", "=", "X", ""});
  ASSERT_FALSE(loaded);  // node-id needs a value.
  const auto again = load_file(
      file_with("network {\nservice {\nport 3100\n}\n}"),
      {"SERVICE_PORT=3200", "FLOTILLA__network__service__port=3300",
       "FLOTILLA__network__heartbeat__interval=250", "FLOTILLA__namespace__t__default-ttl=1h",
       "FLOTILLA__namespace__t__set__s__stop_writes_count=9",
       "FLOTILLA__namespace__u__storage-engine=memory",
       "FLOTILLA__namespace__u__storage-engine__data_size=512M",
       "FLOTILLA__namespace__t__storage_engine__stop-writes-used-pct=55",
       "FLOTILLA__network__heartbeat__mesh-seed-address-port=a:1,b:2",
       "affinity:com.aerospike.cluster!=x", "constraint:node==y", "=", "X", ""});
  ASSERT_TRUE(again) << again.error();
  Config& c = *again->config;
  EXPECT_EQ(c.network.service_port(), 3300);
  EXPECT_EQ(c.network.heartbeat_interval(), 250U);
  EXPECT_EQ(c.namespaces[0]->default_ttl(), 3600U);
  EXPECT_EQ(c.namespaces[0]->stop_writes_used_pct(), 55U);
  EXPECT_EQ(c.namespaces[0]->set("s")->stop_writes_count(), 9U);
  ASSERT_EQ(c.namespaces.size(), 2U);
  EXPECT_EQ(c.namespaces[1]->data_size(), std::uint64_t{512} << 20);
  EXPECT_THAT(c.network.heartbeat_seeds(), ElementsAre("a:1", "b:2"));
}

TEST(Environment, MistakesNameTheVariable) {
  const std::pair<const char*, const char*> cases[] = {
      {"FLOTILLA__network__heartbeet__interval=1",
       "environment variable FLOTILLA__network__heartbeet__interval: unknown "
       "parameter 'heartbeet.interval' in network; did you mean "
       "'heartbeat.interval'?"},
      {"FLOTILLA__namespace__nope__default-ttl=1", "there is no namespace 'nope'"},
      {"FLOTILLA__nope__x=1", "unknown context 'nope'"},
      {"FLOTILLA__service=1", "needs a context and a parameter"},
      {"SERVICE_PORT=abc", "environment variable SERVICE_PORT: 'abc' is not a number"},
      {"CLUSTER_SEEDS=a:99999", "environment variable CLUSTER_SEEDS: '99999' is not a port"},
  };
  for (const auto& [variable, why] : cases) {
    const std::vector<std::string> environment = {variable};
    const auto loaded = load({.environment = environment});
    ASSERT_FALSE(loaded) << variable;
    EXPECT_THAT(loaded.error(), HasSubstr(why));
  }
}

TEST(Environment, VariablesInTheFileAreReplaced) {
  const auto loaded =
      load_file("namespace ${NS} {\nstorage-engine memory {\nfile ${NS}/x.dat\nfilesize 1G\n}\n}\n",
                {"NS=n"});
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_THAT(loaded->config->find_namespace("n")->storage_files(), ElementsAre("n/x.dat"));
}

TEST(Load, FewOpenFilesLowerProtoFdMax) {
  const auto loaded = load({.machine = {.processors = 1, .memory_bytes = 0, .open_files = 4096}});
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->config->service.proto_fd_max(), 4096U - 256U);
  EXPECT_THAT(loaded->warnings,
              ElementsAre(HasSubstr("proto-fd-max is lowered from 15000 to 3840")));
}

TEST(Load, WhatIsNotBuiltYetWarnsWhereMoreThanTheInitialValueIsAskedFor) {
  const auto loaded = load_file(namespace_with("disable-mrt-writes true\nmrt-duration 10"));
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_THAT(loaded->warnings, ElementsAre(HasSubstr("'disable-mrt-writes' has no effect yet")));
}

TEST(Load, EncryptionThatEncryptsNothingWarns) {
  const auto warns = [](std::string_view lines) {
    return load_file("namespace t {\nstorage-engine memory {\n" + std::string(lines) + "\n}\n}\n")
        ->warnings;
  };
  EXPECT_THAT(warns("file /a\nfilesize 1G\nencryption aes-256\nencryption-key-file env-b64:K\n"
                    "encryption-old-key-file /k"),
              testing::IsEmpty());
  EXPECT_THAT(warns("file /a\nfilesize 1G\nencryption aes-256"),
              ElementsAre(HasSubstr("encryption without encryption-key-file does nothing")));
  EXPECT_THAT(warns("data-size 1G\nencryption-key-file /k"),
              ElementsAre(HasSubstr("encryption-key-file: there is no file to encrypt")));
}

TEST(Load, AShortHeartbeatTakesItsConnectTimeoutAlong) {
  const auto loaded = load_file(file_with("network {\nheartbeat {\ninterval 50\n}\n}"));
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_EQ(loaded->config->network.heartbeat_connect_timeout_ms(), 166U);
}

}  // namespace
}  // namespace flotilla::config
