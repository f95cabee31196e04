#pragma once

#include "discovery/provider.h"
#include "discovery/source_answers.h"

namespace flotilla::discovery {

using Providers = std::vector<std::unique_ptr<Provider>>;

// Each makes the providers of one kind; Problem: the options do not fit together.
Expected<Providers> make_auto(const Options& options);
Expected<Providers> make_docker(const Options& options);
Expected<Providers> make_swarm(const Options& options);
Expected<Providers> make_dns(const Options& options);
Expected<Providers> make_consul(const Options& options);
Expected<Providers> make_etcd(const Options& options);
Expected<Providers> make_file(const Options& options);
Expected<Providers> make_k8s(const Options& options);

Defaults defaults_of(const Options& options);

/// A listing of members, those of other clusters than the wanted one left out.
Listing listing_of(std::vector<Desired> members, const Options& options);

/// "NAME: " before a failure's text.
inline tl::unexpected<Problem> at_source(const std::string& name, const std::string& text) {
  return problem(text.starts_with(name) ? text : name + ": " + text);
}

}  // namespace flotilla::discovery
