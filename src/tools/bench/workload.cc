#include "tools/bench/workload.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "base/parse.h"
#include "text.h"

namespace flotilla::tools::bench {
namespace {

using Clock = std::chrono::steady_clock;

/// One thread of a plan.
class Worker {
 public:
  struct Shared {
    const client::Client& client;
    const Plan& plan;
    Tallies& tallies;
    const std::atomic<bool>& stop;
    std::atomic<std::int64_t> next_key = 0;  // Of workloads that take each key once.
    Clock::time_point start;
  };

  Worker(Shared& shared, unsigned number)
      : shared_(shared),
        plan_(shared.plan),
        random_(shared.plan.seed + number),
        bins_(make_bins(plan_.object, plan_.bin, random_)) {
    if (plan_.operations_per_second > 0) {
      const double seconds = plan_.threads / plan_.operations_per_second;
      interval_ =
          std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
      due_ = shared.start + interval_ * number / plan_.threads;
    }
  }

  void run() {
    while (!shared_.stop && !is_over()) {
      const Clock::time_point begin = wait_for_turn();
      if (plan_.workload.kind == Workload::Kind::Mixed) {
        mixed(begin);
      } else {
        const std::int64_t number = shared_.next_key.fetch_add(1);
        if (number >= plan_.keys) return;
        write(key(number), begin);
      }
    }
  }

 private:
  bool is_over() const {
    return plan_.workload.kind == Workload::Kind::Mixed && plan_.duration.count() > 0 &&
           Clock::now() - shared_.start >= plan_.duration;
  }

  /// When the operation begins: now, or with a rate when its turn was.
  Clock::time_point wait_for_turn() {
    if (interval_.count() == 0) return Clock::now();
    std::this_thread::sleep_until(due_);
    return std::exchange(due_, due_ + interval_);
  }

  client::Key key(std::int64_t number) const {
    return *client::Key::make(plan_.ns, plan_.set, client::Value(plan_.first_key + number));
  }
  client::Key random_key() {
    return key(static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(plan_.keys))));
  }

  void mixed(Clock::time_point begin) {
    switch (plan_.workload.action(static_cast<double>(random_.below(100'000)) / 1000)) {
      case Action::Read:
        return plan_.batch_size > 1 ? read_batch(begin) : read(begin);
      case Action::Write:
        return write(random_key(), begin);
      case Action::Delete: {
        const auto removed = shared_.client.remove(random_key(), plan_.write_policy);
        const bool missed = removed && !*removed;
        return count(shared_.tallies.remove, removed ? nullptr : &removed.error(), missed, begin);
      }
    }
  }

  void read(Clock::time_point begin) {
    const auto record = shared_.client.get(random_key(), {}, plan_.read_policy);
    const bool missed = !record && record.error().is(Code::NotFound);
    count(shared_.tallies.read, record || missed ? nullptr : &record.error(), missed, begin);
  }

  void read_batch(Clock::time_point begin) {
    std::vector<client::BatchRow> rows(plan_.batch_size);
    for (client::BatchRow& row : rows) row.key = random_key();
    const auto done = shared_.client.batch(rows, {.command = plan_.read_policy.command});
    count(shared_.tallies.read, done ? nullptr : &done.error(), false, begin);
  }

  void write(const client::Key& key, Clock::time_point begin) {
    if (plan_.random_objects) bins_ = make_bins(plan_.object, plan_.bin, random_);
    if (plan_.workload.kind == Workload::Kind::DeleteBins)
      for (client::Bin& bin : bins_) bin.value = client::Nil{};
    client::WritePolicy policy = plan_.write_policy;
    if (plan_.workload.replaces) policy.exists = client::Exists::CreateOrReplace;
    const auto written = shared_.client.put(key, bins_, policy);
    const bool missed = !written && written.error().is(Code::NotFound);
    count(shared_.tallies.write, written || missed ? nullptr : &written.error(), missed, begin);
  }

  static void count(Tally& tally, const client::Failure* failure, bool missed,
                    Clock::time_point begin) {
    if (failure == nullptr) {
      ++tally.done;
      tally.missed += missed ? 1 : 0;
      tally.latency.add(
          std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin));
    } else {
      ++(failure->is(Code::Timeout) ? tally.timeouts : tally.errors);
    }
  }

  Shared& shared_;
  const Plan& plan_;
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
  Worker::Shared shared{.client = client,
                        .plan = plan,
                        .tallies = tallies,
                        .stop = stop,
                        .next_key = 0,
                        .start = Clock::now()};
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < plan.threads; ++i)
    threads.emplace_back([&shared, i] { Worker(shared, i).run(); });
  for (std::thread& thread : threads) thread.join();
}

}  // namespace flotilla::tools::bench
