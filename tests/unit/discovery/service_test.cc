// The whole service: a file or a fake engine as the source, fake nodes, its HTTP port.

#include "service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "http_port.h"
#include "support/fake_node.h"
#include "unit/discovery/fake_engine.h"

namespace flotilla::discovery {
namespace {

using namespace std::chrono_literals;
using flotilla::testing::FakeNode;
using flotilla::testing::FakeRecords;
using ::testing::Contains;
using testing::FakeEngine;
using ::testing::HasSubstr;

template <class Condition>
bool wait_until(const Condition& condition) {
  for (int i = 0; i < 2000 && !condition(); ++i) std::this_thread::sleep_for(5ms);
  return condition();
}

std::unique_ptr<FakeNode> node(const std::string& id, const std::string& key) {
  auto out = std::make_unique<FakeNode>(id, std::make_shared<FakeRecords>());
  out->set_info("status", "ok");
  out->set_info("statistics", "cluster_size=1;cluster_key=" + key + ";cluster_principal=" + id +
                                  ";cluster_integrity=true");
  out->set_info("tip:*", "ok");
  return out;
}

class ServiceTest : public ::testing::Test {
 protected:
  ServiceTest() {
    options_.file = "/tmp/flotilla-service-" + std::to_string(::getpid());
    list_nodes(
        {"- 127.0.0.1:" + std::to_string(a_->port()), "- 127.0.0.1:" + std::to_string(b_->port())});
    options_.plugins = {"aerospike"};
  }
  ~ServiceTest() override {
    stop();
    ::unlink(options_.file.c_str());
  }
  void list_nodes(const std::vector<std::string>& lines) const {
    std::ofstream out(options_.file);
    for (const std::string& line : lines) out << line << '\n';
  }
  void start() {
    auto made = Service::make(options_);
    ASSERT_TRUE(made) << made.error().text;
    service_ = std::move(*made);
    loop_ = std::thread([this] { service_->run(stop_); });
  }
  void stop() {
    stop_ = true;
    if (service_) service_->wake();
    if (loop_.joinable()) loop_.join();
    service_.reset();
    stop_ = false;
  }

  std::unique_ptr<FakeNode> a_ = node("A", "K1");
  std::unique_ptr<FakeNode> b_ = node("B", "K2");
  Options options_;
  Stop stop_ = false;
  std::unique_ptr<Service> service_;
  std::thread loop_;
};

TEST_F(ServiceTest, NodesThatRunWhenItStartsAreToldOfEachOther) {
  start();
  EXPECT_TRUE(wait_until([&] {
    return std::ranges::count(a_->info_log(), "tip:host=127.0.0.1;port=3002") > 0 &&
           std::ranges::count(b_->info_log(), "tip:host=127.0.0.1;port=3002") > 0;
  }));
}

TEST_F(ServiceTest, ADryRunTellsNobody) {
  options_.dry_run = true;
  start();
  ASSERT_TRUE(wait_until([&] { return service_->report().plugins[0].status.rounds > 0; }));
  EXPECT_EQ(service_->report().plugins[0].status.steps_due, 2U);
  for (const std::string& command : a_->info_log()) EXPECT_THAT(command, Not(HasSubstr("tip")));
}

TEST_F(ServiceTest, OnceEndsWhenAllIsWellAndNotBefore) {
  service_ = std::move(*Service::make(options_));
  EXPECT_FALSE(service_->settle(300ms));
  for (FakeNode* one : {a_.get(), b_.get()})
    one->set_info("statistics",
                  "cluster_size=2;cluster_key=K;cluster_principal=B;cluster_integrity=true");
  EXPECT_TRUE(service_->settle(5000ms));
}

TEST_F(ServiceTest, HttpTellsHowThingsStand) {
  start();
  HttpPort http;
  ASSERT_TRUE(http.start(*service_, "127.0.0.1:0"));
  HttpClient client(*ServerUrl::parse("http://127.0.0.1:" + std::to_string(http.port()), false),
                    {});
  const auto get = [&](const char* path) {
    return client.exchange({.path = path, .body = {}, .headers = {}}).value();
  };
  EXPECT_TRUE(wait_until([&] { return get("/readyz").status == 200; }));
  EXPECT_EQ(get("/healthz").body, "ok\n");
  EXPECT_TRUE(wait_until([&] {
    return get("/metrics").body.find("discovery_tips_total{result=\"ok\"} 2") != std::string::npos;
  }));
  const std::string metrics = get("/metrics").body;
  for (const char* line :
       {"discovery_desired_members{cluster=\"aerospike\"} 2",
        "discovery_ready_members{cluster=\"aerospike\"} 2",
        "discovery_components{cluster=\"aerospike\"} 2", "discovery_tip_clears_total 0",
        "discovery_reconcile_seconds_count",
        "discovery_engine_connected{source=", "discovery_last_success_timestamp_seconds"})
    EXPECT_THAT(metrics, HasSubstr(line));
  const Json status = Json::parse(get("/status").body);
  EXPECT_EQ(status["plugins"][0]["clusters"][0]["members"].size(), 2U);
  EXPECT_THAT(to_people(status),
              HasSubstr("aerospike cluster aerospike: not converged, 2 of 2 ready"));
  EXPECT_EQ(get("/nothing").status, 404);
}

TEST_F(ServiceTest, IsNotReadyUntilItsSourceHasAnswered) {
  options_.file += ".none";
  start();
  ASSERT_TRUE(wait_until([&] { return service_->report().plugins[0].status.rounds > 0; }));
  EXPECT_FALSE(service_->is_ready());
  EXPECT_THAT(service_->report().plugins[0].status.problems, Contains(HasSubstr("cannot be read")));
}

TEST_F(ServiceTest, AnEngineThatRefusesIsNotHammered) {
  // Nothing listens: every attempt fails at once.
  options_.file.clear();
  options_.sources = {"docker"};
  FakeEngine engine;
  engine.set("/version", "{}");
  options_.engine_urls = {engine.url()};
  start();
  std::this_thread::sleep_for(2s);
  // The watcher and the lists, each from 0.2 s doubling: some twenty at the most, not thousands.
  EXPECT_LT(engine.count("/version"), 60U);
  EXPECT_FALSE(service_->is_ready());
  engine.set("/version", R"({"Version":"20","ApiVersion":"1.41"})");
  EXPECT_TRUE(wait_until([&] { return service_->is_ready(); })) << "it comes back by itself";
}

TEST_F(ServiceTest, TwoEnginesAreWatchedAsOne) {
  const auto containers = [](const FakeNode& node, const char* name) {
    return R"([{"Id":")" + std::string(name) + R"(","Names":["/)" + name +
           R"("],"Labels":{"com.aerospike.cluster":"c","com.aerospike.service-port":")" +
           std::to_string(node.port()) +
           R"("},"NetworkSettings":{"Networks":{"prod":{"NetworkID":"p","IPAddress":"127.0.0.1"}}}}])";
  };
  FakeEngine first;
  FakeEngine second;
  first.set("/containers/json", containers(*a_, "one"));
  second.set("/containers/json", containers(*b_, "two"));
  options_.file.clear();
  options_.engine_urls = {first.url(), second.url()};
  start();
  EXPECT_TRUE(wait_until(
      [&] { return std::ranges::count(b_->info_log(), "tip:host=127.0.0.1;port=3002") > 0; }));
  // One of them lost: what is there is still looked after, and nobody is taken for gone.
  second.set("/containers/json", "broken", 500);
  EXPECT_TRUE(wait_until([&] {
    const auto report = service_->report();
    const auto& status = report.plugins[0].status;
    return !status.complete && !status.clusters.empty() && status.clusters[0].ready == 1;
  }));
}

}  // namespace
}  // namespace flotilla::discovery
