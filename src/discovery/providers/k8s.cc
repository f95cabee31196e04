#include <fmt/format.h>
#include <unistd.h>

#include <fstream>

#include "base/parse.h"
#include "discovery/engine_answers.h"
#include "discovery/stream.h"
#include "providers/providers.h"

namespace flotilla::discovery {
namespace {

using std::chrono::minutes;

constexpr minutes kWatchLasts{5};
constexpr const char* kNamespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

std::string first_line(const std::string& path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  return std::string(trim(line));
}

class Kubernetes : public Provider {
 public:
  Kubernetes(const Options& options, const ServerUrl& url, const TlsFiles& tls)
      : options_(options), lists_(url, tls), watches_(url, tls) {}

  std::string name() const override { return "k8s " + lists_.server().text; }

  Expected<Listing> list() override {
    auto slices = read(lists_);
    if (!slices) return tl::unexpected(slices.error());
    return listing_of(std::move(slices->members), options_);
  }

  Expected<void> watch(const std::function<void()>& changed, const Stop& stop) override {
    // From the version of a full look; when that is gone (410), or at any trouble, from a new one.
    const auto slices = read(watches_);
    if (!slices) return tl::unexpected(slices.error());
    changed();
    bool is_good = true;
    Lines lines;
    const auto line = [&](std::string_view text) {
      is_good &= is_good_watch_event(text);
      changed();
    };
    const HttpClient::Sink sink{.bytes = [&](std::string_view bytes) {
      lines.feed(bytes, line);
      return is_good;
    }};
    const auto answer =
        watches_.stream(request(fmt::format("&watch=1&timeoutSeconds=290&resourceVersion={}",
                                            url_encoded(slices->version))),
                        sink, stop, kWatchLasts);
    if (!answer) return tl::unexpected(answer.error());
    if (answer->status != 200 && answer->status != 410 && !stop) return refused(*answer);
    return {};
  }

 private:
  HttpRequest request(const std::string& query) const {
    HttpRequest out{.path = fmt::format(
                        "/apis/discovery.k8s.io/v1/namespaces/{}/endpointslices?labelSelector={}{}",
                        url_encoded(options_.k8s_namespace),
                        url_encoded("kubernetes.io/service-name=" + options_.k8s_service), query),
                    .body = {},
                    .headers = {"Accept: application/json"}};
    // Read each time: the token is changed in place every hour or so.
    if (const std::string token = first_line(options_.k8s_token_file); !token.empty())
      out.headers.push_back("Authorization: Bearer " + token);
    return out;
  }
  Expected<EndpointSlices> read(HttpClient& http) const {
    const auto answer = http.exchange(request(""));
    if (!answer) return tl::unexpected(answer.error());
    if (answer->status != 200) return refused(*answer);
    return parse_endpoint_slices(answer->body, defaults_of(options_));
  }
  tl::unexpected<Problem> refused(const HttpAnswer& answer) const {
    if (answer.status == 401)
      return at_source(name(),
                       fmt::format("the token in {} is not accepted", options_.k8s_token_file));
    if (answer.status == 403)
      return at_source(name(),
                       "the service account may not list and watch endpointslices of "
                       "discovery.k8s.io; give it a role for that (deploy/k8s/discovery.yaml)");
    return at_source(name(),
                     fmt::format("Kubernetes answers {}: {}", answer.status, refusal(answer.body)));
  }

  const Options options_;
  HttpClient lists_;
  HttpClient watches_;  // Of the thread that watches.
};

}  // namespace

Expected<Providers> make_k8s(const Options& given) {
  Options options = given;
  if (options.k8s_service.empty()) return problem("the source k8s needs --k8s-service");
  if (options.k8s_url.empty())
    return problem("the source k8s needs --k8s-url when it does not run in a pod");
  if (options.k8s_namespace.empty()) options.k8s_namespace = first_line(kNamespaceFile);
  if (options.k8s_namespace.empty()) options.k8s_namespace = "default";
  TlsFiles tls{.ca = options.tls_ca,
               .cert = options.tls_cert,
               .key = options.tls_key,
               .allow_insecure = options.allow_insecure};
  if (tls.ca.empty() && ::access(options.k8s_ca.c_str(), R_OK) == 0) tls.ca = options.k8s_ca;
  if (auto ok = tls.check(); !ok) return tl::unexpected(ok.error());
  const auto url = ServerUrl::parse(options.k8s_url, true);
  if (!url) return tl::unexpected(url.error());
  Providers out;
  out.push_back(std::make_unique<Kubernetes>(options, *url, tls));
  return out;
}

}  // namespace flotilla::discovery
