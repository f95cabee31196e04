#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "client/client.h"
#include "client/task.h"

namespace flotilla::client {

class AsyncLoop;

/// The calls on single records, for coroutines: thousands may be under way on one thread.
///
///   Task<Expected<Record>> double_it(const AsyncClient& client, Key key) {
///     auto record = co_await client.get(key);
///     ...
///   }
///   auto result = wait(double_it(async, key));
///
/// Thread-safe. A call is made when its task is awaited; the coroutine goes on on the thread of
/// this object, which it must not block: while it computes, nothing else of this client moves.
/// Routing, retries, deadlines, and failures are those of Client; see there. Policies, keys, and
/// bins are copied, so nothing that is passed needs to outlive the call. A call for which no
/// connection comes free fails with NoMoreConnections once Options::waiting_max others wait for the
/// same node.
class AsyncClient {
 public:
  struct Options {
    std::size_t connections_per_node_max = 100;  // Of its own, beside those of the Client.
    std::size_t waiting_max = 100'000;           // Calls that wait for a connection to one node.
  };

  /// Follows the cluster by means of `client`, which must outlive this.
  explicit AsyncClient(const Client& client) : AsyncClient(client, Options{}) {}
  AsyncClient(const Client& client, Options options);
  AsyncClient(AsyncClient&&) noexcept;
  AsyncClient& operator=(AsyncClient&&) noexcept;
  /// Calls under way fail with Aborted; their coroutines have gone on when this returns.
  ~AsyncClient();

  Task<Expected<Record>> get(Key key, std::vector<std::string> bin_names = {},
                             ReadPolicy policy = {}) const;
  Task<Expected<bool>> exists(Key key, ReadPolicy policy = {}) const;
  Task<Expected<Written>> put(Key key, std::vector<Bin> bins, WritePolicy policy = {}) const;
  Task<Expected<bool>> remove(Key key, WritePolicy policy = {}) const;
  Task<Expected<Record>> operate(Key key, std::vector<Operation> operations,
                                 WritePolicy policy = {}) const;

 private:
  std::unique_ptr<AsyncLoop> loop_;
};

}  // namespace flotilla::client
