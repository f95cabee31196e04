#pragma once

#include <string>
#include <vector>

#include "discovery/reconciler.h"
#include "json.h"

namespace flotilla::discovery {

/// What one plug-in's reconciler knows, for the outside.
struct PluginStatus {
  std::string plugin;
  Reconciler::Status status;
};
struct Report {
  std::vector<PluginStatus> plugins;
  Instant started;
};

/// The body of /status.
Json to_json(const Report& report, Instant now);
/// The same for people.
std::string to_people(const Json& status);

/// Columns as wide as their widest cell and three, eight at least; the last as it is.
std::string table(const std::vector<std::vector<std::string>>& rows);

}  // namespace flotilla::discovery
