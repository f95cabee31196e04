// load_generator: asks a server on this machine as fast as it answers, checks every answer, and
// prints one line of JSON with counts, times, the CPU time of both sides, and latencies.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "generator/dialect.h"
#include "generator/load.h"
#include "generator/machine.h"

namespace flotilla::bench {
namespace {

enum class DialectName : std::uint8_t { Aerospike, Redis, Memcached };

struct Options {
  DialectName dialect = DialectName::Aerospike;
  Operation operation = Operation::Get;
  DialectOptions dialect_options;
  Keys::Options keys;
  LoadOptions load;
  std::uint32_t batch_rows = 100;
  bool is_sequential = false;
  bool has_background_query = false;
  std::string digests;
  std::string message;
  int core = -1;
};

using DialectNames = std::map<std::string, DialectName>;
using OperationNames = std::map<std::string, Operation>;

DialectNames dialect_names() {
  return {{"aerospike", DialectName::Aerospike},
          {"redis", DialectName::Redis},
          {"memcached", DialectName::Memcached}};
}

OperationNames operation_names() {
  return {{"get", Operation::Get},
          {"put", Operation::Put},
          {"batch", Operation::Batch},
          {"query", Operation::Query},
          {"message", Operation::Message}};
}

void declare(CLI::App& app, Options& o) {
  app.add_option("--dialect", o.dialect, "Protocol of the server")
      ->transform(CLI::CheckedTransformer(dialect_names()));
  app.add_option("--operation", o.operation, "What each request does")
      ->transform(CLI::CheckedTransformer(operation_names()));
  app.add_option("--port", o.load.port, "Port on 127.0.0.1");
  app.add_option("--connections", o.load.connections)->check(CLI::Range(1, 10'000));
  app.add_option("--in-flight", o.load.in_flight, "Requests per connection")
      ->check(CLI::Range(1, 10'000));
  app.add_option("--rate", o.load.rate, "Requests per second, each at its time; 0: a closed loop")
      ->check(CLI::NonNegativeNumber);
  app.add_flag("--background-query", o.has_background_query,
               "Also query all records, again and again, unmeasured");
  app.add_option("--warm-up", o.load.warm_up, "Requests before measuring");
  app.add_option("--operations", o.load.operations, "Requests that are measured")
      ->check(CLI::PositiveNumber);
  app.add_option("--first-request", o.load.first_request,
                 "Number of the first request; keys follow from it");
  app.add_option("--server-pid", o.load.server_pid, "Process whose CPU time is measured");
  app.add_option("--keys", o.keys.count, "Keys in use")->check(CLI::PositiveNumber);
  app.add_option("--seed", o.keys.seed);
  app.add_flag("--sequential", o.is_sequential,
               "Each key once, in order, instead of uniformly at random");
  app.add_option("--batch-rows", o.batch_rows)->check(CLI::Range(1, 100'000));
  app.add_option("--value-bytes", o.dialect_options.value_bytes)->check(CLI::Range(8, 1 << 20));
  app.add_option("--value-bytes-most", o.dialect_options.value_bytes_most,
                 "Sizes of values are uniform from --value-bytes up to here")
      ->check(CLI::Range(8, 1 << 20));
  app.add_option("--echo-bytes", o.dialect_options.echo_bytes,
                 "The server is echo_server with replies of this size");
  app.add_option("--query-records", o.dialect_options.query_records,
                 "Records each query has to return");
  app.add_option("--message", o.message, "File with the request of the operation `message`")
      ->check(CLI::ExistingFile);
  app.add_option("--namespace", o.dialect_options.name_space);
  app.add_option("--set", o.dialect_options.set);
  app.add_option("--digests", o.digests, "File that keeps the digests of the keys from run to run");
  app.add_option("--core", o.core, "Core to run on; -1: any");
}

nlohmann::json as_json(const LoadResult& r) {
  const Histogram& h = r.latency;
  return {{"operations", r.operations},
          {"records", r.records},
          {"wall_ns", r.wall_ns},
          {"server_cpu_ns", r.server_cpu_ns},
          {"generator_cpu_ns", r.generator_cpu_ns},
          {"reply_bytes", r.reply_bytes},
          {"background", r.background},
          {"latency_ns",
           {{"p50", h.quantile(0.5)},
            {"p90", h.quantile(0.9)},
            {"p99", h.quantile(0.99)},
            {"p99.9", h.quantile(0.999)},
            {"p99.99", h.quantile(0.9999)},
            {"max", h.quantile(1)}}}};
}

Buffer contents_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  Buffer out;
  append(out, as_bytes(text));
  return out;
}

Result<LoadResult> run(Options o) {
  if (o.core >= 0)
    if (auto pinned = pin_to_core(o.core); !pinned) return tl::unexpected(pinned.error());
  if (!o.message.empty()) o.dialect_options.message = contents_of(o.message);
  o.keys.order = o.is_sequential ? Keys::Order::Sequential : Keys::Order::Uniform;
  o.keys.per_request = o.operation == Operation::Batch ? o.batch_rows : 1;
  const Keys keys(o.keys);
  o.dialect_options.query_id = static_cast<std::uint64_t>(::getpid()) << 32;
  const bool has_digests = o.dialect == DialectName::Aerospike;
  const std::uint64_t digests_wanted = has_digests ? o.keys.count : 0;
  const DigestTable digests = o.digests.empty()
                                  ? DigestTable(o.dialect_options.set, digests_wanted)
                                  : DigestTable(o.dialect_options.set, digests_wanted, o.digests);

  const auto make = [&](Operation operation) {
    if (o.dialect == DialectName::Redis)
      return make_redis_dialect(operation, o.dialect_options, keys);
    if (o.dialect == DialectName::Memcached)
      return make_memcached_dialect(operation, o.dialect_options, keys);
    return make_aerospike_dialect(operation, o.dialect_options, keys, digests);
  };
  const auto dialect = make(o.operation);
  const auto background = o.has_background_query ? make(Operation::Query) : nullptr;
  if (dialect == nullptr || (o.has_background_query && background == nullptr))
    return fail(Code::Unsupported, "this server has no such operation, or the message no digest");
  return Load(o.load, *dialect, background.get()).run();
}

}  // namespace
}  // namespace flotilla::bench

int main(int argc, char** argv) try {
  CLI::App app("Loads one server on this machine and checks every answer");
  flotilla::bench::Options options;
  flotilla::bench::declare(app, options);
  CLI11_PARSE(app, argc, argv);
  const auto result = flotilla::bench::run(options);
  if (!result) {
    std::fprintf(stderr, "load_generator: %.*s (code %d)\n",
                 static_cast<int>(result.error().why.size()), result.error().why.data(),
                 static_cast<int>(result.error().code));
    return 1;
  }
  std::puts(flotilla::bench::as_json(*result).dump().c_str());
  return 0;
} catch (const std::exception& why) {
  std::fprintf(stderr, "load_generator: %s\n", why.what());
  return 1;
}
