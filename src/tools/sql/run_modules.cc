#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/bytes.h"
#include "base/parse.h"
#include "context.h"

namespace flotilla::tools::sql {
namespace {

/// The value of one info command that any node answers; nothing: it failed, and that was told.
std::optional<std::string> ask(const Context& context, const std::string& command) {
  auto answer = context.ask({}, command);
  if (answer) return *std::move(answer);
  context.fail(answer.error());
  return std::nullopt;
}

/// Refusals about modules are pairs, "error=compile_error;file=...;line=...;message=<base64>".
bool refuse(const Context& context, std::string_view answer) {
  std::string why;
  for (const auto& [name, value] : client::parse_pairs(answer)) {
    Buffer text;
    if (!why.empty()) why += ", ";
    if (name == "message" && from_base64(value, text))
      why += as_text(text);
    else
      why += name == "error" ? value : fmt::format("{} {}", name, value);
  }
  client::InfoError error;
  client::is_info_error(answer, &error);
  return context.fail(error.code == 0 ? -1 : error.code, why.empty() ? error.message : why);
}

bool is_refusal(std::string_view answer) { return client::is_info_error(answer); }

std::string content_of(std::string_view answer) {
  for (const auto& [name, value] : client::parse_pairs(answer)) {
    Buffer text;
    if (name == "content" && from_base64(value, text)) return std::string(as_text(text));
  }
  return {};
}

}  // namespace

bool run(const Context& context, const RegisterModule& statement) {
  std::ifstream file(statement.path, std::ios::binary);
  std::stringstream text;
  if (!file || !(text << file.rdbuf()))
    return context.fail(-1, fmt::format("cannot read '{}'", statement.path));
  const std::string content = to_base64(as_bytes(text.str()));
  const auto answer =
      ask(context, fmt::format("udf-put:filename={};content={};content-len={};udf-type=LUA;",
                               std::filesystem::path(statement.path).filename().string(), content,
                               content.size()));
  if (!answer) return false;
  if (is_refusal(*answer)) return refuse(context, *answer);
  return context.succeed("1 module added.");
}

bool run(const Context& context, const RemoveModule& statement) {
  const auto answer = ask(context, fmt::format("udf-remove:filename={};", statement.name));
  if (!answer) return false;
  if (is_refusal(*answer)) return refuse(context, *answer);
  return context.succeed("1 module removed.");
}

/// The module's text as it is; for programs a row.
bool run(const Context& context, const DescribeModule& statement) {
  const auto answer = ask(context, fmt::format("udf-get:filename={}", statement.name));
  if (!answer) return false;
  if (is_refusal(*answer)) return refuse(context, *answer);
  const std::string content = content_of(*answer);
  if (!is_machine_readable(context.settings.output)) {
    context.streams.out << content << (content.ends_with('\n') ? "\n" : "\n\n");
  } else {
    context.writer.begin({});
    context.writer.row({{"module", statement.name}, {"content", content}});
    context.writer.end_rows({}, 0);
  }
  return context.succeed();
}

}  // namespace flotilla::tools::sql
