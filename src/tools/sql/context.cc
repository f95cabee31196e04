#include "context.h"

#include <fmt/format.h>

namespace flotilla::tools::sql {
namespace {

constexpr std::int16_t kIndexNotFound = static_cast<std::int16_t>(Code::IndexNotFound);

std::uint32_t wire_ttl(std::int64_t seconds) {
  return seconds < 0 ? client::kTtlNever
                     : static_cast<std::uint32_t>(std::min<std::int64_t>(seconds, UINT32_MAX));
}

}  // namespace

bool Context::fail(const client::Failure& failure) const {
  std::string message = failure.message;
  if (failure.code == kIndexNotFound)
    message += "\nMake sure a sindex is created and that strings are enclosed in quotes";
  if (dialect == Dialect::Extended && !is_machine_readable(settings.output)) {
    if (!failure.node.empty()) message += fmt::format(" (node {})", failure.node);
    if (failure.in_doubt) message += "; the write may have been applied all the same";
  }
  return fail(failure.code, message);
}

bool Context::fail(std::int32_t code, std::string_view message) const {
  writer.failure(code, message);
  return false;
}

client::Expected<std::string> Context::ask(std::string_view node, std::string_view command) const {
  const std::string_view commands[] = {command};
  auto answers = client.info(node, commands, read_command().total_timeout);
  if (!answers) return tl::unexpected(std::move(answers.error()));
  return answers->empty() ? std::string() : std::move(answers->front().value);
}

bool Context::fail_without_code(std::string_view message) const {
  if (is_machine_readable(settings.output)) return fail(-1, message);
  streams.out.flush();
  std::ostream& to = settings.output == OutputMode::Table ? streams.err : streams.out;
  to << "Error: " << message << "\n\n";
  to.flush();
  return false;
}

bool Context::succeed(std::string_view message) const {
  writer.success(message);
  return true;
}

client::CommandPolicy Context::read_command() const {
  client::CommandPolicy policy;
  policy.total_timeout = client::Milliseconds(std::max<std::int64_t>(settings.timeout_ms, 0));
  if (settings.socket_timeout_ms >= 0)
    policy.socket_timeout = client::Milliseconds(settings.socket_timeout_ms);
  if (settings.replica_any) policy.replica = client::Replica::Any;
  return policy;
}

client::WritePolicy Context::write_policy() const {
  client::WritePolicy policy;
  policy.command = read_command();
  policy.command.replica = client::Replica::Sequence;
  policy.command.max_retries = 0;
  policy.ttl_seconds = wire_ttl(settings.record_ttl);
  policy.send_key = settings.key_send;
  policy.durable_delete = settings.durable_delete;
  return policy;
}

client::Expected<client::Key> key_of(const Target& target, const client::Value& user_key) {
  if (user_key.is<double>())
    return client::fail(client::Status::Client, "PK cannot be floating point value");
  return client::Key::make(target.ns, target.set, user_key);
}

client::Expected<client::Key> key_of(const Target& target, const RecordAddress& address) {
  if (address.kind == RecordAddress::Kind::UserKey) return key_of(target, address.user_key);
  return client::Key::from_digest(target.ns, target.set, address.digest);
}

}  // namespace flotilla::tools::sql
