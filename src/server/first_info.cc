#include "first_info.h"

#include "base/parse.h"

namespace flotilla::server {
namespace {

std::string replicas_of(const exec::Node& node) {
  const Buffer all(wire::kPartitions / 8, std::byte{0xFF});
  std::string out;
  for (const auto& ns : node.namespaces) out += (out.empty() ? "" : ";") + ns->name() + ":0,1," + to_base64(all);
  return out;
}

}  // namespace

std::string FirstInfo::value_of(const Asker& asker, std::string_view name) const {
  if (name == "node") return "BB9000000000001";
  if (name == "build") return "8.1.2.0";
  if (name == "edition") return "Flotilla";
  if (name == "partition-generation" || name == "peers-generation" || name == "rebalance-generation") return "1";
  if (name == "features") return "batch-any;pquery;pscans;query-show;replicas;peers;truncate-namespace;cdt-list;cdt-map;blob-bits;float;geo";
  if (name == "peers-clear-std" || name == "peers-clear-alt") return "1,3000,[]";
  if (name == "service-clear-std") return asker.local;
  if (name == "replicas") return replicas_of(node_);
  if (name == "status" || name.starts_with("user-agent-set")) return "ok";
  if (name == "cluster-name") return "docker";
  if (name == "namespaces") {
    std::string out;
    for (const auto& ns : node_.namespaces) out += (out.empty() ? "" : ";") + ns->name();
    return out;
  }
  return "ERROR:4:unrecognized command";
}

std::string FirstInfo::answer(Asker& asker, std::string_view request) {
  std::string out;
  for (const auto line : split(request, '\n')) {
    if (line.empty()) continue;
    std::string_view name = line;
    if (name.ends_with(':')) name.remove_suffix(1);
    out += std::string(line) + "\t" + value_of(asker, name) + "\n";
  }
  return out;
}

}  // namespace flotilla::server
