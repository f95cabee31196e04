// The reference page of the manual, made from the tables.

#include <fmt/format.h>

#include "base/parse.h"
#include "config/load.h"
#include "config/parameter.h"
#include "former_names.h"

namespace flotilla::config {
namespace {

constexpr std::string_view kIntroduction = R"(# Configuration

<!-- Made from src/config by `FLOTILLA_REWRITE=1 config_test`; do not edit. -->

The server reads the `aerospike.conf` that people have. Without a file it is a complete node: this file, in effect, with
`test` for `${NAMESPACE}` unless the environment names another:

```
)";

constexpr std::string_view kGrammar = R"(```

## The file

- One parameter a line: its name and at most three values, separated by blanks or tabs. `#` begins a comment. A line has at
  most 1023 characters. There are no quotes, no escapes, no continued lines.
- `name {` or `name argument {` begins a section, `}` ends it.
- A list has a line for each item: `address`, `mesh-seed-address-port`, `file`, ...
- Sizes take K, M, G, T, P (powers of 1024), times s, m, h, d. Flags are true or false.
- `${NAME}` is the value of an environment variable; an unset one is an error.
- A path that ends in `.yaml` or `.yml`, or a text whose first line ends with a colon, is read as YAML: the same sections as
  maps, lists under plural names (`addresses`, `mesh-seed-address-ports`, `files`), `namespaces: {test: {...}}`,
  `storage-engine: {type: memory, ...}`, `logging: [{type: console, contexts: {any: info}}]`, and quantities also as
  `{value: 4, unit: gi}`.
- A name that nobody knows stops the start with the line and the nearest name that exists; the exit code is 2. Names of older
  versions warn (last section of this page), unless `strict` or `enforce-best-practices` is on.

## The environment

Later ones win: the initial value, the file, the container's variables, `FLOTILLA__` variables.

`FLOTILLA__context__name=value` sets any parameter, sections being separated by two underscores; lists are separated by
commas; underscores may stand for dashes. `FLOTILLA__network__heartbeat__interval=250`,
`FLOTILLA__namespace__test__storage-engine__filesize=8G`, `FLOTILLA__namespace__test__set__users__default-ttl=1d`,
`FLOTILLA__logging__any=debug`. `FLOTILLA__namespace__cache__storage-engine=memory` makes a namespace that did not exist.

The container's variables:

| Variable | Parameter |
|---|---|
| `ACCESS_ADDRESS`, `ACCESS_PORT`, `ALTERNATE_ACCESS_ADDRESS`, `ALTERNATE_ACCESS_PORT` | network service `access-address` and so on |
| `ADVERTISE` | host or host:port: `access-address` and `access-port` |
| `CLUSTER_NAME`, `NODE_ID`, `NETWORK_INTERFACE` | service `cluster-name`, `node-id`, `node-id-interface` |
| `CLUSTER_SEEDS` | hosts, with or without port, separated by commas: heartbeat `mesh-seed-address-port` |
| `SERVICE_ADDRESS`, `SERVICE_PORT`, `FABRIC_PORT`, `MESH_PORT` | network `address` and `port` of service, fabric, heartbeat |
| `NAMESPACE` | name of the only namespace; with a file: the one that the next variables are about |
| `DEFAULT_TTL`, `NSUP_PERIOD`, `RACK_ID`, `REPLICATION_FACTOR` | its `default-ttl`, `nsup-period`, `rack-id`, `replication-factor` |
| `STORAGE_GB` | its `filesize`, in GiB |
| `DATA_IN_MEMORY` | true: storage-engine memory; false: device |
| `LOGFILE`, `LOG_LEVEL`, `LOG_FORMAT` | a log file besides the console, the level of all contexts, text or json |
| `FEATURE_KEY_FILE`, `MEM_GB`, `NETLINK` | no effect |

## Changing it at run time

`asinfo -v 'set-config:context=service;name=value'` changes parameters marked *dynamic*, on one node, until its next start;
likewise `context=network;heartbeat.interval=250`, `context=namespace;namespace=test;default-ttl=3600`,
`context=namespace;namespace=test;set=users;disable-eviction=true`. Parameters of `storage-engine` are named without it,
those of `geo2dsphere-within` as `geo2dsphere-within-max-cells`. `get-config` shows all values.

## Parameters

*Status*: **acts**: does what is said; **own**: likewise, and exists here only; **accepted**: read, checked and reported, but
nothing in this server needs it; **planned**: read, checked and reported, its feature does not exist yet; **deprecated**:
acts, and has a better successor.
)";

std::string_view name_of(Type type) {
  switch (type) {
    case Type::Flag:
      return "flag";
    case Type::Count:
      return "number";
    case Type::Bytes:
      return "size";
    case Type::Seconds:
      return "time";
    case Type::Millis:
      return "ms";
    case Type::Micros:
      return "µs";
    case Type::Percent:
      return "%";
    case Type::Port:
      return "port";
    case Type::Hex:
      return "hex";
    case Type::Choice:
      return "choice";
    case Type::Text:
      return "text";
    case Type::Paths:
      return "list of paths";
    case Type::Endpoints:
      return "list of host and port";
    case Type::Words:
      return "list";
  }
  return "";
}

std::string_view name_of(Standing standing) {
  constexpr std::string_view kNames[] = {"acts", "accepted", "planned", "deprecated", "own"};
  return kNames[static_cast<std::size_t>(standing)];
}

std::string short_size(std::int64_t n) {
  constexpr std::string_view kSuffixes[] = {"", "K", "M", "G", "T", "P"};
  std::size_t i = 0;
  while (n != 0 && n % 1024 == 0 && i + 1 < std::size(kSuffixes)) {
    n /= 1024;
    ++i;
  }
  return fmt::format("{}{}", n, kSuffixes[i]);
}

std::string type_text(const Kind& kind) {
  if (kind.type == Type::Choice) {
    std::string out;
    for (const std::string_view word : split(kind.choices, '|'))
      out += fmt::format("{}`{}`", out.empty() ? "" : ", ", word);
    return out;
  }
  const bool bounded = kind.type == Type::Count || kind.type == Type::Bytes ||
                       kind.type == Type::Seconds || kind.type == Type::Millis ||
                       kind.type == Type::Micros;
  if (!bounded) return std::string(name_of(kind.type));
  constexpr std::int64_t kMax32 = std::numeric_limits<std::uint32_t>::max();
  const auto number = [&](std::int64_t n) {
    return kind.type == Type::Bytes ? short_size(n) : fmt::format("{}", n);
  };
  if (kind.most >= kMax32)
    return fmt::format("{}, from {}", name_of(kind.type), number(kind.least));
  return fmt::format("{}, {} to {}", name_of(kind.type), number(kind.least), number(kind.most));
}

void add_scope(std::string& out, Scope scope) {
  fmt::format_to(std::back_inserter(out),
                 "\n### {}\n\n| Name | Type | Initial | Change | Status | Meaning |\n",
                 name_of(scope));
  out += "|---|---|---|---|---|---|\n";
  for (const Parameter& p : parameters(scope)) {
    fmt::format_to(std::back_inserter(out), "| `{}` | {} | {} | {} | {} | {} |\n", p.name,
                   type_text(p.kind), p.initial.empty() ? "" : fmt::format("`{}`", p.initial),
                   p.change == Change::Dynamic ? "dynamic" : "start", name_of(p.standing), p.help);
  }
}

std::string_view last_part(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? name : name.substr(dot + 1);
}

void add_former_names(std::string& out) {
  out += "\n## Names of older versions\n\n| Where | Name | Now |\n|---|---|---|\n";
  for (const FormerName& was : former_names()) {
    const std::string now = was.fate == FormerName::Fate::Ignored ? "ignored"
                            : was.fate == FormerName::Fate::ToNamespaces
                                ? fmt::format("`{}` of namespaces", was.to)
                                : fmt::format("`{}`", last_part(was.to));
    fmt::format_to(std::back_inserter(out), "| {} | `{}` | {} |\n", name_of(was.scope), was.name,
                   now);
  }
}

}  // namespace

std::string reference_page() {
  std::string out(kIntroduction);
  out += trim(default_file());
  out += "\n";
  out += kGrammar;
  for (const Scope scope :
       {Scope::Service, Scope::Network, Scope::Tls, Scope::Namespace, Scope::Set, Scope::ModLua,
        Scope::Security, Scope::Xdr, Scope::XdrDc, Scope::XdrDcNamespace})
    add_scope(out, scope);
  out += R"(
### logging

`console { context any info }`, `file /path { ... }`, `syslog { ... }`: each has lines `context <name> <level>`, the levels
being critical, warning, info, debug, and detail; `any` stands for all contexts. A file is opened anew on SIGHUP.
)";
  add_former_names(out);
  return out;
}

}  // namespace flotilla::config
