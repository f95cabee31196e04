#include "discovery/run.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <pthread.h>
#include <signal.h>

#include <cstdio>

#include "base/log.h"
#include "http_port.h"
#include "service.h"

namespace flotilla::discovery {
namespace {

constexpr int kFailed = 1;
constexpr int kUsageError = 2;
constexpr int kNotConverged = 3;

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

int complain(const std::string& text, int code) {
  fmt::print(stderr, "flotilla-discovery: {}\n", text);
  return code;
}

/// Signals are taken by sigwait on the main thread alone.
sigset_t block_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGQUIT}) ::sigaddset(&set, signal);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  return set;
}

std::string plugins_table() {
  std::vector<std::vector<std::string>> rows{{"NAME", "VERSION", "DESCRIPTION", "URL"}};
  for (const BackendKind& kind : backend_kinds())
    rows.push_back({std::string(kind.name), std::string(kind.version), std::string(kind.help),
                    std::string(kind.url)});
  return table(rows);
}

std::string info_text() {
  std::vector<std::vector<std::string>> rows{{"flotilla-discovery", FLOTILLA_VERSION},
                                             {"libcurl", curl_version()}};
  for (const BackendKind& kind : backend_kinds())
    rows.push_back({"plug-in " + std::string(kind.name), std::string(kind.help)});
  for (const SourceKind& kind : source_kinds())
    rows.push_back({"source " + std::string(kind.name), std::string(kind.help)});
  return table(rows);
}

int start(Service& service, const Options& options) {
  const sigset_t signals = block_signals();
  HttpPort http;
  if (options.http_address != "off")
    if (const auto up = http.start(service, options.http_address); !up)
      return complain(up.error().text, kFailed);
  log_info("start", "flotilla-discovery {}: sources {}; plug-ins {}; cluster {}; network {}{}",
           FLOTILLA_VERSION, fmt::join(service.source_names(), ", "),
           fmt::join(options.plugins, ", "), options.cluster.empty() ? "any" : options.cluster,
           options.network.empty() ? "as found" : options.network,
           options.dry_run ? "; dry run" : "");
  if (options.allow_insecure)
    log_warning("start", "servers' certificates are not looked at, as was asked for");
  if (options.node_tls_allow_insecure)
    log_warning("start", "nodes' certificates are not looked at, as was asked for");
  Stop stop = false;
  std::thread loop([&] { service.run(stop); });
  int signal = 0;
  while (::sigwait(&signals, &signal) != 0) {
  }
  log_info("start", "told to stop by signal {}", signal);
  stop = true;
  service.wake();
  loop.join();
  return 0;
}

int status(const Options& options) {
  std::string address = options.http_address;
  if (address.starts_with(':')) address = "127.0.0.1" + address;
  if (address.starts_with("0.0.0.0")) address = "127.0.0.1" + address.substr(7);
  const auto url = ServerUrl::parse("http://" + address, false);
  if (!url) return complain(url.error().text, kUsageError);
  HttpClient http(*url, {});
  const auto answer = http.exchange({.path = "/status", .body = {}, .headers = {}});
  if (!answer) return complain(answer.error().text, kFailed);
  const Json json = Json::parse(answer->body, nullptr, false);
  if (answer->status != 200 || json.is_discarded())
    return complain(fmt::format("what answers at {} is no discovery service", address), kFailed);
  print(options.json ? answer->body : to_people(json));
  for (const Json& plugin : elements(at(json, "plugins")))
    if (at(plugin, "settled") != Json(true)) return kNotConverged;
  return 0;
}

void print_report(const Service& service, const Options& options) {
  const Json json = to_json(service.report(), steady_now());
  print(options.json ? to_text(json, 2) + '\n' : to_people(json));
}

int with_service(Options options) {
  if (options.command == "plan") options.dry_run = true;
  auto service = Service::make(options);
  if (!service) return complain(service.error().text, kUsageError);
  if (options.command == "start") return start(**service, options);
  if (options.command == "plan") {
    (*service)->look_once();
    print_report(**service, options);
    return 0;
  }
  const auto span =
      std::chrono::milliseconds(static_cast<std::int64_t>(options.once_timeout_seconds * 1000));
  const bool settled = (*service)->settle(span);
  print_report(**service, options);
  return settled ? 0 : kNotConverged;
}

}  // namespace

int run_program(const std::vector<std::string>& arguments, const Environment& environment) {
  const Parsed parsed = parse_options(arguments, environment);
  if (!parsed.options) {
    print(parsed.out);
    if (!parsed.error.empty()) fmt::print(stderr, "flotilla-discovery: {}", parsed.error);
    return parsed.exit_code;
  }
  const Options& options = *parsed.options;
  if (options.command == "start") set_log_console(LogConsole::Stdout);
  if (options.debug) set_log_level(LogLevel::Debug);
  if (options.log_format == "json") set_log_format(LogFormat::Json);
  if (options.command == "version")
    return print(fmt::format("flotilla-discovery {}\n", FLOTILLA_VERSION)), 0;
  if (options.command == "list-plugins") return print(plugins_table()), 0;
  if (options.command == "info") return print(info_text()), 0;
  if (options.command == "status") return status(options);
  return with_service(options);
}

}  // namespace flotilla::discovery
