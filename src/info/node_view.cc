#include "info/node_view.h"

namespace flotilla::info {
namespace {
constexpr std::string_view kNoCluster = "this node forms no cluster with others yet";
constexpr std::string_view kNoSindex = "secondary indexes do not exist yet";
constexpr std::string_view kNoUdf = "UDF modules do not exist yet";
}  // namespace

std::vector<Rack> NodeView::racks(const config::NamespaceConfig& ns) const {
  return {Rack{.id = ns.rack_id(), .nodes = cluster().succession}};
}
Result<void> NodeView::reset_eviction(std::string_view, std::optional<std::uint64_t>) {
  return fail(Code::Unsupported, "there is no eviction here");
}
Result<void> NodeView::tip(const Endpoint&, bool) { return fail(Code::Unsupported, kNoCluster); }
bool NodeView::clear_tip(const Endpoint&) { return false; }
Result<void> NodeView::recluster() { return fail(Code::Unsupported, kNoCluster); }
Result<void> NodeView::quiesce(bool) {
  return fail(Code::Unsupported, "quiescing does not exist yet");
}
Result<void> NodeView::create_sindex(const SindexDefinition&) {
  return fail(Code::Unsupported, kNoSindex);
}
Result<void> NodeView::delete_sindex(std::string_view, std::string_view) {
  return fail(Code::Unsupported, kNoSindex);
}
// NOLINTNEXTLINE(performance-unnecessary-value-param): who overrides this keeps it.
Result<void> NodeView::put_udf(std::string_view, std::string, UdfProblem&) {
  return fail(Code::Unsupported, kNoUdf);
}
Result<void> NodeView::remove_udf(std::string_view) { return fail(Code::Unsupported, kNoUdf); }

}  // namespace flotilla::info
