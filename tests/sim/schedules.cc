#include "schedules.h"

#include <errno.h>  // NOLINT(modernize-deprecated-headers): program_invocation_short_name
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>

#include "base/mark.h"

namespace flotilla::sim {
namespace {

struct Counts {
  std::uint64_t schedules = 0;
  std::uint64_t events = 0;
};
Counts of_test;
Counts of_program;

class Report final : public testing::EmptyTestEventListener {
  void OnTestStart(const testing::TestInfo&) override { of_test = {}; }

  void OnTestEnd(const testing::TestInfo& test) override {
    if (of_test.schedules == 0) return;
    fmt::print("simulated {}.{}: {} schedules, {} events\n", test.test_suite_name(), test.name(),
               of_test.schedules, of_test.events);
    of_program.schedules += of_test.schedules;
    of_program.events += of_test.events;
  }

  void OnTestProgramEnd(const testing::UnitTest&) override {
    if (of_program.schedules == 0) return;
    fmt::print("simulated: {} schedules, {} events\n", of_program.schedules, of_program.events);
    if (std::getenv("FLOTILLA_SIM_MARKS") == nullptr) return;
    std::map<std::string, std::uint64_t> reached;  // One name may stand at several places.
    for (const Mark& mark : marks()) reached[mark.name] += mark.times;
    for (const auto& [name, times] : reached) fmt::print("mark {} {}\n", times, name);
  }
};

const bool reports = [] {
  testing::UnitTest::GetInstance()->listeners().Append(new Report);  // Which owns it.
  return true;
}();

struct Limits {
  std::uint64_t first;
  std::uint64_t count;
  std::optional<std::chrono::steady_clock::time_point> until;
};

Limits limits(std::uint64_t first, std::uint64_t usual) {
  Limits l{number_of("FLOTILLA_SIM_SEED", first), usual, {}};
  if (std::getenv("FLOTILLA_SIM_SEED") != nullptr) l.count = 1;
  l.count = number_of("FLOTILLA_SIM_RUNS", l.count) * number_of("FLOTILLA_SIM_ROUNDS", 1);
  if (const std::uint64_t most = number_of("FLOTILLA_SIM_SECONDS", 0); most != 0) {
    l.count = ~std::uint64_t{0} - l.first;
    l.until = std::chrono::steady_clock::now() + std::chrono::seconds(most);
  }
  return l;
}

}  // namespace

void count_schedule(std::uint64_t events) {
  ++of_test.schedules;
  of_test.events += events;
}

std::uint64_t number_of(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

std::uint64_t at_most_faults(std::uint64_t drawn) {
  return std::min(drawn, number_of("FLOTILLA_SIM_FAULTS", drawn));
}

std::uint64_t at_most_nodes(std::uint64_t drawn) {
  return std::min(drawn, number_of("FLOTILLA_SIM_NODES", drawn));
}

void for_each_seed(std::uint64_t first, std::uint64_t usual,
                   const std::function<void(std::uint64_t seed)>& body) {
  const Limits l = limits(first, usual);
  const testing::TestInfo& test = *testing::UnitTest::GetInstance()->current_test_info();
  for (std::uint64_t seed = l.first; seed - l.first < l.count; ++seed) {
    if (l.until && std::chrono::steady_clock::now() >= *l.until) break;
    body(seed);
    if (!testing::Test::HasFailure()) continue;
    fmt::print("repeat: FLOTILLA_SIM_SEED={} {} --gtest_filter={}.{}{}\n", seed,
               program_invocation_short_name, test.test_suite_name(), test.name(),
               std::string_view(test.name()).starts_with("DISABLED_")
                   ? " --gtest_also_run_disabled_tests"
                   : "");
    return;
  }
}

}  // namespace flotilla::sim
