// Containers of one engine, tasks of a swarm, or both: one API.

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/log.h"
#include "discovery/engine_answers.h"
#include "discovery/stream.h"
#include "providers/providers.h"

namespace flotilla::discovery {
namespace {

using std::chrono::minutes;

// A stream that is opened anew now and then cannot be silently dead for longer.
constexpr minutes kStreamLasts{10};

enum class What : std::uint8_t { Containers, Tasks, WhatThereIs };

/// One connection to an engine, with the version that both speak.
class Engine {
 public:
  Engine(ServerUrl url, TlsFiles tls, std::string version)
      : http_(std::move(url), std::move(tls)), wanted_(std::move(version)) {}

  /// Problem: no answer, or a refusal.
  Expected<std::string> get(const std::string& path) {
    if (auto ready = negotiated(); !ready) return tl::unexpected(ready.error());
    auto answer = http_.exchange(request(path));
    if (!answer) {
      // Another engine may be there next time.
      version_.reset();
      return tl::unexpected(answer.error());
    }
    if (answer->status == 200) return std::move(answer->body);
    return refused(*answer, path);
  }
  Expected<void> stream(const std::string& path, const HttpClient::Sink& sink, const Stop& stop) {
    if (auto ready = negotiated(); !ready) return tl::unexpected(ready.error());
    const auto answer = http_.stream(request(path), sink, stop, kStreamLasts);
    if (!answer) {
      version_.reset();
      return tl::unexpected(answer.error());
    }
    if (answer->status == 200 || stop) return {};
    return tl::unexpected(refused(*answer, path).value());
  }
  const std::string& name() const { return http_.server().text; }

 private:
  HttpRequest request(const std::string& path) const {
    return {.path = "/v" + version_->text() + path, .body = {}, .headers = {}};
  }
  tl::unexpected<Problem> refused(const HttpAnswer& answer, const std::string& path) {
    const std::string text = refusal(answer.body);
    version_.reset();
    if (answer.status == 400 && text.find("TTP request to an HTTPS server") != std::string::npos)
      return problem(name() +
                     ": the engine wants TLS; give --swarm-tls-ca-cert, --swarm-tls-cert, "
                     "and --swarm-tls-key");
    if (answer.status == 503 && text.find("swarm manager") != std::string::npos)
      return problem(name() +
                     ": the engine is no swarm manager; ask a manager, or use "
                     "--source docker on each node, or --source dns");
    if (answer.status == 403)
      return problem(fmt::format("{}: access to {} is denied ({}); a socket proxy must allow it",
                                 name(), path.substr(0, path.find('?')), text));
    return problem(fmt::format("{}: the engine refuses {} with {}: {}", name(),
                               path.substr(0, path.find('?')), answer.status, text));
  }
  Expected<void> negotiated() {
    if (version_) return {};
    if (!wanted_.empty()) {
      const auto given = ApiVersion::parse(wanted_);
      if (!given) return tl::unexpected(given.error());
      version_ = *given;
      return {};
    }
    const auto answer = http_.exchange({.path = "/version", .body = {}, .headers = {}});
    if (!answer) return tl::unexpected(answer.error());
    if (answer->status != 200) return tl::unexpected(refused(*answer, "/version").value());
    const auto engine = parse_version(answer->body);
    if (!engine) return at_source(name(), engine.error().text);
    const auto version = negotiate(*engine);
    if (!version) return at_source(name(), version.error().text);
    version_ = *version;
    log(LogLevel::Debug, "docker", "{}: engine {}, API {}", name(), engine->version,
        version_->text());
    return {};
  }

  HttpClient http_;
  const std::string wanted_;
  std::optional<ApiVersion> version_;
};

std::string filter(const char* json) { return url_encoded(json); }

class EngineProvider : public Provider {
 public:
  EngineProvider(const Options& options, const ServerUrl& url, const TlsFiles& tls, What what)
      : what_(what),
        options_(options),
        lists_(url, tls, options.api_version),
        events_(url, tls, options.api_version) {}

  std::string name() const override {
    return std::string(what_ == What::Tasks ? "swarm " : "docker ") + lists_.name();
  }

  Expected<Listing> list() override {
    auto networks = get("/networks", parse_networks);
    if (!networks) return tl::unexpected(networks.error());
    Selection selection{.cluster = options_.cluster,
                        .network = options_.network,
                        .mesh_port = options_.mesh_port,
                        .service_port = options_.service_port,
                        .tls = options_.mesh_tls,
                        .self = options_.host_name};
    std::vector<Container> all;
    bool has_tasks = what_ == What::Tasks;
    if (what_ == What::WhatThereIs) {
      // A proxy that keeps /info back makes it an engine like any other.
      const auto info = lists_.get("/info");
      has_tasks = info && is_swarm_manager(*info);
    }
    if (has_tasks) {
      auto tasks = list_tasks();
      if (!tasks) return tl::unexpected(tasks.error());
      all = std::move(*tasks);
    }
    if (what_ != What::Tasks) {
      auto containers = get("/containers/json?filters=" + filter(kLiving), parse_containers);
      if (!containers) return tl::unexpected(containers.error());
      for (Container& container : *containers) {
        // Names of a classic Swarm carry the host: it sees all of them.
        selection.sees_all_hosts |= !container.host.empty();
        if (std::ranges::find(all, container.id, &Container::id) == all.end())
          all.push_back(std::move(container));
      }
    }
    selection.sees_all_hosts |= has_tasks || options_.engine_urls.size() > 1;
    return select_members(all, *networks, selection);
  }

  Expected<void> watch(const std::function<void()>& changed, const Stop& stop) override {
    const auto wall = [] {
      return std::chrono::duration_cast<std::chrono::nanoseconds>(
                 std::chrono::system_clock::now().time_since_epoch())
          .count();
    };
    Lines lines;
    const auto line = [&](std::string_view text) {
      const auto event = parse_event(text);
      // What cannot be read may have been the one that matters.
      if (!event || (cursor_.accept(*event) && is_relevant(*event))) changed();
    };
    const HttpClient::Sink sink{.opened = changed, .bytes = [&](std::string_view bytes) {
                                  const std::uint64_t dropped = lines.dropped();
                                  lines.feed(bytes, line);
                                  if (lines.dropped() != dropped) changed();
                                  return true;
                                }};
    // The engine filters: health checks alone would be three events a container every few seconds.
    // By label it must not: that would drop the networks' events.
    return events_.stream(
        fmt::format("/events?since={}&filters={}", cursor_.since(wall()), filter(kEvents)), sink,
        stop);
  }

 private:
  static constexpr const char* kLiving = R"({"status":["running","paused","restarting"]})";
  static constexpr const char* kRunning = R"({"desired-state":["running"]})";
  static constexpr const char* kEvents =
      R"({"type":["container","network","service","node"],"event":["start","die","destroy","oom",)"
      R"("pause","unpause","rename","update","restart","health_status","connect","disconnect",)"
      R"("create","remove"]})";

  template <class Parse, class... More>
  auto get(const std::string& path, const Parse& parse, const More&... more)
      -> decltype(parse("", more...)) {
    const auto body = lists_.get(path);
    if (!body) return tl::unexpected(body.error());
    auto parsed = parse(*body, more...);
    if (!parsed) return at_source(lists_.name(), parsed.error().text);
    return parsed;
  }
  Expected<std::vector<Container>> list_tasks() {
    const auto services = get("/services", parse_services);
    if (!services) return tl::unexpected(services.error());
    const auto nodes = get("/nodes", parse_nodes);
    if (!nodes) return tl::unexpected(nodes.error());
    auto tasks = get("/tasks?filters=" + filter(kRunning), parse_tasks, *services, *nodes);
    // Desired to run is not running yet: it has no address, or will soon have.
    if (tasks) std::erase_if(*tasks, [](const Container& task) { return task.state != "running"; });
    return tasks;
  }

  const What what_;
  const Options options_;
  Engine lists_;   // Of the thread that lists.
  Engine events_;  // Of the thread that watches; so is the cursor.
  EventCursor cursor_;
};

Expected<Providers> make(const Options& options, What what) {
  const TlsFiles tls{.ca = options.tls_ca,
                     .cert = options.tls_cert,
                     .key = options.tls_key,
                     .allow_insecure = options.allow_insecure};
  Providers out;
  for (const std::string& text : options.engine_urls) {
    const auto url = ServerUrl::parse(text, tls.any());
    if (!url) return tl::unexpected(url.error());
    // The article's file names certificates whatever the engine is reached by; a socket needs none.
    if (url->base.starts_with("https"))
      if (auto ok = tls.check(); !ok) return tl::unexpected(ok.error());
    out.push_back(std::make_unique<EngineProvider>(options, *url, tls, what));
  }
  return out;
}

}  // namespace

Expected<Providers> make_docker(const Options& options) { return make(options, What::Containers); }
Expected<Providers> make_swarm(const Options& options) { return make(options, What::Tasks); }

Expected<Providers> make_auto(const Options& options) {
  // Whoever names a server or a file means it; an engine is what is left.
  Options named = options;
  if (!options.dns_names.empty()) named.sources.emplace_back("dns");
  if (!options.consul_url.empty()) named.sources.emplace_back("consul");
  if (!options.etcd_urls.empty()) named.sources.emplace_back("etcd");
  if (!options.file.empty()) named.sources.emplace_back("file");
  if (options.is_k8s || !options.k8s_service.empty()) named.sources.emplace_back("k8s");
  std::erase(named.sources, "auto");
  if (!named.sources.empty()) return make_providers(named);
  return make(options, What::WhatThereIs);
}

}  // namespace flotilla::discovery
