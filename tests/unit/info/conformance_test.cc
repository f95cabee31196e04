// Every recorded answer of the original, compared in shape with ours.

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/parse.h"
#include "fake_node.h"

namespace flotilla::info {
namespace {

// ---- The node of the recording ----

void fill(FakeNode& node) {
  NamespaceStatistics test;
  test.objects = test.master_objects = 1050;
  for (int i = 0; i < 8; ++i)
    test.storage_units.push_back({.name = fmt::format("stripe[{}]", i), .is_backed = false});
  node.namespaces["test"] = test;
  NamespaceStatistics bar;
  bar.storage_units = test.storage_units;
  node.namespaces["bar"] = bar;
  node.sets["test"] = {{.name = "foo", .objects = 1050, .data_used_bytes = 115200, .sindexes = 1}};
  node.node.objects = 1050;
  node.node.cluster_size = 1;
  node.node.cluster_key = {0x15584DC13EFF};
  node.node.cluster_principal = node.node.paxos_principal = {0xA1};
  node.node.batch_index_queue = {{0, 0}, {0, 0}};
  node.best_practices = {"max-map-count", "min-free-kbytes", "swappiness"};
  node.replica_map.columns.resize(1);
  node.replica_map.columns[0].set();
  PartitionLine line;
  line.replicas = 1;
  line.working_master = line.proxy_destination = wire::NodeId(0xA1);
  line.version = line.final_version = "15584dc13eff.0.mp-";
  node.partition_lines.assign(wire::kPartitions, line);

  Census census;
  for (std::uint32_t i = 0; i < 1050; ++i)
    census.add(i < 1000 ? 0 : 100000 + 1000 * (i - 1000), 109);
  node.censuses.emplace("test/", census);
  node.censuses.emplace("test/foo", census);

  Histogram histogram;
  for (const std::string_view kind :
       {"batch-index", "{test}-read", "{test}-write", "{test}-udf", "{test}-batch-sub-read"}) {
    node.latencies.roll(kind, histogram.snapshot(), Instant{});
    histogram.record(std::chrono::microseconds(50));
    node.latencies.roll(kind, histogram.snapshot(), Instant{std::chrono::seconds(10)});
  }
  for (const std::uint64_t id : {9741988587961602060U, 1191272446080724442U}) {
    auto job = std::make_shared<exec::QueryJob>();
    job->id = id;
    job->ns = "test";
    job->set = "foo";
    job->from = "127.0.0.1:36992";
    job->partitions_requested = 4096;
    ASSERT_TRUE(node.query_jobs.add(job, 100));
    node.query_jobs.finish(job, exec::QueryJob::End::Ok, node.time);
  }
  node.sindex_lines.push_back(
      {.definition = {"test", "foo", "idx_foo_a", "a", "numeric", "default", "", ""},
       .entries = 1050});
  node.modules.push_back(
      {"test.lua", "function get_a(rec)\n  return rec['a']\nend\n", std::string(40, 'c')});
}

// ---- Shapes ----

enum class Class { Number, Decimal, Flag, Word };

Class class_of(std::string_view text) {
  if (parse_i64(text)) return Class::Number;
  if (text == "true" || text == "false") return Class::Flag;
  const std::size_t dot = text.find('.');
  if (dot != std::string_view::npos && parse_u64(text.substr(0, dot)) &&
      parse_u64(text.substr(dot + 1)))
    return Class::Decimal;
  return Class::Word;
}

// Decimals must agree in their digits: parsers take the place of the point for granted.
bool same_class(std::string_view golden, std::string_view ours) {
  if (golden == "null" || ours == "null") return true;
  const Class c = class_of(golden);
  if (c != class_of(ours)) return false;
  return c != Class::Decimal || golden.size() - golden.find('.') == ours.size() - ours.find('.');
}

using Fields = std::vector<std::pair<std::string_view, std::string_view>>;

// "a=1;b=2" or "a=1:b=2": the fields, or nothing when it is no such list.
std::optional<Fields> fields_of(std::string_view text) {
  if (text.ends_with(';')) text.remove_suffix(1);
  const std::size_t semicolons = static_cast<std::size_t>(std::ranges::count(text, ';'));
  Fields out;
  for (const std::string_view part :
       split(text, semicolons > 0 || text.find(':') == std::string_view::npos ? ';' : ':')) {
    const std::size_t at = part.find('=');
    if (at == std::string_view::npos) return std::nullopt;
    out.emplace_back(part.substr(0, at), part.substr(at + 1));
  }
  return out.empty() ? std::nullopt : std::optional(out);
}

// The text with every atom replaced by its class: "i:w,d".
std::string skeleton(std::string_view text) {
  std::string out;
  std::size_t at = 0;
  while (at <= text.size()) {
    const std::size_t end = std::min(text.find_first_of(";:,=[](){}+", at), text.size());
    if (end > at) {
      const Class c = class_of(text.substr(at, end - at));
      out += "idbw"[static_cast<std::size_t>(c)];
    }
    if (end < text.size()) out += text[end];
    at = end + 1;
  }
  return out;
}

std::string difference(std::string_view golden, std::string_view ours);

std::string fields_difference(const Fields& golden, const Fields& ours) {
  for (const auto& [name, value] : golden) {
    // What the golden node keeps in eight shares of memory is one here.
    if (name.starts_with("storage-engine.stripe[") && name.ends_with("]")) continue;
    const auto at = std::ranges::find(ours, name, [](const auto& field) { return field.first; });
    if (at == ours.end()) return fmt::format("no field '{}'", name);
    if (!same_class(value, at->second))
      return fmt::format("'{}' is '{}', not like '{}'", name, at->second, value);
  }
  return {};
}

// Rows of fields: "ns=a:set=b:...;ns=a:...". Every row must have the fields of the first golden
// one, in order.
std::string rows_difference(std::string_view golden, std::string_view ours) {
  const auto rows = [](std::string_view text) {
    return split(text.ends_with(';') ? text.substr(0, text.size() - 1) : text, ';');
  };
  const auto wanted = rows(golden);
  const auto got = rows(ours);
  if (wanted.size() != got.size()) return fmt::format("{} rows, not {}", got.size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i)
    if (skeleton(wanted[i]) != skeleton(got[i]))
      return fmt::format("row {}: '{}' is not like '{}'", i, got[i], wanted[i]);
  return {};
}

std::string difference(std::string_view golden, std::string_view ours) {
  if (golden == ours) return {};
  // We say more about a refused change; tools look at the beginning.
  if (golden == "ERROR:4:invalid set-config parameter" && ours.starts_with(golden)) return {};
  if (golden.starts_with("ERROR") || ours.starts_with("ERROR") || golden.starts_with("error=") ||
      ours.starts_with("error="))
    return fmt::format("'{}' is not '{}'", ours, golden);
  if (golden.ends_with(';') != ours.ends_with(';')) return "final semicolon differs";
  const auto wanted = fields_of(golden);
  const auto got = fields_of(ours);
  if (wanted && got) return fields_difference(*wanted, *got);
  return rows_difference(golden, ours);
}

// ---- What is answered differently, and why ----

struct Different {
  std::string_view request;  // A beginning.
  std::string_view why;
};
constexpr std::string_view kOpen = "a feature that the original sells is free here";
constexpr Different kDifferent[] = {
    {"admin-clear-std", "the original leaves out loopback"},
    {"alumni-tls-", kOpen},
    {"build_time", "builds are reproducible, so they have no time"},
    {"debug-record", "records are not shown to administrators"},
    {"dump-wb-summary:ns=test", "verbose may be left out, as everywhere else"},
    {"eviction-reset:namespace=bar;ttl=x", "the original takes nonsense for 0"},
    {"feature-key", "says that none is needed"},
    {"help", "our list has more commands"},
    {"mcast", "the original names the wrong mode"},
    {"masking", "another text"},
    {"peers-tls-", kOpen},
    {"quiesce", "accepted later"},
    {"rack-ids", kOpen},
    {"racks", kOpen},
    {"recluster", "answers ok every time, as it may be sent to every node"},
    {"revive", "another text"},
    {"roster", kOpen},
    {"service-tls-", kOpen},
    {"set-config:context=namespace;id=test;prefer-uniform-balance", kOpen},
    {"set-config:context=namespace;id=test;rack-id", kOpen},
    {"set-config:context=security", "another text"},
    {"set-config:context=xdr", "another text"},
    {"sindex-delete", "one error instead of an error and ok, or of two"},
    {"sindex-exists", "one error instead of two"},
    {"sindex-list:ns=", "one error instead of two"},
    {"sindex-stat", "one error instead of two"},
    {"smd-show", "values are ours"},
    {"tip:", "a seed that is known is no error: sidecars repeat themselves"},
    {"user-agents", "counted at once"},
    {"xdr-", "another text"},
};

const Different* different(std::string_view request) {
  for (const Different& d : kDifferent)
    if (request.starts_with(d.request)) return &d;
  return nullptr;
}

TEST(InfoConformance, EveryRecordedAnswerHasItsShape) {
  FakeNode node;
  fill(node);
  std::ifstream file(FLOTILLA_SOURCE_DIR "/tests/golden/info-single.jsonl");
  ASSERT_TRUE(file);
  std::map<std::string_view, int> used;
  int compared = 0;
  for (std::string line; std::getline(file, line);) {
    const auto recorded = nlohmann::json::parse(line);
    const std::string request = recorded["request"];
    const std::string response = recorded["response"];
    node.connection.admin = recorded.contains("port");
    const std::string ours = node.exchange(request);
    SCOPED_TRACE(request.substr(0, 120));
    // Several commands, or none: the framing must be the same, line by line.
    const auto golden_lines = split(response, '\n');
    const auto our_lines = split(ours, '\n');
    ASSERT_EQ(golden_lines.size(), our_lines.size());
    for (std::size_t i = 0; i < golden_lines.size(); ++i) {
      const std::size_t golden_tab = golden_lines[i].find('\t');
      const std::size_t our_tab = our_lines[i].find('\t');
      ASSERT_EQ(golden_lines[i].substr(0, golden_tab), our_lines[i].substr(0, our_tab));
      if (golden_tab == std::string_view::npos) continue;
      const std::string command(golden_lines[i].substr(0, golden_tab));
      const std::string problem =
          difference(golden_lines[i].substr(golden_tab + 1), our_lines[i].substr(our_tab + 1));
      if (const Different* d = different(command)) {
        if (!problem.empty()) ++used[d->request];
        continue;
      }
      EXPECT_EQ(problem, "") << command;
      ++compared;
    }
  }
  EXPECT_GT(compared, 400);
  for (const Different& d : kDifferent)
    EXPECT_GT(used[d.request], 0) << d.request << " is not different any more";
}

}  // namespace
}  // namespace flotilla::info
