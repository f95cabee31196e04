#include "info/info.h"

#include "command.h"

namespace flotilla::info {
namespace {

// What an empty request asks for.
constexpr std::string_view kSummary[] = {
    "features",  "node",       "compatibility-id", "edition",  "build_ee_sha",
    "build_sha", "build_arch", "build_time",       "build_os", "build",
    "version",   "statistics", "services-alumni",  "services", "partition-generation",
};

void append(std::string& reply, std::string_view command, std::string_view value) {
  reply += command;
  reply += '\t';
  reply += value;
  reply += '\n';
}

std::string summary(Context& context) {
  std::string reply;
  for (const std::string_view command : kSummary) append(reply, command, answer(context, command));
  return reply;
}

}  // namespace

std::string answer(Context& context, std::string_view command) {
  const Request request = Request::parse(command);
  const Command* found = find_command(request.name);
  if (found == nullptr) return error(Code::Parameter, "unrecognized command");
  return found->run(context, request);
}

std::string handle(Context& context, std::string_view body) {
  if (body.empty()) return summary(context);
  std::string reply;
  for (std::size_t end = body.find('\n');
       end != std::string_view::npos && reply.size() < kReplyMost; end = body.find('\n')) {
    const std::string_view command = body.substr(0, end);
    append(reply, command, answer(context, command));
    body.remove_prefix(end + 1);
  }
  return reply;
}

}  // namespace flotilla::info
