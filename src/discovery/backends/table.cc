#include "backends/backends.h"

namespace flotilla::discovery {
namespace {

// A new plug-in is a file beside this one, and a row.
constexpr BackendKind kKinds[] = {
    {"aerospike", FLOTILLA_VERSION, "keeps the nodes of each label in one cluster",
     "docs/manual/discovery.md", &make_aerospike},
    {"template", FLOTILLA_VERSION,
     "renders a file from the members, and runs a command after a change",
     "docs/manual/discovery-plugins.md", &make_template},
};

}  // namespace

std::span<const BackendKind> backend_kinds() { return kKinds; }

}  // namespace flotilla::discovery
