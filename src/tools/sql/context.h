#pragma once

#include <chrono>

#include "client/client.h"
#include "tools/sql/session.h"
#include "tools/sql/statement.h"

namespace flotilla::tools::sql {

/// What carrying out one statement needs. Lives as long as that.
struct Context {
  const client::Client& client;
  Settings& settings;
  Dialect dialect;
  ResultWriter& writer;
  Streams streams;
  const std::function<double()>& clock;
  const std::function<bool()>& is_interrupted;

  /// Reports the failure as the statement's end.
  bool fail(const client::Failure& failure) const;
  bool fail(std::int32_t code, std::string_view message) const;
  /// The same where the original names no code: "Error: <message>".
  bool fail_without_code(std::string_view message) const;
  bool succeed(std::string_view message = {}) const;

  /// What a node (empty: any) answers to one info command; no answer is an empty one.
  client::Expected<std::string> ask(std::string_view node, std::string_view command) const;

  client::CommandPolicy read_command() const;
  client::WritePolicy write_policy() const;
};

// True: done. False: it failed and said so.

// run_records.cc
bool run(const Context& context, const Insert& statement);
bool run(const Context& context, const Delete& statement);
bool run(const Context& context, const Operate& statement);
bool run(const Context& context, const Truncate& statement);
// run_select.cc
bool run(const Context& context, const Select& statement);
// run_explain.cc
bool run(const Context& context, const Explain& statement);
// run_metadata.cc
bool run(const Context& context, const Show& statement);
bool run(const Context& context, const CreateIndex& statement);
bool run(const Context& context, const DropIndex& statement);
bool run(const Context& context, const Stat& statement);
bool run(const Context& context, const Asinfo& statement);
bool run(const Context& context, const KillJob& statement);
// run_modules.cc
bool run(const Context& context, const RegisterModule& statement);
bool run(const Context& context, const RemoveModule& statement);
bool run(const Context& context, const DescribeModule& statement);
// run_session.cc
bool run(const Context& context, const SetOption& statement);
bool run(const Context& context, const GetOption& statement);
bool run(const Context& context, const ResetOption& statement);
bool run(const Context& context, const Print& statement);
bool run(const Context& context, const Help& statement);
bool run(const Context& context, const NotYet& statement);

/// Asks one node to change something in the whole cluster; `message` tells that it was done.
bool change(const Context& context, const std::string& command, std::string_view message);

/// The key that the statement means.
client::Expected<client::Key> key_of(const Target& target, const client::Value& user_key);
client::Expected<client::Key> key_of(const Target& target, const RecordAddress& address);

}  // namespace flotilla::tools::sql
