#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "discovery/http_client.h"
#include "discovery/model.h"
#include "discovery/options.h"

namespace flotilla::discovery {

/// Says which nodes ought to be in a cluster. list() is the truth, whole, every time; an event
/// carries no data and only means "look again", so a lost or doubled one costs nothing.
///
/// list() and watch() are called by two threads at the same time, each by one.
class Provider {
 public:
  virtual ~Provider() = default;

  /// For people: "docker unix:///var/run/docker.sock".
  virtual std::string name() const = 0;
  /// Problem: the source does not answer, or will not; nothing is known then.
  virtual Expected<Listing> list() = 0;
  /// Calls `changed` whenever list() may answer otherwise than before, and once it is able to tell.
  /// Returns when `stop` is raised, or when the source wants to be watched anew; a Problem when it
  /// cannot be.
  virtual Expected<void> watch(const std::function<void()>& changed, const Stop& stop) = 0;
};

/// One kind of source, as `--source` calls it.
struct SourceKind {
  std::string_view name;
  std::string_view help;
  /// One provider for each server of the kind. Problem: the options do not fit together.
  Expected<std::vector<std::unique_ptr<Provider>>> (*make)(const Options& options);
};
std::span<const SourceKind> source_kinds();

/// Those of all sources that the options name, or that suit the place when they name none.
Expected<std::vector<std::unique_ptr<Provider>>> make_providers(const Options& options);

/// Sleeps, but not past `stop`. False: it was raised.
bool sleep_unless(const Stop& stop, std::chrono::milliseconds span);

}  // namespace flotilla::discovery
