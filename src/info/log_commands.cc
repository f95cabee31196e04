// Logs and their levels.

#include <fmt/format.h>

#include "base/log.h"
#include "base/parse.h"
#include "command.h"

namespace flotilla::info {
namespace {

std::string logs(Context& c, const Request&) {
  std::string out;
  std::size_t id = 0;
  for (const config::LogSink& sink : c.node.config().logging.sinks())
    fmt::format_to(std::back_inserter(out), "{}{}:{}", out.empty() ? "" : ";", id++, sink.path());
  return out;
}

config::LogSink* sink_of(Context& c, std::uint64_t id) {
  auto& sinks = c.node.config().logging.sinks();
  return id < sinks.size() ? &sinks[id] : nullptr;
}

// log, log/ID, log/ID/CONTEXT
std::string log_levels(Context& c, const Request& request) {
  const std::vector<std::string_view> parts = split(request.args, '/');
  const auto id = parts.empty() ? std::optional<std::uint64_t>(0) : parse_u64(parts[0]);
  if (!id) return error(Code::Parameter, "bad sink-id");
  const config::LogSink* sink = sink_of(c, *id);
  if (sink == nullptr) return "ERROR::bad-id";
  std::string out;
  const auto contexts = config::log_contexts();
  for (std::size_t i = 0; i < contexts.size(); ++i) {
    if (parts.size() > 1 && parts[1] != contexts[i]) continue;
    fmt::format_to(std::back_inserter(out), "{}{}:{}", out.empty() ? "" : ";", contexts[i],
                   config::name_of(sink->level(i)));
  }
  return out.empty() ? "ERROR::bad-context" : out;
}

std::string log_set(Context& c, const Request& request) {
  const Params params(request.args);
  const auto id_text = params.find("id");
  if (!id_text) return error(Code::Parameter, "missing id");
  const auto id = parse_u64(*id_text);
  if (!id) return error(Code::Parameter, "bad id");
  if (params.pairs().size() < 2) return error(Code::Parameter, "missing context");
  config::LogSink* sink = sink_of(c, *id);
  for (const auto& [context, word] : params.pairs()) {
    if (context == "id") continue;
    const auto level = config::log_level_of(word);
    if (sink == nullptr || !level || !sink->set_level(context, *level))
      return error(Code::Parameter, "bad parameter");
  }
  c.node.apply_log_levels();
  return "ok";
}

std::string log_message(Context&, const Request& request) {
  constexpr std::size_t kLongest = 1000;
  const Params params(request.args);
  const auto message = params.required({"message", kLongest});
  if (!message) return message.error();
  const auto who = params.optional({"who", kLongest});
  if (!who) return who.error();
  log_info("info", "{}: {}", who->value_or("a client says"), *message);
  return {};
}

constexpr Command kCommands[] = {
    {"log", "log[/ID[/CONTEXT]]: levels of a log", &log_levels},
    {"log-message", "message=TEXT[;who=NAME]: writes a line to the log", &log_message},
    {"log-set", "id=ID;CONTEXT=LEVEL: changes the level of a context, or of any", &log_set},
    {"logs", "ids and paths of all logs", &logs},
    {"set-log", "older name of log-set", &log_set},
};

}  // namespace

std::span<const Command> log_commands() { return kCommands; }

}  // namespace flotilla::info
