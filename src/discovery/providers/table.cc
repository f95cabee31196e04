#include <unistd.h>

#include <algorithm>
#include <thread>

#include "providers/providers.h"

namespace flotilla::discovery {
namespace {

// A new source is a file beside this one, and a row.
constexpr SourceKind kKinds[] = {
    {"consul", "instances of a service that pass their checks", &make_consul},
    {"dns", "addresses of names: tasks.<service>, a headless service, SRV records", &make_dns},
    {"docker", "labelled containers of an engine, or of a classic Swarm", &make_docker},
    {"etcd", "keys under a prefix", &make_etcd},
    {"file", "a list in YAML or JSON", &make_file},
    {"k8s", "EndpointSlices of a headless service", &make_k8s},
    {"swarm", "tasks of labelled services, asked of a manager", &make_swarm},
};

}  // namespace

std::span<const SourceKind> source_kinds() { return kKinds; }

Expected<Providers> make_providers(const Options& options) {
  if (options.sources.empty()) return make_auto(options);
  Providers all;
  for (const std::string& name : options.sources) {
    const auto* kind = std::ranges::find(kKinds, name, &SourceKind::name);
    auto made = kind == std::end(kKinds) ? make_auto(options) : kind->make(options);
    if (!made) return made;
    std::ranges::move(*made, std::back_inserter(all));
  }
  return all;
}

bool sleep_unless(const Stop& stop, std::chrono::milliseconds span) {
  using std::chrono::steady_clock;
  const auto end = steady_clock::now() + span;
  while (!stop && steady_clock::now() < end)
    std::this_thread::sleep_for(std::min<steady_clock::duration>(end - steady_clock::now(),
                                                                 std::chrono::milliseconds(200)));
  return !stop;
}

Defaults defaults_of(const Options& options) {
  return {.cluster = options.cluster,
          .mesh_port = options.mesh_port,
          .service_port = options.service_port,
          .tls = options.mesh_tls};
}

Listing listing_of(std::vector<Desired> members, const Options& options) {
  Listing out;
  for (Desired& member : members)
    if (options.cluster.empty() || member.cluster == options.cluster)
      out.members.push_back(std::move(member));
    else if (!member.host.empty())
      out.in_use.insert(member.host);
  return out;
}

}  // namespace flotilla::discovery
