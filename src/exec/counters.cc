#include "exec/counters.h"

namespace flotilla::exec {
namespace {

constexpr std::array kNamespaceNames = {
#define COUNTER(name) std::string_view(#name),
#include "exec/namespace_counters.def"
};
constexpr std::array kNodeNames = {
#define COUNTER(name) std::string_view(#name),
#include "exec/node_counters.def"
};

}  // namespace

std::string_view name_of(NamespaceCounter counter) {
  return kNamespaceNames[static_cast<std::size_t>(counter)];
}
std::string_view name_of(NodeCounter counter) {
  return kNodeNames[static_cast<std::size_t>(counter)];
}

}  // namespace flotilla::exec
