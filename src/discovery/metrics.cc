#include "metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <chrono>

namespace flotilla::discovery {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;
using Kind = Reconciler::Outcome::Kind;

const char* name_of(Kind kind) {
  return kind == Kind::Done ? "ok" : kind == Kind::Already ? "already" : "refused";
}

}  // namespace

struct Metrics::Families {
  explicit Families(prometheus::Registry& r) : registry(r) {}
  prometheus::Registry& registry;

  prometheus::Family<prometheus::Gauge>& gauge(const char* name, const char* help) {
    return BuildGauge().Name(name).Help(help).Register(registry);
  }
  prometheus::Family<prometheus::Counter>& counter(const char* name, const char* help) {
    return BuildCounter().Name(name).Help(help).Register(registry);
  }

  prometheus::Family<prometheus::Gauge>& desired =
      gauge("discovery_desired_members", "Members that the sources list");
  prometheus::Family<prometheus::Gauge>& ready =
      gauge("discovery_ready_members", "Members that answer and serve clients");
  prometheus::Family<prometheus::Gauge>& components =
      gauge("discovery_components", "Clusters that the ready members form; one is as it should be");
  prometheus::Family<prometheus::Gauge>& engine =
      gauge("discovery_engine_connected", "Whether the source answers");
  prometheus::Family<prometheus::Counter>& tips =
      counter("discovery_tips_total", "Tips that were sent, by their result");
  prometheus::Family<prometheus::Counter>& clears =
      counter("discovery_tip_clears_total", "Seeds that nodes were made to forget");
  prometheus::Family<prometheus::Counter>& resets =
      counter("discovery_alumni_resets_total", "Nodes made to forget departed peers");
  prometheus::Family<prometheus::Counter>& renders =
      counter("discovery_renders_total", "Files rendered from templates, by the result");
  prometheus::Gauge& last_success =
      gauge("discovery_last_success_timestamp_seconds", "When all sources answered last").Add({});
  prometheus::Histogram& reconcile =
      BuildHistogram()
          .Name("discovery_reconcile_seconds")
          .Help("How long a round takes")
          .Register(registry)
          .Add({}, prometheus::Histogram::BucketBoundaries{0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10, 30});
};

Metrics::Metrics()
    : registry_(std::make_shared<prometheus::Registry>()),
      families_(std::make_unique<Families>(*registry_)) {
  // From the start at zero: a rate needs two points.
  for (const Kind kind : {Kind::Done, Kind::Already, Kind::Refused})
    families_->tips.Add({{"result", name_of(kind)}});
  families_->clears.Add({});
}

Metrics::~Metrics() = default;

void Metrics::told(Step::Verb verb, Kind result) {
  switch (verb) {
    case Step::Verb::Tip:
      return families_->tips.Add({{"result", name_of(result)}}).Increment();
    case Step::Verb::ClearTip:
      if (result != Kind::Refused) families_->clears.Add({}).Increment();
      return;
    case Step::Verb::ResetAlumni:
      if (result != Kind::Refused) families_->resets.Add({}).Increment();
      return;
    case Step::Verb::Render:
      return families_->renders.Add({{"result", name_of(result)}}).Increment();
  }
}

void Metrics::looked(const std::string& plugin, const Reconciler::Status& status) {
  families_->reconcile.Observe(std::chrono::duration<double>(status.last_took).count());
  if (status.complete) families_->last_success.SetToCurrentTime();
  if (plugin != "aerospike") return;
  const std::lock_guard hold(lock_);
  Families& f = *families_;
  std::vector<std::string> now;
  for (const ClusterStatus& cluster : status.clusters) {
    const std::map<std::string, std::string> labels{{"cluster", cluster.name}};
    now.push_back(cluster.name);
    f.desired.Add(labels).Set(static_cast<double>(cluster.members.size()));
    f.ready.Add(labels).Set(static_cast<double>(cluster.ready));
    f.components.Add(labels).Set(static_cast<double>(cluster.components.size()));
  }
  for (const std::string& name : clusters_) {
    if (std::ranges::find(now, name) != now.end()) continue;
    // A name that has gone must not stay in memory, nor in anybody's alert.
    for (auto* family : {&f.desired, &f.ready, &f.components})
      family->Remove(&family->Add({{"cluster", name}}));
  }
  clusters_ = std::move(now);
}

void Metrics::connected(const std::string& source, bool is_connected) {
  families_->engine.Add({{"source", source}}).Set(is_connected ? 1 : 0);
}

std::string Metrics::text() const {
  return prometheus::TextSerializer().Serialize(registry_->Collect());
}

}  // namespace flotilla::discovery
