#pragma once

#include <span>
#include <string>
#include <string_view>

#include "info/node_view.h"

namespace flotilla::info {

// What we are. Clients take decisions on the build number: it says which version of the protocol is
// spoken.
inline constexpr std::string_view kBuild = "8.1.2.0";
inline constexpr std::string_view kVersion = "0.1.0";
inline constexpr std::string_view kEdition = "Flotilla Community Edition";

/// What a request is answered from.
struct Context {
  NodeView& node;
  Connection& connection;
};

/// Answers the body of an info request, whole: each command that ends with a newline is repeated,
/// with a tab, its answer, and a newline. An empty body asks for a summary. Never fails: what is
/// wrong is said in the answer of its command. The reply has at most about kReplyMost bytes,
/// whatever is asked.
std::string handle(Context& context, std::string_view body);
inline constexpr std::size_t kReplyMost = 32 << 20;

/// The answer of one command, without its echo: "node", "get-config:context=service".
std::string answer(Context& context, std::string_view command);

/// A row of docs/manual/info.md.
struct CommandRow {
  std::string_view name;
  std::string_view help;
};
/// All commands, by name.
std::span<const CommandRow> command_rows();

}  // namespace flotilla::info
