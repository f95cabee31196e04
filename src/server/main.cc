#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/log.h"
#include "config/limits.h"
#include "config/load.h"
#include "machine.h"
#include "server.h"
#include "start_log.h"

extern char** environ;

namespace {

using namespace flotilla;

// Exit codes, so that orchestrators can tell a typo from a crash (docs/manual/container.md).
constexpr int kRuntimeFailure = 1;
constexpr int kBadConfiguration = 2;
constexpr int kNoSuchProgram = 127;

constexpr const char* kConfigFileDefault = "/etc/aerospike/aerospike.conf";

struct Arguments {
  std::string config_file;
  bool strict = false;
  bool check_only = false;
};

std::vector<std::string> environment() {
  std::vector<std::string> out;
  for (char** variable = environ; *variable != nullptr; ++variable) out.emplace_back(*variable);
  return out;
}

/// Raises the soft limit of descriptors to the hard one.
void raise_open_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0)
    log_warning("config", "cannot raise the limit of open files");
}

config::Outcome<config::Loaded> load_config(const Arguments& arguments,
                                            const config::Machine& machine) {
  const bool named = !arguments.config_file.empty();
  const std::string path = named ? arguments.config_file : kConfigFileDefault;
  const auto text = server::read_file(path);
  if (named && !text) return config::refuse(path + ": cannot be read");
  const auto variables = environment();
  config::LoadOptions options{.file = std::nullopt,
                              .path = path,
                              .environment = variables,
                              .machine = machine,
                              .strict = arguments.strict};
  if (text) options.file = *text;
  return config::load(options);
}

/// Signals are taken by sigwait on the main thread alone.
sigset_t block_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&set, signal);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  return set;
}

/// Leaves the cluster in good order; a second signal ends the waiting.
void leave(server::Server& server, const sigset_t& signals) {
  std::atomic<bool> done{false};
  std::thread listener([&] {
    const timespec pause{.tv_sec = 0, .tv_nsec = 10'000'000};
    while (!done.load()) {
      const int signal = ::sigtimedwait(&signals, nullptr, &pause);
      if (signal == SIGTERM || signal == SIGINT) server.hurry();
    }
  });
  server.leave();
  done.store(true);
  listener.join();
}

int run(const Arguments& arguments) {
  const sigset_t signals = block_signals();
  set_log_console(LogConsole::Stdout);
  raise_open_files();
  const config::Limits limits = config::find_limits(server::read_file);
  auto loaded = load_config(arguments, limits.machine());
  if (!loaded) {
    log_line(LogLevel::Critical, "config", loaded.error());
    return kBadConfiguration;
  }
  server::start_log(*loaded->config);
  log_line(LogLevel::Info, "hardware", limits.text());
  for (const auto& warning : loaded->warnings) log_line(LogLevel::Warning, "config", warning);
  if (arguments.check_only) return 0;
  server::Server server(*loaded->config);
  if (auto started = server.start(); !started) {
    log(LogLevel::Critical, "as", "cannot start: {}", started.error().why);
    return kRuntimeFailure;
  }
  for (int signal = 0; signal != SIGTERM && signal != SIGINT;) {
    if (::sigwait(&signals, &signal) != 0) return kRuntimeFailure;
    if (signal == SIGHUP) reopen_log_files();
  }
  log_info("as", "stopping");
  leave(server, signals);
  server.stop();
  log_info("as", "finished clean shutdown - exiting");
  return 0;
}

/// A container's command, as the vendor's image takes it: the server's options, its name before
/// them, or another program of the image, which then takes this process's place. Answers how many
/// words in front are done with.
int take_command_word(int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return 0;
  const std::string_view word = argv[1];
  if (word == "asd" || word == "flotillad") return 1;
  ::execvp(argv[1], argv + 1);
  std::fprintf(stderr, "flotillad: there is no program '%s' to run\n", argv[1]);
  std::exit(kNoSuchProgram);
}

int start(int argc, char** argv) {
  const int words = take_command_word(argc, argv);
  argv += words;
  argc -= words;
  CLI::App app("Flotilla: a distributed key-value database that speaks the Aerospike protocol",
               "flotillad");
  Arguments arguments;
  bool ignored = false;
  unsigned instance = 0;
  app.add_option("--config-file", arguments.config_file,
                 "aerospike.conf to read (default /etc/aerospike/aerospike.conf)");
  app.add_flag("--strict", arguments.strict,
               "refuse old and unknown parameters as the original does");
  app.add_flag("--check", arguments.check_only,
               "read the configuration, say what is wrong with it, and exit");
  app.add_flag("--foreground,--fgdaemon,--early-verbose,--cold-start,--experimental", ignored,
               "accepted, without effect");
  app.add_option("--instance", instance, "accepted, without effect");
  app.set_version_flag("--version", "Flotilla 0.1.0 (protocol 8.1.2.0)");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kBadConfiguration;
  }
  return run(arguments);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return start(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "flotillad: %s\n", error.what());
    return kRuntimeFailure;
  }
}
