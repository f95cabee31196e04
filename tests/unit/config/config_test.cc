#include "config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "base/parse.h"
#include "config/load.h"
#include "config/parameter.h"

namespace flotilla::config {
namespace {

using testing::HasSubstr;

class ConfigSet : public testing::Test {
 protected:
  void SetUp() override {
    auto loaded = load({});
    ASSERT_TRUE(loaded);
    config = std::move(loaded->config);
    ns = config->namespaces[0].get();
  }
  std::unique_ptr<Config> config;
  NamespaceConfig* ns = nullptr;
};

TEST_F(ConfigSet, ChangesDynamicParametersOfEveryKindOfOwner) {
  const std::uint64_t before = config->changes();
  EXPECT_TRUE(config->set(&config->service, "migrate-threads", "2"));
  EXPECT_EQ(config->service.migrate_threads(), 2U);
  EXPECT_TRUE(config->set(&config->service, "cluster-name", "other"));
  EXPECT_EQ(config->service.cluster_name(), "other");
  EXPECT_TRUE(config->set(&config->network, "heartbeat.interval", "250"));
  EXPECT_EQ(config->network.heartbeat_interval(), 250U);
  EXPECT_TRUE(config->set(ns, "default-ttl", "1D"));
  EXPECT_EQ(ns->default_ttl(), 86400U);
  EXPECT_TRUE(config->set(ns, "defrag-lwm-pct", "40"));
  EXPECT_EQ(ns->defrag_lwm_pct(), 40U);
  EXPECT_TRUE(config->set(ns, "storage-engine.defrag-lwm-pct", "41"));
  EXPECT_TRUE(config->set(ns, "geo2dsphere-within-max-cells", "20"));
  EXPECT_EQ(ns->geo_max_cells(), 20U);
  EXPECT_TRUE(config->set(ns, "index-type.evict-mounts-pct", "20"));
  EXPECT_TRUE(config->set(ns->set("s"), "default-read-touch-ttl-pct", "-1"));
  EXPECT_EQ(ns->find_set("s")->default_read_touch_ttl_pct(), -1);
  EXPECT_EQ(config->changes(), before + 9);
}

TEST_F(ConfigSet, RefusesAndLeavesTheValue) {
  const std::pair<const char*, const char*> cases[] = {
      {"nope", "1"},
      {"strong-consistency", "true"},  // Static.
      {"default-ttl", ""},
      {"default-ttl", "x"},
      {"default-ttl", "11Y"},
      {"replication-factor", "0"},
      {"replication-factor", "300"},
      {"max-record-size", "100M"},
      {"read-consistency-level-override", "x"},
      {"geo2dsphere-within-min-level", "25"},  // Above max-level.
      {"flush-size", "5000"},                  // No power of 2.
      {"file", "/x"},
  };
  const std::string before = print_parameters(ns);
  const std::uint64_t changes = config->changes();
  for (const auto& [name, value] : cases) EXPECT_FALSE(config->set(ns, name, value)) << name;
  EXPECT_FALSE(config->set(&config->network, "heartbeat.timeout", "1"));
  EXPECT_FALSE(config->set(&config->network, "heartbeat.connect-timeout-ms", "501"));
  EXPECT_FALSE(config->set(&config->service, "proto-fd-max", "1"));
  EXPECT_EQ(print_parameters(ns), before);
  EXPECT_EQ(config->changes(), changes);
}

TEST_F(ConfigSet, ReadersNeedNoLock) {
  std::thread writer([&] {
    for (int i = 0; i < 1000; ++i)
      ASSERT_TRUE(config->set(ns, "default-ttl", i % 2 == 0 ? "10" : "20"));
  });
  for (int i = 0; i < 1000; ++i) {
    const std::uint32_t ttl = ns->default_ttl();
    ASSERT_TRUE(ttl == 0 || ttl == 10 || ttl == 20);
  }
  writer.join();
}

TEST(Sets, AreBoundedAndStayWhereTheyAre) {
  NamespaceConfig ns("test");
  SetConfig* first = ns.set("s0");
  for (std::size_t i = 1; i < NamespaceConfig::kSetsMax; ++i)
    ASSERT_NE(ns.set("s" + std::to_string(i)), nullptr);
  EXPECT_EQ(ns.set("one too many"), nullptr);
  EXPECT_EQ(ns.set(""), nullptr);
  EXPECT_EQ(ns.set(std::string(64, 'x')), nullptr);
  EXPECT_EQ(ns.set("s0"), first);
  EXPECT_EQ(ns.find_set("nope"), nullptr);
}

// ---- The table ----

template <class F>
void with_owner_of(Scope scope, F&& f) {
  ServiceConfig service;
  NetworkConfig network;
  TlsConfig tls("t");
  NamespaceConfig ns("n");
  SetConfig set("s");
  ModLuaConfig lua;
  SecurityConfig security;
  XdrConfig xdr;
  XdrDcConfig dc("d");
  XdrDcNamespaceConfig dc_ns("n");
  const Owner owners[] = {&service, &network, &tls, &ns, &set, &lua, &security, &xdr, &dc, &dc_ns};
  for (const Owner& owner : owners)
    if (scope_of(owner) == scope) f(owner);
}

TEST(Table, NamesAreUniqueAndEveryRowExplainsItself) {
  std::set<std::pair<Scope, std::string_view>> seen;
  for (const Parameter& p : parameters()) {
    EXPECT_TRUE(seen.insert({p.scope, p.name}).second) << p.name;
    EXPECT_FALSE(p.help.empty()) << p.name;
    EXPECT_EQ(find_parameter(p.scope, p.name), &p);
  }
  EXPECT_GT(seen.size(), 290U);
}

// What get-config shows can be set again, and the bounds themselves are allowed, and nothing
// beyond.
TEST(Table, ValuesSurvivePrintingAndBoundsHold) {
  for (const Parameter& p : parameters()) {
    SCOPED_TRACE(p.name);
    with_owner_of(p.scope, [&](const Owner& owner) {
      const Cell cell = p.cell(owner);
      if (is_list(p.kind.type)) return;
      const std::string initial = print(p.kind, cell);
      EXPECT_TRUE(assign(p.kind, cell, {initial}));
      EXPECT_EQ(print(p.kind, cell), initial);
      if (!std::holds_alternative<NumberCell*>(cell) || p.kind.type == Type::Choice ||
          p.kind.type == Type::Hex || p.kind.type == Type::Flag)
        return;
      const auto accepts = [&](std::int64_t value) {
        return parse_number(p.kind, std::to_string(value)).has_value();
      };
      EXPECT_TRUE(accepts(p.kind.least));
      EXPECT_TRUE(accepts(p.kind.most));
      EXPECT_FALSE(accepts(p.kind.least - 1));
      if (p.kind.most < std::numeric_limits<std::int64_t>::max()) {
        EXPECT_FALSE(accepts(p.kind.most + 1));
      }
    });
  }
}

TEST(Table, ChoicesMatchTheirEnums) {
  NamespaceConfig ns("n");
  const Kind kind = find_parameter(Scope::Namespace, "conflict-resolution-policy")->kind;
  ASSERT_TRUE(assign(kind, &ns.conflict_resolution_policy, {"last-update-time"}));
  EXPECT_EQ(ns.conflict_resolution_policy(), ConflictPolicy::LastUpdateTime);
}

TEST(PrintParameters, ShowsWhatMattersForTheEngine) {
  NamespaceConfig ns("n");
  const std::string text = print_parameters(&ns);
  EXPECT_THAT(text, HasSubstr("storage-engine=memory;storage-engine.commit-to-device=false"));
  EXPECT_THAT(text, testing::Not(HasSubstr("post-write-cache")));
  EXPECT_THAT(text, testing::Not(HasSubstr("flush-size")));
  EXPECT_FALSE(text.ends_with(';'));
  ns.storage_files.items() = {"a.dat", "b.dat /shadow"};
  EXPECT_THAT(print_parameters(&ns),
              HasSubstr("storage-engine.file[0]=a.dat;storage-engine.file[1]=b.dat /shadow;"));
}

}  // namespace
}  // namespace flotilla::config
