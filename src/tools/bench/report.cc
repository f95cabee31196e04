#include "report.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <iostream>

#include "text.h"

namespace flotilla::tools::bench {
namespace {

bool is_in_use(const Tally& tally) { return tally.done + tally.timeouts + tally.errors > 0; }

}  // namespace

Reporter::Counts Reporter::Counts::of(const Tally& tally) {
  return {tally.done, tally.missed, tally.timeouts, tally.errors};
}

std::string Reporter::Counts::text(double seconds) const {
  return fmt::format("(tps={:.0f} (hit={} miss={}) timeouts={} errors={})",
                     static_cast<double>(done) / seconds, done - missed, missed, timeouts, errors);
}

void Reporter::begin(const Tallies& tallies) {
  tallies_ = &tallies;
  before_.assign(std::size(kActionNames), {});
  elapsed_ = 0;
}

void Reporter::line(double seconds) {
  const auto now = std::chrono::system_clock::now();
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch());
  std::string text =
      fmt::format("{:%Y-%m-%d %H:%M:%S}.{:03} INFO ",
                  fmt::gmtime(std::chrono::system_clock::to_time_t(now)), since.count() % 1000);
  Counts total;
  for (std::size_t i = 0; i < std::size(kActionNames); ++i) {
    const Tally& tally = tallies_->*kActionNames[i].tally;
    if (!is_in_use(tally)) continue;
    const Counts counted = Counts::of(tally);
    const Counts before = std::exchange(before_[i], counted);
    const Counts part = {counted.done - before.done, counted.missed - before.missed,
                         counted.timeouts - before.timeouts, counted.errors - before.errors};
    text += fmt::format("{}{} ", kActionNames[i].name, part.text(seconds));
    total.done += part.done;
    total.missed += part.missed;
    total.timeouts += part.timeouts;
    total.errors += part.errors;
  }
  std::cout << text << "total" << total.text(seconds) << '\n';
  elapsed_ += seconds;
  if (options_.latency) latencies(*tallies_, elapsed_);
  std::cout.flush();
}

void Reporter::latencies(const Tallies& tallies, double seconds) const {
  for (const ActionName& action : kActionNames) {
    const Latency& latency = (tallies.*action.tally).latency;
    if (latency.count() == 0) continue;
    std::string text = fmt::format("hdr: {:<5} {} {:.0f}, {}, {}, {}", action.name,
                                   utc_text(std::chrono::system_clock::now()), seconds,
                                   latency.count(), latency.least(), latency.most());
    for (const double level : options_.percentiles)
      text += fmt::format(", {}", latency.percentile(level));
    std::cout << text << '\n';
  }
}

Summary Summary::of(const Tallies& tallies, double seconds) {
  Summary summary{.seconds = seconds};
  for (const ActionName& action : kActionNames) {
    const Tally& tally = tallies.*action.tally;
    summary.done += tally.done;
    summary.failed += tally.timeouts + tally.errors;
  }
  return summary;
}

double Summary::error_percent() const {
  const std::uint64_t all = done + failed;
  return all == 0 ? 0 : 100.0 * static_cast<double>(failed) / static_cast<double>(all);
}

std::string Summary::text() const {
  return fmt::format("Done: {} operations in {:.1f} s, {:.0f} a second, {} failed\n", done, seconds,
                     per_second(), failed);
}

nlohmann::ordered_json summary_json(const Tallies& tallies, double seconds,
                                    const std::vector<double>& percentiles) {
  using Json = nlohmann::ordered_json;
  const Summary summary = Summary::of(tallies, seconds);
  Json json{{"seconds", seconds},
            {"operations", summary.done},
            {"failed", summary.failed},
            {"operations_per_second", summary.per_second()}};
  for (const ActionName& action : kActionNames) {
    const Tally& tally = tallies.*action.tally;
    if (!is_in_use(tally)) continue;
    Json latency{{"min", tally.latency.least()}, {"max", tally.latency.most()}};
    for (const double level : percentiles)
      latency[fmt::format("p{:g}", level)] = tally.latency.percentile(level);
    json[std::string(action.name)] = Json{{"done", tally.done.load()},
                                          {"missed", tally.missed.load()},
                                          {"timeouts", tally.timeouts.load()},
                                          {"errors", tally.errors.load()},
                                          {"latency_us", std::move(latency)}};
  }
  return json;
}

nlohmann::ordered_json verdicts_json(const Verdicts& verdicts, std::uint64_t keys) {
  return {{"same", verdicts.same.load()},
          {"different", verdicts.different.load()},
          {"missing", verdicts.missing.load()},
          {"unread", keys - verdicts.count()},
          {"examples", verdicts.examples()}};
}

std::string verdicts_text(const Verdicts& verdicts, std::uint64_t keys) {
  std::string text = fmt::format(
      "Verified: {} keys as written, {} different, {} missing, {} unread\n", verdicts.same.load(),
      verdicts.different.load(), verdicts.missing.load(), keys - verdicts.count());
  if (const auto examples = verdicts.examples(); !examples.empty())
    text += fmt::format("Not as written: keys {}{}\n", fmt::join(examples, ", "),
                        examples.size() < verdicts.different + verdicts.missing ? ", ..." : "");
  return text;
}

}  // namespace flotilla::tools::bench
