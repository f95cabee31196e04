// Any text as a configuration file, in either form. Property: it is refused with one line that
// names the file, or it becomes a node whose every parameter shows a value that can be set again.
#include <cstdint>
#include <string>

#include "base/check.h"
#include "config/load.h"
#include "config/parameter.h"

using namespace flotilla;
using namespace flotilla::config;

namespace {

void check(const Owner& owner) {
  for (const Parameter& p : parameters(scope_of(owner))) {
    const Cell cell = p.cell(owner);
    if (is_list(p.kind.type)) continue;
    const std::string shown = print(p.kind, cell);
    FLOTILLA_CHECK(assign(p.kind, cell, {shown}).has_value());
    FLOTILLA_CHECK(print(p.kind, cell) == shown);
  }
}

void run(std::string_view text, std::string_view path) {
  const auto loaded = load({.file = text, .path = path});
  if (!loaded) {
    FLOTILLA_CHECK(!loaded.error().empty());
    return;
  }
  check(&loaded->config->service);
  check(&loaded->config->network);
  FLOTILLA_CHECK(!loaded->config->namespaces.empty());
  for (const auto& ns : loaded->config->namespaces) check(ns.get());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  run(text, "a.conf");
  run(text, "a.yaml");
  return 0;
}
