#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "connection.h"

namespace flotilla::client {

/// One node of the cluster and the connections to it. Thread-safe; shared by every topology that
/// names it.
class Node {
 public:
  struct Options {
    std::size_t connections_max = 100;  // Taken and idle together.
    std::chrono::milliseconds connect_timeout{1000};
    std::shared_ptr<Access> access = {};  // Null: plain connections of nobody.
  };

  Node(std::string name, Address address, Options options)
      : name_(std::move(name)),
        address_(std::move(address)),
        address_text_(address_.text()),
        options_(std::move(options)) {}

  const std::string& name() const { return name_; }
  const Address& address() const { return address_; }
  const std::string& address_text() const { return address_text_; }
  const std::shared_ptr<Access>& access() const { return options_.access; }

  /// An idle connection, or a new one. NoMoreConnections at the bound. Each that was taken is to be
  /// given back or dropped, whatever happens to it.
  Expected<Connection> take(Deadline deadline);
  void give_back(Connection connection);
  /// The connection was closed instead.
  void drop();
  void close_idle();

 private:
  const std::string name_;
  const Address address_;
  const std::string address_text_;  // Every reply is read with it at hand.
  const Options options_;
  std::mutex lock_;
  std::vector<Connection> idle_;  // Guarded by lock_.
  std::size_t open_ = 0;          // Guarded by lock_: idle ones and taken ones.
};

}  // namespace flotilla::client
