#include "tools/bench/workload.h"

#include <fmt/format.h>

#include "base/parse.h"
#include "text.h"

namespace flotilla::tools::bench {
namespace {

constexpr std::size_t kBinNameMost = 15;

}  // namespace

tl::expected<Workload, std::string> parse_workload(std::string_view text) {
  const auto parts = split(text, ',');
  const std::string name = parts.empty() ? std::string() : upper(parts[0]);
  std::vector<double> shares;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const auto share = parse_real(parts[i]);
    if (!share || *share < 0 || *share > 100)
      return tl::unexpected(fmt::format("'{}' is not a percentage", parts[i]));
    shares.push_back(*share);
  }
  if (name == "I" && shares.empty()) return Workload{.kind = Workload::Kind::Insert};
  if (name == "DB" && shares.empty()) return Workload{.kind = Workload::Kind::DeleteBins};
  if ((name == "RU" || name == "RR") && shares.size() <= 1) {
    const double read = shares.empty() ? 50 : shares[0];
    return Workload{.read_percent = read, .write_percent = 100 - read, .replaces = name == "RR"};
  }
  if (name == "RUD" && shares.size() == 2 && shares[0] + shares[1] <= 100)
    return Workload{.read_percent = shares[0], .write_percent = shares[1]};
  if (name == "V" && shares.empty()) return Workload{.kind = Workload::Kind::Verify};
  if (name == "RUF")
    return tl::unexpected<std::string>(
        "workloads with functions are not available in this version");
  return tl::unexpected(fmt::format(
      "'{}' is not a workload: I, RU,<read>, RR,<read>, RUD,<read>,<write>, DB, V", text));
}

tl::expected<void, std::string> check(const Plan& plan) {
  const auto wants = [](std::string_view what) { return tl::unexpected(std::string(what)); };
  if (plan.keys < 1) return wants("--keys wants a number above zero");
  if (plan.first_key > INT64_MAX - plan.keys) return wants("the last key is too large");
  if (plan.threads < 1 || plan.threads > 10'000)
    return wants("--threads and --async-max-commands want 1 to 10000");
  if (plan.event_loops < 1 || plan.event_loops > 1'000)
    return wants("--event-loops wants 1 to 1000");
  if (plan.calls_per_connection < 1 || plan.calls_per_connection > 1'000)
    return wants("--calls-per-connection wants 1 to 1000");
  for (const std::size_t size :
       {plan.batch_read_size, plan.batch_write_size, plan.batch_delete_size})
    if (size < 1 || size > 100'000) return wants("batches want 1 to 100000 keys");
  if (plan.operations_per_second < 0) return wants("--throughput cannot be negative");
  if (plan.duration.count() < 0) return wants("--duration cannot be negative");
  for (const BinNumbers& numbers : {plan.read_bins, plan.write_bins})
    if (!numbers.empty() && numbers.back() > plan.object.size())
      return tl::unexpected(
          fmt::format("there is no bin {}: the object has {}", numbers.back(), plan.object.size()));
  if (const std::string last = bin_name(plan.bin, plan.object.size()); last.size() > kBinNameMost)
    return tl::unexpected(fmt::format("bin name '{}' is longer than {} bytes", last, kBinNameMost));
  if (const auto key = client::Key::make(plan.ns, plan.set, client::Value(1)); !key)
    return tl::unexpected(key.error().message);
  return {};
}

void Tally::merge(const Tally& other) {
  done += other.done;
  missed += other.missed;
  timeouts += other.timeouts;
  errors += other.errors;
  latency.merge(other.latency);
  buckets.merge(other.buckets);
}

std::vector<std::int64_t> Verdicts::examples() const {
  std::lock_guard hold(lock_);
  return examples_;
}

void Verdicts::add_example(std::int64_t key) {
  std::lock_guard hold(lock_);
  if (examples_.size() < kExamplesMost) examples_.push_back(key);
}

void Tallies::merge(const Tallies& other) {
  for (const ActionName& row : kActionNames) (this->*row.tally).merge(other.*row.tally);
}

}  // namespace flotilla::tools::bench
