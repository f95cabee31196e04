// Pages of the manual, made from the tables of commands and statistics.

#include "info/manual.h"

#include <fmt/format.h>

#include <algorithm>

#include "info/info.h"

namespace flotilla::info {
namespace {

constexpr std::string_view kCommands = R"(# Info commands

<!-- Made from src/info by `FLOTILLA_REWRITE=1 info_test`; do not edit. -->

Clients and tools ask a node for its state, and change it, with lines of text: a request holds commands, each ended by a
newline; the reply repeats each, with a tab, its value, and a newline. An empty request gets a summary. `asinfo -v COMMAND`
and `flotilla info COMMAND` send them.

- A command is a name, and behind a colon parameters: `name:parameter=value;parameter=value`, in any order.
- A failed command answers `ERROR:<code>:<text>`; the codes are those of the client protocol. A successful action answers
  `ok`.
- Lists are `name=value` pairs joined by semicolons; rows inside lists join their pairs by colons.
- `ns` and `id` may stand for `namespace`, `trid` for `id`, as older clients write.
- What the original answers in its enterprise edition only is answered here as far as its feature exists.

| Command | Parameters and answer |
|---|---|
)";

constexpr std::string_view kStatistics = R"(# Statistics

<!-- Made from src/info by `FLOTILLA_REWRITE=1 info_test`; do not edit. -->

`statistics` answers those of a node, `namespace/<name>` those of a namespace, followed by its configuration. They have the
names of the original. A *gauge* goes up and down, a *counter* only rises, from 0 at the start of the node.

The HTTP port (`network http`, 9145) gives all of them to Prometheus at `/metrics`, with every parameter that is a number:
`aerospike_node_stats_<name>`, `aerospike_namespace_<name>`, `aerospike_sets_<name>`, `aerospike_sindex_<name>`, dashes and
dots being underscores; labels `cluster_name`, `service`, `ns`, `set`, `sindex`. `aerospike_latencies_<operation>_ms_bucket`
are rates of the last interval, as the vendor's exporter has them; `aerospike_op_duration_seconds` is a histogram since the
start. Of more than 200 sets in a namespace those with most records are told apart, the rest is `set="other"`.

`/livez` answers 200 as long as the process answers at all; `/readyz` answers 200 while the node serves clients and has
caught up with its cluster, else 503. Both answer already while records are read back from disk: `/readyz` says how far that is.
)";

void add_rows(std::string& out, std::string_view title, const std::vector<StatisticRow>& rows) {
  constexpr std::string_view kKinds[] = {"gauge", "counter", "text"};
  fmt::format_to(std::back_inserter(out), "\n## {}\n\n| Name | Kind | Meaning |\n|---|---|---|\n",
                 title);
  for (const StatisticRow& row : rows)
    fmt::format_to(std::back_inserter(out), "| `{}` | {} | {} |\n", row.name,
                   kKinds[static_cast<std::size_t>(row.kind)], row.help);
}

}  // namespace

std::string commands_page() {
  std::string out(kCommands);
  for (const CommandRow& row : command_rows()) {
    std::string help(row.help);
    // A bar would end the column.
    for (std::size_t at = help.find('|'); at != std::string::npos; at = help.find('|', at + 2))
      help.replace(at, 1, "\\|");
    fmt::format_to(std::back_inserter(out), "| `{}` | {} |\n", row.name, help);
  }
  return out;
}

std::string statistics_page() {
  std::string out(kStatistics);
  add_rows(out, "Node", node_statistic_rows());
  add_rows(out, "Namespace", namespace_statistic_rows());
  out += R"(
Each file (or device: `storage-engine.device[N]`) of a namespace, and each share of memory, has besides
`storage-engine.file[N].used_bytes`, `.free_wblocks` (free segments of 8 MiB), `.write_q`, `.writes`,
`.defrag_q`, `.defrag_reads`, `.defrag_writes`, `.read_errors`.

## Set

`sets/<namespace>/<set>`: `objects`, `tombstones`, `data_used_bytes`, `truncate_lut` (milliseconds since 2010; 0: not
truncated), `sindexes`, `index_populating`, `truncating`, and the set's configuration.
)";
  return out;
}

}  // namespace flotilla::info
