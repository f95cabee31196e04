// Any bytes as the body of an info request, against a node that has two namespaces. Property: every
// command that ends with a newline is repeated with an answer of one line, and the reply is
// bounded. An actor may change the configuration, so what it shows must still be settable.
#include <cstdint>

#include "base/check.h"
#include "base/parse.h"
#include "unit/info/fake_node.h"

using namespace flotilla;
using namespace flotilla::info;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  set_log_level(LogLevel::Critical);
  FakeNode node;
  node.sets["test"] = {{.name = "foo"}};
  const std::string reply = node.exchange(body);
  FLOTILLA_CHECK(reply.size() < kReplyMost + (1 << 20));
  if (body.empty()) return 0;

  std::string_view rest = reply;
  for (std::size_t end = 0, at = 0; (end = body.find('\n', at)) != std::string_view::npos;
       at = end + 1) {
    const std::string_view command = body.substr(at, end - at);
    FLOTILLA_CHECK(rest.starts_with(command));
    rest.remove_prefix(command.size());
    FLOTILLA_CHECK(rest.starts_with('\t'));
    rest.remove_prefix(rest.find('\n') + 1);
  }
  FLOTILLA_CHECK(rest.empty());
  return 0;
}
