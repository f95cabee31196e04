#include <fmt/chrono.h>
#include <fmt/format.h>
#include <langinfo.h>
#include <unistd.h>

#include <clocale>
#include <condition_variable>
#include <cstring>
#include <iostream>
#include <mutex>
#include <thread>

#include "connect_options.h"
#include "full_screen.h"
#include "interruption.h"
#include "text.h"
#include "tools/top/screen.h"
#include "tools/verbs.h"

namespace flotilla::tools {
namespace {

constexpr int kFailed = 2;
constexpr std::chrono::milliseconds kKeyWait(100);

struct Arguments {
  ConnectOptions connect;
  double interval_seconds = 2;
  double timeout_seconds = 1;
  std::uint64_t count = 0;
  bool batch = false;
  bool no_color = false;
};

/// Nothing: help or version was asked for.
tl::expected<std::optional<Arguments>, std::string> parse(const Invocation& invocation) {
  Arguments arguments;
  CommandLine line(
      invocation,
      {.about = "Shows live what a cluster does: operations and latency of each node, migrations, "
                "memory, and what is wrong.",
       .notes = "Keys: q quit, s and S sort by the next or last column, r reverse, n with or "
                "without\nnamespaces, p pause, + and - longer or shorter intervals, arrows scroll. "
                "* marks the principal.\nR-P99, W-P99: 99 of 100 reads, writes took less. Without "
                "a terminal: as with -b.\n",
       .examples = {"-h db1", "-h db1 -b -n 1", "-h db1 -b -i 10 >> top.log"}});
  arguments.connect.add_to(line);
  line.option("-i,--interval", arguments.interval_seconds, "SECONDS", "Between two pictures (2)");
  line.option("-n,--count", arguments.count, "N", "End after so many pictures");
  line.flag("-b,--batch", arguments.batch, "Pictures one below the other, no keys");
  line.option("--timeout", arguments.timeout_seconds, "SECONDS", "For each question to a node (1)");
  line.flag("--no-color", arguments.no_color, "No colours (nor with NO_COLOR set, nor in pipes)");
  const auto answered = line.parse();
  if (!answered) return tl::unexpected(answered.error());
  if (*answered) return std::nullopt;
  for (const double seconds : {arguments.interval_seconds, arguments.timeout_seconds})
    if (!(seconds >= 0.1 && seconds <= 3600))
      return tl::unexpected<std::string>("--interval and --timeout want 0.1 to 3600 seconds");
  if (auto done = arguments.connect.complete("asadm", {"timeout"}); !done)
    return tl::unexpected(done.error());
  return arguments;
}

std::chrono::milliseconds milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

std::string clock_text() { return fmt::format("{:%H:%M:%S}", fmt::localtime(std::time(nullptr))); }

/// Asks the cluster in a thread of its own, so that a slow node never keeps a key waiting.
class Watcher {
 public:
  Watcher(const admin::Fleet& fleet, double interval_seconds)
      : fleet_(fleet), interval_seconds_(interval_seconds), thread_([this] { run(); }) {}
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;
  ~Watcher() {
    {
      const std::lock_guard lock(mutex_);
      ends_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }

  void set_interval(double seconds) {
    const std::lock_guard lock(mutex_);
    interval_seconds_ = seconds;
    wake_.notify_all();
  }
  /// What was seen since the last call, if anything.
  std::optional<std::pair<std::vector<admin::NodeFacts>, top::Course::Time>> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(sample_, std::nullopt);
  }

 private:
  void run() {
    for (;;) {
      auto facts = admin::gather_facts(fleet_);
      const auto when = top::Course::Time::clock::now();
      std::unique_lock lock(mutex_);
      sample_.emplace(std::move(facts), when);
      while (!ends_ && top::Course::Time::clock::now() < when + milliseconds(interval_seconds_))
        wake_.wait_until(lock, when + milliseconds(interval_seconds_));
      if (ends_) return;
    }
  }

  const admin::Fleet& fleet_;
  std::mutex mutex_;
  std::condition_variable wake_;
  double interval_seconds_;  // These three: under the mutex.
  bool ends_ = false;
  std::optional<std::pair<std::vector<admin::NodeFacts>, top::Course::Time>> sample_;
  std::thread thread_;
};

/// Pictures with rates: the first one comes after the second sample.
int run_batch(const admin::Fleet& fleet, const Arguments& arguments, top::View view) {
  const Interruption interruption;
  top::Course course;
  for (std::uint64_t shown = 0; arguments.count == 0 || shown < arguments.count;) {
    const auto facts = admin::gather_facts(fleet);
    course.add(facts, top::Course::Time::clock::now());
    if (course.has_rates()) {
      view.clock = clock_text();
      std::cout << (shown++ > 0 ? "\n" : "") << top::draw(course, view) << std::flush;
      if (!std::cout) {
        std::cerr << "flotilla top: cannot write: " << std::strerror(errno) << '\n';
        return kFailed;
      }
    }
    const bool is_last = arguments.count != 0 && shown == arguments.count;
    if (!is_last && !interruption.sleep(milliseconds(view.interval_seconds))) return 0;
  }
  return 0;
}

int run_screen(const admin::Fleet& fleet, const Arguments& arguments, top::View view) {
  const Interruption interruption;
  top::FullScreen screen;
  Watcher watcher(fleet, view.interval_seconds);
  top::Course course;
  view.shows_keys = true;
  bool is_due = true;
  std::uint64_t shown = 0;
  while (!interruption.has_come()) {
    if (auto sample = watcher.take(); sample && !view.is_paused) {
      course.add(sample->first, sample->second);
      view.clock = clock_text();
      is_due = true;
      if (course.has_rates() && arguments.count != 0 && shown++ == arguments.count) return 0;
    }
    const auto [columns, lines] = screen.size();
    is_due = is_due || columns != view.width || lines != view.height;
    view.width = columns;
    view.height = lines;
    if (is_due) screen.show(course.is_empty() ? "asking the cluster ...\n" : draw(course, view));
    is_due = false;
    const std::string key = screen.key(kKeyWait);
    if (key.empty()) continue;
    const top::Wish wish = press(view, key);
    if (wish == top::Wish::Quit) return 0;
    is_due = wish == top::Wish::Redraw;
    if (!course.is_empty()) view.first_node = std::min(view.first_node, course.nodes().size());
    watcher.set_interval(view.interval_seconds);
  }
  return 0;
}

}  // namespace

int run_top(const Invocation& invocation) {
  const auto parsed = parse(invocation);
  if (!parsed) {
    std::cerr << invocation.program << ": " << parsed.error() << '\n';
    return kFailed;
  }
  if (!*parsed) return 0;
  const Arguments& arguments = **parsed;
  const auto seeds = arguments.connect.seeds();
  if (!seeds) {
    std::cerr << invocation.program << ": " << seeds.error().message << '\n';
    return kFailed;
  }
  const auto fleet = admin::Fleet::connect(*seeds, arguments.connect.client_options(),
                                           milliseconds(arguments.timeout_seconds), false);
  if (!fleet) {
    std::cerr << fmt::format("{}: cannot connect to {}: {}\n", invocation.program,
                             seeds->front().text(), fleet.error().message);
    return kFailed;
  }
  const bool to_terminal = ::isatty(STDOUT_FILENO) != 0;
  std::setlocale(LC_CTYPE, "");
  top::View view{.width = 132,
                 .colours = to_terminal && !arguments.no_color && !has_no_color(),
                 .utf8 = std::string_view(nl_langinfo(CODESET)) == "UTF-8",
                 .interval_seconds = arguments.interval_seconds};
  const bool with_keys = to_terminal && ::isatty(STDIN_FILENO) != 0 && !arguments.batch;
  return with_keys ? run_screen(*fleet, arguments, view) : run_batch(*fleet, arguments, view);
}

}  // namespace flotilla::tools
