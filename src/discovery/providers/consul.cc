#include <fmt/format.h>

#include <algorithm>

#include "base/parse.h"
#include "discovery/engine_answers.h"
#include "providers/providers.h"

namespace flotilla::discovery {
namespace {

using std::chrono::seconds;

// Consul adds up to a sixteenth to the wait it is asked for.
constexpr int kWaitSeconds = 55;
constexpr std::chrono::milliseconds kWaitTimeout = seconds(70);

class Consul : public Provider {
 public:
  Consul(const Options& options, const ServerUrl& url, const TlsFiles& tls)
      : options_(options), lists_(url, tls), waits_(url, tls) {}

  std::string name() const override { return "consul " + lists_.server().text; }

  Expected<Listing> list() override {
    const auto answer = passed(lists_.exchange(request("", seconds(10))));
    if (!answer) return tl::unexpected(answer.error());
    auto members = parse_consul(answer->body, defaults_of(options_));
    if (!members) return at_source(name(), members.error().text);
    return listing_of(std::move(*members), options_);
  }

  Expected<void> watch(const std::function<void()>& changed, const Stop& stop) override {
    // The first answer comes at once and says where the index stands.
    const std::string query =
        index_ == 0 ? "" : fmt::format("&wait={}s&index={}", kWaitSeconds, index_);
    const HttpClient::Sink sink{.bytes = [](std::string_view) { return true; }};
    const auto waited = waits_.stream(request(query, kWaitTimeout), sink, stop, kWaitTimeout);
    if (stop) return {};
    const auto answer = passed(waited);
    if (!answer) {
      index_ = 0;
      return tl::unexpected(answer.error());
    }
    const std::uint64_t index = parse_u64(answer->header("X-Consul-Index")).value_or(0);
    if (index == index_) return {};  // The wait is over, and nothing has happened.
    // An index that goes backwards is that of a server that has begun anew.
    index_ = index < index_ ? 0 : index;
    changed();
    return {};
  }

 private:
  std::string path(const std::string& query) const {
    return fmt::format("/v1/health/service/{}?passing=true{}", url_encoded(options_.consul_service),
                       query);
  }
  HttpRequest request(const std::string& query, std::chrono::milliseconds timeout) const {
    HttpRequest out{.path = path(query), .body = {}, .headers = {}, .timeout = timeout};
    if (!options_.consul_token.empty())
      out.headers.push_back("X-Consul-Token: " + options_.consul_token);
    return out;
  }
  Expected<HttpAnswer> passed(Expected<HttpAnswer> answer) const {
    if (answer && answer->status != 200)
      return at_source(name(),
                       fmt::format("Consul answers {}: {}", answer->status, refusal(answer->body)));
    return answer;
  }
  const Options options_;
  HttpClient lists_;
  HttpClient waits_;  // Of the thread that watches; so is the index.
  std::uint64_t index_ = 0;
};

}  // namespace

Expected<Providers> make_consul(const Options& options) {
  if (options.consul_url.empty()) return problem("the source consul needs --consul-url");
  // Consul's own tools write "host:8500" without a scheme.
  const std::string text = options.consul_url.find("://") == std::string::npos
                               ? "http://" + options.consul_url
                               : options.consul_url;
  const TlsFiles tls{.ca = options.tls_ca,
                     .cert = options.tls_cert,
                     .key = options.tls_key,
                     .allow_insecure = options.allow_insecure};
  if (auto ok = tls.check(); !ok) return tl::unexpected(ok.error());
  const auto url = ServerUrl::parse(text, tls.any());
  if (!url) return tl::unexpected(url.error());
  Providers out;
  out.push_back(std::make_unique<Consul>(options, *url, tls));
  return out;
}

}  // namespace flotilla::discovery
