#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "discovery/reconciler.h"

namespace prometheus {
class Registry;
}

namespace flotilla::discovery {

/// What /metrics tells. Thread-safe.
class Metrics {
 public:
  Metrics();
  ~Metrics();

  void told(Step::Verb verb, Reconciler::Outcome::Kind result);
  void looked(const std::string& plugin, const Reconciler::Status& status);
  void connected(const std::string& source, bool is_connected);
  /// Prometheus' text format.
  std::string text() const;

 private:
  struct Families;
  std::mutex lock_;  // Guards `clusters_`; the rest guards itself.
  std::shared_ptr<prometheus::Registry> registry_;
  std::unique_ptr<Families> families_;
  std::vector<std::string> clusters_;  // That have gauges.
};

}  // namespace flotilla::discovery
