#include <fmt/format.h>

#include "context.h"
#include "operate_words.h"
#include "record_row.h"

namespace flotilla::tools::sql {
namespace {

constexpr std::string_view kOneRecord = "1 record affected.";

}  // namespace

bool run(const Context& context, const Insert& statement) {
  const auto key = key_of(statement.target, statement.key);
  if (!key) return context.fail(key.error());
  client::WritePolicy policy = context.write_policy();
  if (statement.must_exist) policy.exists = client::Exists::UpdateOnly;
  const auto written = context.client.put(*key, statement.bins, policy);
  if (!written) return context.fail(written.error());
  return context.succeed(kOneRecord);
}

bool run(const Context& context, const Delete& statement) {
  const auto key = key_of(statement.target, statement.address);
  if (!key) return context.fail(key.error());
  const auto removed = context.client.remove(*key, context.write_policy());
  if (!removed) return context.fail(removed.error());
  if (!*removed) {
    constexpr auto kNotFound = static_cast<std::int16_t>(Code::NotFound);
    return context.fail(kNotFound, client::status_name(kNotFound));
  }
  return context.succeed(kOneRecord);
}

bool run(const Context& context, const Operate& statement) {
  const auto key = key_of(statement.target, statement.address);
  if (!key) return context.fail(key.error());
  std::vector<client::Operation> operations;
  for (const Operate::Step& step : statement.steps) {
    auto operation = operation_of(step);
    if (!operation) return context.fail(-1, operation.error());
    operations.push_back(*std::move(operation));
  }
  const double start = context.clock();
  const auto record = context.client.operate(*key, operations, context.write_policy());
  if (!record) return context.fail(record.error());
  if (record->bins.empty()) return context.succeed(kOneRecord);
  context.writer.begin({});
  context.writer.row(record->bins);
  context.writer.end_rows({}, context.clock() - start);
  return context.succeed();
}

bool run(const Context& context, const Truncate& statement) {
  std::string command =
      statement.target.set.empty()
          ? fmt::format("truncate-namespace:namespace={}", statement.target.ns)
          : fmt::format("truncate:namespace={};set={}", statement.target.ns, statement.target.set);
  if (statement.until_ns) command += fmt::format(";lut={}", *statement.until_ns);
  return change(context, command, {});
}

}  // namespace flotilla::tools::sql
