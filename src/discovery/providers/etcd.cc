#include <fmt/format.h>

#include <algorithm>

#include "discovery/engine_answers.h"
#include "discovery/stream.h"
#include "json.h"
#include "providers/providers.h"

namespace flotilla::discovery {
namespace {

using std::chrono::minutes;

constexpr minutes kWatchLasts{10};
constexpr const char* kJsonContent = "Content-Type: application/json";

std::string base64(std::string_view text) { return to_base64(as_bytes(text)); }

/// The first key behind all that begin with the prefix.
std::string end_of(std::string prefix) {
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xFF) prefix.pop_back();
  if (prefix.empty()) return std::string(1, '\0');  // To the end of all keys.
  prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

class Etcd : public Provider {
 public:
  Etcd(const Options& options, const std::vector<ServerUrl>& urls, const TlsFiles& tls)
      : options_(options) {
    for (const ServerUrl& url : urls) {
      lists_.push_back(std::make_unique<HttpClient>(url, tls));
      watches_.push_back(std::make_unique<HttpClient>(url, tls));
    }
  }

  std::string name() const override { return "etcd " + lists_.front()->server().text; }

  Expected<Listing> list() override {
    const auto range = read(lists_, list_at_);
    if (!range) return tl::unexpected(range.error());
    Listing listing = listing_of(range->members, options_);
    listing.problems = range->problems;
    return listing;
  }

  Expected<void> watch(const std::function<void()>& changed, const Stop& stop) override {
    // From the revision behind a full look: nothing falls between, whatever has been compacted.
    const auto range = read(watches_, watch_at_);
    if (!range) return tl::unexpected(range.error());
    changed();
    const Json request = {{"create_request",
                           {{"key", base64(options_.etcd_prefix)},
                            {"range_end", base64(end_of(options_.etcd_prefix))},
                            {"start_revision", std::to_string(range->revision + 1)}}}};
    bool is_cancelled = false;
    Lines lines;
    const auto line = [&](std::string_view text) {
      const auto event = parse_etcd_watch(text);
      if (!event || event->has_events) changed();
      is_cancelled |= event && event->is_cancelled;
    };
    const HttpClient::Sink sink{.bytes = [&](std::string_view bytes) {
      lines.feed(bytes, line);
      return !is_cancelled;  // Compacted: the next look begins anew.
    }};
    const auto answer = watches_[watch_at_]->stream(
        {.path = "/v3/watch", .body = to_text(request), .headers = {kJsonContent}}, sink, stop,
        kWatchLasts);
    if (!answer) return tl::unexpected(answer.error());
    if (answer->status != 200 && !stop)
      return at_source(name(),
                       fmt::format("etcd answers {}: {}", answer->status, refusal(answer->body)));
    return {};
  }

 private:
  using Clients = std::vector<std::unique_ptr<HttpClient>>;

  Expected<EtcdRange> read(Clients& clients, std::size_t& at) {
    const Json request = {{"key", base64(options_.etcd_prefix)},
                          {"range_end", base64(end_of(options_.etcd_prefix))}};
    Problem last;
    for (std::size_t i = 0; i < clients.size(); ++i) {
      const auto answer = clients[at]->exchange(
          {.path = "/v3/kv/range", .body = to_text(request), .headers = {kJsonContent}});
      if (answer && answer->status == 200) {
        auto range = parse_etcd(answer->body, defaults_of(options_));
        if (range) return range;
        last = range.error();
      } else {
        last =
            answer
                ? Problem{fmt::format("etcd answers {}: {}", answer->status, refusal(answer->body))}
                : answer.error();
      }
      // The next member of that etcd.
      at = (at + 1) % clients.size();
    }
    return at_source(name(), last.text);
  }

  const Options options_;
  Clients lists_;
  Clients watches_;  // Of the thread that watches.
  std::size_t list_at_ = 0;
  std::size_t watch_at_ = 0;
};

}  // namespace

Expected<Providers> make_etcd(const Options& options) {
  if (options.etcd_urls.empty()) return problem("the source etcd needs --etcd-url");
  const TlsFiles tls{.ca = options.tls_ca,
                     .cert = options.tls_cert,
                     .key = options.tls_key,
                     .allow_insecure = options.allow_insecure};
  if (auto ok = tls.check(); !ok) return tl::unexpected(ok.error());
  std::vector<ServerUrl> urls;
  for (const std::string& text : options.etcd_urls) {
    const auto url = ServerUrl::parse(text, tls.any());
    if (!url) return tl::unexpected(url.error());
    urls.push_back(*url);
  }
  Providers out;
  out.push_back(std::make_unique<Etcd>(options, urls, tls));
  return out;
}

}  // namespace flotilla::discovery
