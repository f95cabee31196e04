#pragma once

#include <string>
#include <string_view>

#include "info/node_view.h"

namespace flotilla::info {

struct HttpAnswer {
  int status = 200;
  std::string content_type;
  std::string body;
};

/// What the HTTP port answers to GET of a path: "/metrics", "/livez", "/readyz", "/". Takes no lock
/// of the data path.
HttpAnswer http_answer(NodeView& node, std::string_view path);

/// The same before there is a node to ask: it lives, and is not ready; `progress` says how far it
/// is.
HttpAnswer http_answer_at_start(std::string_view progress, std::string_view path);

/// Prometheus text of all statistics, under the names that the vendor's exporter gives them, so
/// that dashboards go on working; and under flotilla_ what only this server knows.
std::string metrics(NodeView& node);

}  // namespace flotilla::info
