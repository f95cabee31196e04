#include "options.h"

namespace flotilla::server {
namespace {

void apply_sets(const config::NamespaceConfig& from, store::SetTable& sets) {
  for (const config::SetConfig* set_config : from.sets()) {
    const auto id = sets.find_or_add(set_config->name);
    if (!id) continue;
    store::Set& set = sets[*id];
    set.default_ttl = set_config->default_ttl() == 0 ? store::Set::kInherited
                                                     : std::int64_t{set_config->default_ttl()};
    set.default_read_touch_ttl_pct = static_cast<int>(set_config->default_read_touch_ttl_pct());
    set.disable_eviction = set_config->disable_eviction();
    set.enable_index = set_config->enable_index();
    set.stop_writes_count = set_config->stop_writes_count();
    set.stop_writes_size = set_config->stop_writes_size();
  }
}

exec::NamespaceOptions::Override override_of(config::ReadLevel level) {
  using Override = exec::NamespaceOptions::Override;
  if (level == config::ReadLevel::Off) return Override::Off;
  return level == config::ReadLevel::One ? Override::Least : Override::All;
}

exec::NamespaceOptions::Override override_of(config::CommitLevel level) {
  using Override = exec::NamespaceOptions::Override;
  if (level == config::CommitLevel::Off) return Override::Off;
  return level == config::CommitLevel::Master ? Override::Least : Override::All;
}

void apply_namespace(const config::NamespaceConfig& from, exec::Namespace& to) {
  exec::NamespaceOptions& options = to.options;
  options.default_ttl = from.default_ttl();
  options.default_read_touch_ttl_pct = from.default_read_touch_ttl_pct();
  options.max_record_size = from.max_record_size();
  options.apply_ttl_reductions = from.apply_ttl_reductions();
  options.disallow_null_setname = from.disallow_null_setname();
  options.reject_xdr_writes = from.reject_xdr_writes();
  options.reject_non_xdr_writes = from.reject_non_xdr_writes();
  options.background_query_max_rps = from.background_query_max_rps();
  options.commit_to_device = from.commit_to_device();
  options.read_consistency_level = override_of(from.read_consistency_level_override());
  options.write_commit_level = override_of(from.write_commit_level_override());
  apply_sets(from, to.records.sets());
}

}  // namespace

void apply(const config::Config& config, exec::Node& node, net::Reactor::Limits& limits) {
  node.batch_max_requests = config.service.batch_max_requests();
  node.query_threads_limit = config.service.query_threads_limit();
  node.transaction_max_ms = config.service.transaction_max_ms();
  node.jobs.keep_finished(config.service.query_max_done());
  limits.idle_ms = config.service.proto_fd_idle_ms();
  for (const auto& ns_config : config.namespaces) {
    if (exec::Namespace* const ns = node.find(ns_config->name)) apply_namespace(*ns_config, *ns);
  }
}

}  // namespace flotilla::server
