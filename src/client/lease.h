#pragma once

#include <memory>
#include <optional>

#include "node.h"

namespace flotilla::client {

/// A connection taken from its node's pool. It goes back only by keep(), when the stream stands at
/// the end of a reply; otherwise it is closed.
class Lease {
 public:
  static Expected<Lease> take(std::shared_ptr<Node> node, Deadline deadline) {
    auto connection = node->take(deadline);
    if (!connection) return tl::unexpected(connection.error());
    return Lease(std::move(node), *std::move(connection));
  }
  Lease(Lease&& from) noexcept
      : node_(std::move(from.node_)), connection_(std::move(from.connection_)) {
    from.connection_.reset();
  }
  Lease& operator=(Lease&&) = delete;
  ~Lease() {
    if (!connection_) return;
    connection_.reset();
    node_->drop();
  }

  Connection& connection() { return *connection_; }
  void keep() {
    node_->give_back(*std::move(connection_));
    connection_.reset();
  }

 private:
  Lease(std::shared_ptr<Node> node, Connection connection)
      : node_(std::move(node)), connection_(std::move(connection)) {}

  std::shared_ptr<Node> node_;
  std::optional<Connection> connection_;
};

}  // namespace flotilla::client
