#include "node.h"

#include <fmt/format.h>

namespace flotilla::client {

Expected<Connection> Node::take(Deadline deadline) {
  {
    std::lock_guard hold(lock_);
    while (!idle_.empty()) {
      Connection connection = std::move(idle_.back());
      idle_.pop_back();
      if (!connection.is_stale()) return connection;
      --open_;
    }
    if (open_ >= options_.connections_max)
      return fail(Status::NoMoreConnections,
                  fmt::format("all {} connections to the node are in use", open_), address_.text());
    ++open_;
  }
  auto connection = Connection::open(
      address_, earlier(deadline, deadline_after(options_.connect_timeout)), options_.access);
  if (!connection) drop();
  return connection;
}

void Node::give_back(Connection connection) {
  std::lock_guard hold(lock_);
  idle_.push_back(std::move(connection));
}

void Node::drop() {
  std::lock_guard hold(lock_);
  --open_;
}

void Node::close_idle() {
  std::lock_guard hold(lock_);
  open_ -= idle_.size();
  idle_.clear();
}

}  // namespace flotilla::client
