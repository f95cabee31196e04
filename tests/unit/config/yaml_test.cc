#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.h"

namespace flotilla::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Outcome<Loaded> load_yaml(std::string_view text) { return load({.file = text, .path = "a.yaml"}); }

constexpr std::string_view kWhole = R"(
service:
  cluster-name: prod
  proto-fd-max: 20000
  ticker-interval: {value: 1, unit: m}
logging:
  - type: console
    contexts: {any: warning, info: debug}
  - type: file
    path: /var/log/a.log
    contexts:
      any: info
network:
  service:
    addresses: [eth0, 10.0.0.1]
    port: 3000
  heartbeat:
    mode: mesh
    mesh-seed-address-ports:
      - a:3002
      - "[::1]:3002"
  tls:
    here: {cert-file: /c, key-file: /k}
namespaces:
  test:
    default-ttl: {value: 2, unit: d}
    storage-engine:
      type: memory
      files:
        - /data/a.dat
        - /data/b.dat /shadow
      filesize: {value: 4, unit: gi}
    sets:
      users: {default-ttl: 60}
  cache:
    indexes-memory-budget: {value: 3, unit: m}
    storage-engine: {type: memory, data-size: 1G}
)";

TEST(Yaml, SaysTheSameAsTheOtherForm) {
  const auto loaded = load_yaml(kWhole);
  ASSERT_TRUE(loaded) << loaded.error();
  Config& c = *loaded->config;
  EXPECT_EQ(c.service.cluster_name(), "prod");
  EXPECT_EQ(c.service.ticker_interval(), 60U);
  EXPECT_THAT(c.network.service_address(), ElementsAre("eth0", "10.0.0.1"));
  EXPECT_THAT(c.network.heartbeat_seeds(), ElementsAre("a:3002", "[::1]:3002"));
  ASSERT_EQ(c.tls.size(), 1U);
  EXPECT_EQ(c.tls[0]->key_file(), "/k");
  NamespaceConfig* test = c.find_namespace("test");
  ASSERT_NE(test, nullptr);
  EXPECT_EQ(test->default_ttl(), 172800U);
  EXPECT_EQ(test->filesize(), std::uint64_t{4} << 30);
  EXPECT_THAT(test->storage_files(), ElementsAre("/data/a.dat", "/data/b.dat /shadow"));
  EXPECT_EQ(test->set("users")->default_ttl(), 60U);
  EXPECT_EQ(c.find_namespace("cache")->indexes_memory_budget(), 3'000'000U);
  ASSERT_EQ(c.logging.sinks().size(), 2U);
  EXPECT_EQ(c.logging.sinks()[0].least_level(), LogLevel::Debug);
  EXPECT_EQ(c.logging.sinks()[1].path(), "/var/log/a.log");
}

TEST(Yaml, IsKnownByItsFirstLineToo) {
  const auto loaded = load(
      {.file = "# mine\n\nnamespaces:\n  t:\n    storage-engine: {type: memory, data-size: 1G}\n",
       .path = "stdin"});
  ASSERT_TRUE(loaded) << loaded.error();
  EXPECT_NE(loaded->config->find_namespace("t"), nullptr);
}

TEST(Yaml, SaysWhatIsWrongAndWhere) {
  const std::string deep = "a: " + std::string(4000, '[') + std::string(4000, ']');
  const std::string bomb = "a: &a [x, x, x, x, x, x, x, x]\nnamespaces:\n" + [] {
    std::string lines = "  n0: &n0 {a: *a, b: *a, c: *a, d: *a, e: *a, f: *a, g: *a}\n";
    for (int i = 1; i < 9; ++i) {
      const std::string last = "*n" + std::to_string(i - 1);
      lines += "  n" + std::to_string(i) + ": &n" + std::to_string(i) + " {a: " + last +
               ", b: " + last + ", c: " + last + ", d: " + last + ", e: " + last + ", f: " + last +
               "}\n";
    }
    return lines;
  }();
  const std::pair<std::string, std::string> cases[] = {
      {"service:\n  clustr-name: x\n",
       "a.yaml:2: unknown parameter 'clustr-name' in service; did you mean 'cluster-name'?"},
      {"service:\n  a: 1\n  a: 2\n", "a.yaml:3: 'a' stands here twice"},
      {"- a\n", "a.yaml:1: the document is no map"},
      {"service: {a: [\n", "a.yaml:"},
      {"service:\n  cluster-name:\n", "a.yaml:2: 'cluster-name' has no value"},
      {"namespaces:\n  t:\n    storage-engine: {data-size: 1G}\n",
       "a.yaml:3: 'storage-engine' needs a type"},
      {"namespaces:\n  t:\n    default-ttl: {value: 1, unit: x}\n", "a.yaml:3: 'x' is no unit"},
      {"namespaces:\n  t:\n    default-ttl: true\n", "a.yaml:3: default-ttl: 'true' is not a"},
      {deep, "a.yaml:"},
      {bomb, "more than 20000 entries"},
  };
  for (const auto& [text, why] : cases) {
    const auto loaded = load_yaml(text);
    ASSERT_FALSE(loaded) << why;
    EXPECT_THAT(loaded.error(), HasSubstr(why));
  }
}

}  // namespace
}  // namespace flotilla::config
