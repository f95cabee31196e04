#include <fmt/format.h>

#include "client/codec.h"
#include "context.h"

namespace flotilla::tools::sql {
namespace {

std::string_view key_type_of(const RecordAddress& address) {
  if (address.kind == RecordAddress::Kind::Digest) return "DIGEST";
  if (address.kind == RecordAddress::Kind::Base64Digest) return "BASE64_DIGEST";
  return address.user_key.is<std::string>() ? "STRING" : "INTEGER";
}

/// Where a record lives and what asking for it would give.
bool explain_one(const Context& context, const Select& select) {
  const auto key = key_of(select.target, *select.address);
  if (!key) return context.fail(key.error());
  const double start = context.clock();
  const auto header = context.client.get_header(*key, {.command = context.read_command()});
  const auto owners = context.client.owners(*key);
  std::string replicas;
  for (std::size_t i = 1; i < owners.size(); ++i) replicas += (i > 1 ? "," : "") + owners[i].name;
  std::int64_t status = 0;
  if (!header)
    status = header.error().code;
  else if (!*header)
    status = static_cast<std::int64_t>(Code::NotFound);
  const Bytes digest = key->digest.view();
  context.writer.begin({});
  context.writer.row({
      {"SET", key->set},
      {"DIGEST", client::Blob{.bytes = Buffer(digest.begin(), digest.end())}},
      {"NAMESPACE", key->ns},
      {"PARTITION", std::int64_t{key->partition().raw()}},
      {"STATUS", client::status_name(static_cast<std::int16_t>(status))},
      {"UDF", "FALSE"},
      {"KEY_TYPE", key_type_of(*select.address)},
      {"POLICY_KEY", context.settings.key_send ? "AS_POLICY_KEY_SEND" : "AS_POLICY_KEY_DIGEST"},
      {"TIMEOUT", context.settings.timeout_ms},
      {"MASTER NODE", owners.empty() ? "" : owners[0].name},
      {"REPLICA NODE(S)", replicas},
  });
  context.writer.end_rows({}, context.clock() - start);
  return context.succeed();
}

/// How a statement over many records would be carried out. Nothing is asked for it.
bool explain_many(const Context& context, const Select& select) {
  const auto nodes = context.client.nodes();
  const bool indexed = !select.conditions.empty();
  context.writer.begin({});
  std::vector<client::Bin> cells = {
      {"NAMESPACE", select.target.ns},
      {"SET", select.target.set},
      {"KIND", indexed ? "INDEX QUERY" : "SCAN"},
      {"BIN", indexed ? select.conditions[0].bin : std::string()},
      {"PARTITIONS", static_cast<std::int64_t>(wire::kPartitions)},
      {"NODES", static_cast<std::int64_t>(nodes.size())},
      {"SORT", select.order ? select.order->bin : std::string()},
      {"LIMIT", select.limit ? fmt::format("{}", *select.limit) : std::string()},
  };
  context.writer.row(cells);
  context.writer.end_rows({}, 0);
  return context.succeed();
}

}  // namespace

bool run(const Context& context, const Explain& statement) {
  if (statement.select.address) return explain_one(context, statement.select);
  if (context.dialect == Dialect::Classic)
    return context.fail(-1, "EXPLAIN wants a primary key: WHERE PK = ...");
  return explain_many(context, statement.select);
}

}  // namespace flotilla::tools::sql
