#include "config/load.h"

#include <fmt/format.h>

#include "builder.h"
#include "environment.h"

namespace flotilla::config {
namespace {

// Everything else is the initial value of its row. NAMESPACE is known: load() sees to it.
constexpr std::string_view kDefaultFile = R"(
service {
    cluster-name docker
}
logging {
    console {
        context any info
    }
}
network {
    service {
        port 3000
    }
    fabric {
        port 3001
    }
    heartbeat {
        mode mesh
        port 3002
    }
    admin {
        port 3003
    }
}
namespace ${NAMESPACE} {
    replication-factor 2
    nsup-period 120
    storage-engine memory {
        file ${NAMESPACE}.dat
        filesize 4G
    }
}
)";

}  // namespace

std::string_view default_file() { return kDefaultFile; }

Outcome<Loaded> load(const LoadOptions& options) {
  const Environment environment = environment_of(options.environment);
  const bool has_file = options.file.has_value();
  const std::string_view path = has_file ? options.path : "default configuration";
  const std::string_view text = has_file ? *options.file : kDefaultFile;
  const auto variable = [&](std::string_view name) -> std::optional<std::string> {
    if (const auto value = value_of(environment, name)) return std::string(*value);
    if (name == "NAMESPACE" && !has_file) return "test";
    return std::nullopt;
  };
  const auto tree = is_yaml(text, path) ? parse_yaml(text, path) : parse_conf(text, path, variable);
  if (!tree) return tl::unexpected(tree.error());

  Loaded loaded{std::make_unique<Config>(), {}};
  Builder builder(*loaded.config, path);
  if (auto done = builder.apply(*tree); !done) return tl::unexpected(done.error());
  if (auto done = apply_container_variables(builder, environment, has_file); !done)
    return tl::unexpected(done.error());
  if (auto done = apply_overrides(builder, environment); !done) return tl::unexpected(done.error());
  if (auto done = builder.finish(options.machine, options.strict); !done)
    return tl::unexpected(done.error());
  loaded.warnings = std::move(builder.warnings());
  return loaded;
}

}  // namespace flotilla::config
