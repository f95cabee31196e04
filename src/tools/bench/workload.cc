#include "tools/bench/workload.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/parse.h"
#include "client/async.h"
#include "text.h"

namespace flotilla::tools::bench {
namespace {

using Clock = std::chrono::steady_clock;

/// One of those who work at the same time: a coroutine that has one operation under way.
class Worker {
 public:
  struct Shared {
    const Plan& plan;
    Tallies& tallies;
    const std::atomic<bool>& stop;
    std::atomic<std::int64_t> next_key = 0;  // Of workloads that take each key once.
    Clock::time_point start;
  };

  Worker(Shared& shared, const client::AsyncClient& client, unsigned number)
      : shared_(shared),
        plan_(shared.plan),
        client_(client),
        random_(shared.plan.seed + number),
        bins_(make_bins(plan_.object, plan_.bin, random_)) {
    if (plan_.operations_per_second > 0) {
      const double seconds = plan_.threads / plan_.operations_per_second;
      interval_ =
          std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
      due_ = shared.start + interval_ * number / plan_.threads;
    }
  }

  client::Task<bool> run() {
    // What follows is to run on the client's thread.
    bool goes_on = co_await client_.sleep_until(shared_.start);
    while (goes_on && !shared_.stop && !is_over()) {
      Clock::time_point begin = Clock::now();
      if (interval_.count() != 0) {
        if (!co_await is_due()) break;
        begin = std::exchange(due_, due_ + interval_);
      }
      const std::int64_t number = next_number();
      if (number >= plan_.keys) break;
      co_await act(key(number), begin);
    }
    co_return true;
  }

 private:
  bool is_mixed() const { return plan_.workload.kind == Workload::Kind::Mixed; }
  bool is_over() const {
    return is_mixed() && plan_.duration.count() > 0 &&
           Clock::now() - shared_.start >= plan_.duration;
  }

  /// Waits for its turn, and looks up now and then. False: the work ends.
  client::Task<bool> is_due() {
    while (Clock::now() < due_) {
      const auto look_up = Clock::now() + std::chrono::milliseconds(100);
      if (!co_await client_.sleep_until(std::min(due_, look_up)) || shared_.stop || is_over())
        co_return false;
    }
    co_return true;
  }

  std::int64_t next_number() {
    return is_mixed()
               ? static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(plan_.keys)))
               : shared_.next_key.fetch_add(1);
  }
  client::Key key(std::int64_t number) const {
    return *client::Key::make(plan_.ns, plan_.set, client::Value(plan_.first_key + number));
  }

  client::Task<bool> act(client::Key key, Clock::time_point begin) {
    const Action action =
        is_mixed() ? plan_.workload.action(static_cast<double>(random_.below(100'000)) / 1000)
                   : Action::Write;
    if (action == Action::Read && plan_.batch_size > 1) {
      const auto done = co_await client_.batch(rows(), {.command = plan_.read_policy.command});
      count(shared_.tallies.read, done.outcome, false, begin);
    } else if (action == Action::Read) {
      const auto record = co_await client_.get(std::move(key), {}, plan_.read_policy);
      count(shared_.tallies.read, record, !record && record.error().is(Code::NotFound), begin);
    } else if (action == Action::Delete) {
      const auto removed = co_await client_.remove(std::move(key), plan_.write_policy);
      count(shared_.tallies.remove, removed, removed && !*removed, begin);
    } else {
      client::WritePolicy policy = plan_.write_policy;
      if (plan_.workload.replaces) policy.exists = client::Exists::CreateOrReplace;
      const auto written = co_await client_.put(std::move(key), object(), std::move(policy));
      count(shared_.tallies.write, written, !written && written.error().is(Code::NotFound), begin);
    }
    co_return true;
  }

  std::vector<client::BatchRow> rows() {
    std::vector<client::BatchRow> rows(plan_.batch_size);
    for (client::BatchRow& row : rows) row.key = key(next_number());
    return rows;
  }

  std::vector<client::Bin> object() {
    if (plan_.random_objects) bins_ = make_bins(plan_.object, plan_.bin, random_);
    if (plan_.workload.kind == Workload::Kind::DeleteBins)
      for (client::Bin& bin : bins_) bin.value = client::Nil{};
    return bins_;
  }

  template <class Outcome>
  static void count(Tally& tally, const Outcome& outcome, bool missed, Clock::time_point begin) {
    if (outcome || missed) {
      ++tally.done;
      tally.missed += missed ? 1 : 0;
      tally.latency.add(
          std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin));
    } else {
      ++(outcome.error().is(Code::Timeout) ? tally.timeouts : tally.errors);
    }
  }

  Shared& shared_;
  const Plan& plan_;
  const client::AsyncClient& client_;
  Random random_;
  std::vector<client::Bin> bins_;
  Clock::duration interval_{0};
  Clock::time_point due_;
};

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
  if (name == "RUF")
    return tl::unexpected<std::string>(
        "workloads with functions are not available in this version");
  return tl::unexpected(
      fmt::format("'{}' is not a workload: I, RU,<read>, RR,<read>, RUD,<read>,<write>, DB", text));
}

void run_plan(const client::Client& client, const Plan& plan, Tallies& tallies,
              const std::atomic<bool>& stop) {
  Worker::Shared shared{
      .plan = plan, .tallies = tallies, .stop = stop, .next_key = 0, .start = Clock::now()};
  const client::AsyncClient::Options options{.connections_per_node_max = plan.threads,
                                             .calls_per_connection_max = plan.calls_per_connection};
  std::vector<client::AsyncClient> clients;
  for (unsigned i = 0; i < std::min(plan.event_loops, plan.threads); ++i)
    clients.emplace_back(client, options);
  std::vector<Worker> workers;
  workers.reserve(plan.threads);
  std::vector<client::Task<bool>> tasks;
  for (unsigned i = 0; i < plan.threads; ++i)
    tasks.push_back(workers.emplace_back(shared, clients[i % clients.size()], i).run());
  client::wait_all(std::move(tasks));
}

}  // namespace flotilla::tools::bench
