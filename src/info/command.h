#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "info/info.h"

namespace flotilla::info {

/// One command of a request: "name", "name/args", or "name:args".
struct Request {
  std::string_view name;
  std::string_view args;

  static Request parse(std::string_view command);
};

struct Command {
  std::string_view name;  // As typed: "build", "namespaces".
  std::string_view help;  // One line; the manual is generated from it.
  std::string (*run)(Context& context, const Request& request);
};

// The families, each sorted by name, at the foot of <family>_commands.cc.
std::span<const Command> address_commands();
std::span<const Command> cluster_commands();
std::span<const Command> config_commands();
std::span<const Command> debug_commands();
std::span<const Command> identity_commands();
std::span<const Command> log_commands();
std::span<const Command> namespace_commands();
std::span<const Command> partition_commands();
std::span<const Command> query_commands();
std::span<const Command> sindex_commands();
std::span<const Command> statistics_commands();
std::span<const Command> truncate_commands();
std::span<const Command> udf_commands();

/// Null: there is no such command.
const Command* find_command(std::string_view name);

/// "ERROR:4:text".
std::string error(Code code, std::string_view text);
/// "ok", or the error of a failed action.
std::string done(const Result<void>& result);

/// A value, or the answer that says why there is none.
template <class T>
using Parsed = tl::expected<T, std::string>;

/// "name=value;name=value": views into the request.
class Params {
 public:
  explicit Params(std::string_view args);

  /// Nothing when it is absent. Names that older clients use come after the first.
  struct Wanted {
    std::string_view name;
    std::size_t longest;  // Of the value, in bytes.
    Code code = Code::Parameter;
    std::vector<std::string_view> aliases = {};
  };
  Parsed<std::optional<std::string_view>> optional(const Wanted& wanted) const;
  Parsed<std::string_view> required(const Wanted& wanted) const;
  /// Of one of its names.
  std::optional<std::string_view> find(std::string_view name) const;

  struct Pair {
    std::string_view name;
    std::string_view value;
  };
  const std::vector<Pair>& pairs() const { return pairs_; }

  /// The `namespace` (once `ns`, `id`) of the request. Any name; it need not exist.
  Parsed<std::string_view> namespace_name() const;
  /// The namespace of that name on this node.
  Parsed<config::NamespaceConfig*> namespace_of(Context& context) const;

 private:
  std::vector<Pair> pairs_;
};

/// "BB9020011AC4202": as clients know a node.
std::string text_of(wire::NodeId node);
std::string text_of(const std::vector<wire::NodeId>& nodes);
/// "10.0.0.1:3000", "[::1]:3000".
std::string text_of(const Endpoint& endpoint);
std::string text_of(const std::vector<Endpoint>& endpoints, char separator);

}  // namespace flotilla::info
