#include "client/client.h"

#include <algorithm>

#include "call.h"
#include "cluster.h"
#include "command.h"
#include "encode.h"
#include "info_exchange.h"
#include "lease.h"

namespace flotilla::client {
namespace {

Expected<Record> run(Cluster& cluster, const Call& call) {
  OutBuffer request;
  if (const auto encoded = encode_call(request, call); !encoded)
    return tl::unexpected(encoded.error());
  Record record{.key = call.key};
  const Command command{.ns = call.key.ns,
                        .partition = call.key.partition(),
                        .policy = call.policy,
                        .is_write = call.is_write,
                        .request = request.view()};
  const auto done = run_command(cluster, command, [&](Bytes reply, const std::string& node) {
    return read_call_reply(record, reply, node);
  });
  if (!done) return tl::unexpected(done.error());
  return record;
}

Expected<Written> written(const Expected<Record>& record) {
  if (!record) return tl::unexpected(record.error());
  return Written{.generation = record->generation, .void_time = record->void_time};
}

}  // namespace

Client::Client(std::unique_ptr<Cluster> cluster) : cluster_(std::move(cluster)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

Expected<Client> Client::connect(std::vector<Address> seeds, ClientOptions options) {
  auto cluster = Cluster::connect(std::move(seeds), std::move(options));
  if (!cluster) return tl::unexpected(cluster.error());
  return Client(*std::move(cluster));
}

Expected<Record> Client::get(const Key& key, std::span<const std::string> bin_names,
                             const ReadPolicy& policy) const {
  const Want want = bin_names.empty() ? Want::AllBins : Want::Bins;
  return run(*cluster_, {.key = key,
                         .header = read_header(want, policy),
                         .policy = policy.command,
                         .bin_names = bin_names});
}

Expected<std::optional<Record>> Client::get_header(const Key& key, const ReadPolicy& policy) const {
  auto record =
      run(*cluster_,
          {.key = key, .header = read_header(Want::HeaderOnly, policy), .policy = policy.command});
  if (record) return std::optional(*std::move(record));
  if (record.error().is(Code::NotFound)) return std::optional<Record>();
  return tl::unexpected(record.error());
}

Expected<bool> Client::exists(const Key& key, const ReadPolicy& policy) const {
  const auto header = get_header(key, policy);
  if (!header) return tl::unexpected(header.error());
  return header->has_value();
}

Expected<Written> Client::put(const Key& key, std::span<const Bin> bins,
                              const WritePolicy& policy) const {
  const std::vector<Operation> operations = writes_of(bins);
  return written(run(*cluster_, {.key = key,
                                 .header = write_header(policy),
                                 .policy = policy.command,
                                 .operations = operations,
                                 .is_write = true,
                                 .send_key = policy.send_key}));
}

Expected<bool> Client::remove(const Key& key, const WritePolicy& policy) const {
  const auto record = run(*cluster_, {.key = key,
                                      .header = remove_header(policy),
                                      .policy = policy.command,
                                      .is_write = true,
                                      .send_key = policy.send_key});
  if (record) return true;
  if (record.error().is(Code::NotFound)) return false;
  return tl::unexpected(record.error());
}

Expected<Written> Client::touch(const Key& key, const WritePolicy& policy) const {
  const Operation touch[] = {op::touch()};
  return written(operate(key, touch, policy));
}

Expected<Record> Client::operate(const Key& key, std::span<const Operation> operations,
                                 const WritePolicy& policy) const {
  return run(*cluster_, {.key = key,
                         .header = operate_header(operations, policy),
                         .policy = policy.command,
                         .operations = operations,
                         .is_write = std::ranges::any_of(operations, &Operation::is_write),
                         .send_key = policy.send_key});
}

std::vector<NodeName> Client::nodes() const {
  std::vector<NodeName> names;
  const auto topology = cluster_->topology();
  for (const auto& node : topology->nodes) names.push_back({node->name(), node->address()});
  std::ranges::sort(names, {}, &NodeName::name);
  return names;
}

std::vector<NodeName> Client::owners(const Key& key) const {
  std::vector<NodeName> names;
  const auto topology = cluster_->topology();
  const NamespaceMap* const map = topology->partitions.find(key.ns);
  if (map == nullptr) return names;
  for (const auto& column : map->columns) {
    const NodeNumber number = column[key.partition().raw()];
    if (number != kNoNode)
      names.push_back({topology->nodes[number]->name(), topology->nodes[number]->address()});
  }
  return names;
}

std::shared_ptr<Access> Client::access() const { return cluster_->access(); }

Expected<std::vector<InfoAnswer>> Client::info(std::string_view name,
                                               std::span<const std::string_view> commands,
                                               Milliseconds timeout) const {
  auto node = cluster_->topology()->find_node(name);
  if (!node) return tl::unexpected(node.error());
  const Deadline deadline = deadline_after(timeout);
  auto lease = Lease::take(*std::move(node), deadline);
  if (!lease) return tl::unexpected(lease.error());
  auto answers = exchange_info(lease->connection(), commands, deadline);
  if (answers) lease->keep();
  return answers;
}

}  // namespace flotilla::client
