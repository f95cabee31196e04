#include <algorithm>
#include <utility>

#include "client/async.h"
#include "tools/bench/workload.h"

namespace flotilla::tools::bench {
namespace {

using Clock = std::chrono::steady_clock;

/// What all workers of a run use.
struct Shared {
  const Plan& plan;
  Tallies& tallies;
  const std::atomic<bool>& stop;
  const Objects objects;
  std::vector<client::Bin> fixed;          // What writes write when objects do not vary.
  std::atomic<std::int64_t> next_key = 0;  // Of workloads that take each key once.
  Clock::time_point start = Clock::now();

  bool is_mixed() const { return plan.workload.kind == Workload::Kind::Mixed; }
};

/// One of those who work at the same time: a coroutine that has one operation under way.
class Worker {
 public:
  Worker(Shared& shared, const client::AsyncClient& client, unsigned number)
      : shared_(shared), plan_(shared.plan), client_(client), random_(shared.plan.seed + number) {
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
      const Step step = next_step();
      if (step.size == 0) break;
      if (step.size == 1)
        co_await act(step, begin);
      else
        co_await act_on_batch(step, begin);
    }
    co_return true;
  }

 private:
  /// One operation: what it does with how many keys. Its keys follow each other from `first` on,
  /// or are drawn.
  struct Step {
    Action action;
    std::size_t size;
    std::int64_t first = 0;
  };

  bool is_over() const {
    return shared_.is_mixed() && plan_.duration.count() > 0 &&
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

  /// Size 0: all keys have been taken.
  Step next_step() {
    if (shared_.is_mixed()) {
      const Action action =
          plan_.workload.action(static_cast<double>(random_.below(100'000)) / 1000);
      return {action, action == Action::Read    ? plan_.batch_read_size
                      : action == Action::Write ? plan_.batch_write_size
                                                : plan_.batch_delete_size};
    }
    using Kind = Workload::Kind;
    const Kind kind = plan_.workload.kind;
    const std::size_t size = kind == Kind::Insert   ? plan_.batch_write_size
                             : kind == Kind::Verify ? plan_.batch_read_size
                                                    : plan_.batch_delete_size;
    const std::int64_t first = shared_.next_key.fetch_add(static_cast<std::int64_t>(size));
    const std::int64_t left = std::max<std::int64_t>(plan_.keys - first, 0);
    return {kind == Kind::Verify ? Action::Read : Action::Write,
            std::min(size, static_cast<std::size_t>(left)), first};
  }
  std::int64_t number_of(const Step& step, std::size_t i) {
    return plan_.first_key +
           (shared_.is_mixed()
                ? static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(plan_.keys)))
                : step.first + static_cast<std::int64_t>(i));
  }
  client::Key key(std::int64_t number) const {
    return *client::Key::make(plan_.ns, plan_.set, client::Value(number));
  }

  client::Task<bool> act(const Step& step, Clock::time_point begin) {
    const std::int64_t number = number_of(step, 0);
    if (step.action == Action::Read) {
      const auto record = co_await client_.get(key(number), bin_names(), plan_.read_policy);
      if (plan_.workload.kind == Workload::Kind::Verify) judge(number, record);
      const bool missed = !record && record.error().is(Code::NotFound);
      count(shared_.tallies.read, record ? nullptr : &record.error(), missed, begin);
    } else if (step.action == Action::Delete) {
      const auto removed = co_await client_.remove(key(number), plan_.write_policy);
      count(shared_.tallies.remove, removed ? nullptr : &removed.error(), removed && !*removed,
            begin);
    } else {
      const auto written = co_await client_.put(key(number), object(number), write_policy());
      const bool missed = !written && written.error().is(Code::NotFound);
      count(shared_.tallies.write, written ? nullptr : &written.error(), missed, begin);
    }
    co_return true;
  }

  /// A batch is one operation: it fails with the first of its keys that does, and has missed when
  /// one of them was not there.
  client::Task<bool> act_on_batch(const Step& step, Clock::time_point begin) {
    std::vector<std::int64_t> numbers(step.size);
    std::vector<client::BatchRow> rows;
    rows.reserve(step.size);
    for (std::size_t i = 0; i < step.size; ++i) {
      numbers[i] = number_of(step, i);
      rows.push_back(row(step.action, numbers[i]));
    }
    const bool reads = step.action == Action::Read;
    const auto done = co_await client_.batch(
        std::move(rows), {.command = reads ? plan_.read_policy.command : plan_.write_policy.command,
                          .send_key = plan_.write_policy.send_key});
    const client::Failure* failure = done.outcome ? nullptr : &done.outcome.error();
    bool missed = false;
    for (std::size_t i = 0; i < done.rows.size(); ++i) {
      const auto& result = done.rows[i].result;
      if (plan_.workload.kind == Workload::Kind::Verify) judge(numbers[i], result);
      if (!result && result.error().is(Code::NotFound))
        missed = true;
      else if (!result && failure == nullptr)
        failure = &result.error();
    }
    count(tally_of(step.action), failure, missed && failure == nullptr, begin);
    co_return true;
  }

  client::BatchRow row(Action action, std::int64_t number) {
    client::BatchRow row{.key = key(number)};
    if (action == Action::Read) {
      row.bin_names = bin_names();
      return row;
    }
    row.policy = write_policy();
    row.kind = client::BatchRow::Kind::Remove;
    if (action == Action::Delete) return row;
    row.kind = client::BatchRow::Kind::Operate;
    for (client::Bin& bin : object(number))
      row.operations.push_back(client::op::write(bin.name, std::move(bin.value)));
    return row;
  }

  std::vector<std::string> bin_names() const {
    std::vector<std::string> names;
    for (const std::size_t number : plan_.read_bins) names.push_back(bin_name(plan_.bin, number));
    return names;
  }
  client::WritePolicy write_policy() const {
    client::WritePolicy policy = plan_.write_policy;
    if (plan_.workload.replaces) policy.exists = client::Exists::CreateOrReplace;
    return policy;
  }
  std::vector<client::Bin> object(std::int64_t number) {
    if (!shared_.fixed.empty()) return shared_.fixed;
    const auto version =
        static_cast<unsigned>(shared_.is_mixed() ? random_.below(Objects::kVersions) : 0);
    return shared_.objects.make(number, version, plan_.write_bins);
  }

  void judge(std::int64_t number, const client::Expected<client::Record>& found) {
    Verdicts& verdicts = shared_.tallies.verdicts;
    if (!found && !found.error().is(Code::NotFound)) return;
    if (found && shared_.objects.matches(number, found->bins, plan_.read_bins)) {
      ++verdicts.same;
      return;
    }
    ++(found ? verdicts.different : verdicts.missing);
    verdicts.add_example(number);
  }

  Tally& tally_of(Action action) const {
    if (action == Action::Read) return shared_.tallies.read;
    return action == Action::Write ? shared_.tallies.write : shared_.tallies.remove;
  }
  static void count(Tally& tally, const client::Failure* failure, bool missed,
                    Clock::time_point begin) {
    if (failure != nullptr && !missed) {
      ++(failure->is(Code::Timeout) ? tally.timeouts : tally.errors);
      return;
    }
    ++tally.done;
    tally.missed += missed ? 1 : 0;
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin);
    tally.latency.add(took);
    tally.buckets.add(took);
  }

  Shared& shared_;
  const Plan& plan_;
  const client::AsyncClient& client_;
  Random random_;
  Clock::duration interval_{0};
  Clock::time_point due_;
};

/// What every write of the plan writes; nothing when that varies.
std::vector<client::Bin> fixed_object(const Plan& plan, const Objects& objects) {
  const bool deletes = plan.workload.kind == Workload::Kind::DeleteBins;
  if (plan.random_objects && !deletes) return {};
  std::vector<client::Bin> bins = objects.make(0, 0, plan.write_bins);
  if (deletes)
    for (client::Bin& bin : bins) bin.value = client::Nil{};
  return bins;
}

}  // namespace

void run_plan(const client::Client& client, const Plan& plan, Tallies& tallies,
              const std::atomic<bool>& stop) {
  const Objects objects(
      {.values = plan.object, .bin = plan.bin, .seed = plan.seed, .varied = plan.random_objects});
  Shared shared{.plan = plan,
                .tallies = tallies,
                .stop = stop,
                .objects = objects,
                .fixed = fixed_object(plan, objects)};
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
