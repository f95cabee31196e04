// A stream cut anywhere has the same lines as the whole.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "discovery/stream.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace flotilla::discovery;
  if (size == 0) return 0;
  const std::size_t step = data[0] % 16 + 1;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::vector<std::string> whole;
  Lines first;
  first.feed(text, [&](std::string_view line) { whole.emplace_back(line); });
  std::vector<std::string> pieces;
  Lines second;
  for (std::size_t at = 0; at < text.size(); at += step)
    second.feed(text.substr(at, step), [&](std::string_view line) { pieces.emplace_back(line); });
  FLOTILLA_CHECK(whole == pieces);
  EventCursor cursor;
  for (const std::string& line : whole)
    if (const auto event = parse_event(line)) {
      cursor.accept(*event);
      FLOTILLA_CHECK(!cursor.accept(*event));
      cursor.since(event->time_ns);
    }
  return 0;
}
