#include "net/reactor.h"

namespace flotilla::net {

Connection::Connection(Reactor& reactor, Fd fd, std::string peer, std::string local)
    : reactor_(reactor), fd_(std::move(fd)), peer_(std::move(peer)), local_(std::move(local)) {}

Connection::~Connection() {
  session_.reset();  // It may look at the connection for the last time.
  if (open_count_ != nullptr) open_count_->fetch_sub(1);
}

}  // namespace flotilla::net
