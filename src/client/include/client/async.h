#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/client.h"
#include "client/task.h"

namespace flotilla::client {

class AsyncLoop;

/// What a batch came to: the rows as they were given, with their results, and whether every one has
/// been answered. See Client::batch().
struct AsyncBatch {
  std::vector<BatchRow> rows;
  Expected<void> outcome;
};

/// What a scan came to: how far it has come, and why it ended before its end, if it did. Another
/// call with the cursor goes on from there. See Client::scan().
struct AsyncScan {
  ScanCursor cursor;
  Expected<void> outcome;
};

/// All calls of Client, for coroutines: thousands may be under way on one thread.
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
/// same node. Several calls at the same time: gather() (client/task.h).
///
/// Calls on records that go to the same node at the same time share a connection, where that does
/// not make them wait: what they ask leaves in one packet, which costs client and node a fraction
/// of what packets of their own would. One that times out takes the connection from the others only
/// if the node does not even take the request; their own replies still come.
///
/// Nodes and owners of keys, which no call has to wait for, are told by the Client.
class AsyncClient {
 public:
  struct Options {
    std::size_t connections_per_node_max = 100;  // Of its own, beside those of the Client.
    std::size_t calls_per_connection_max = 32;   // 1: each has a connection to itself.
    /// Who would have to wait longer for others takes a connection of its own.
    std::chrono::microseconds sharing_wait_max{1000};
    std::size_t waiting_max = 100'000;  // Calls that wait for a connection to one node.
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
  /// Nothing when there is no record.
  Task<Expected<std::optional<Record>>> get_header(Key key, ReadPolicy policy = {}) const;
  Task<Expected<bool>> exists(Key key, ReadPolicy policy = {}) const;
  Task<Expected<Written>> put(Key key, std::vector<Bin> bins, WritePolicy policy = {}) const;
  Task<Expected<bool>> remove(Key key, WritePolicy policy = {}) const;
  Task<Expected<Written>> touch(Key key, WritePolicy policy = {}) const;
  Task<Expected<Record>> operate(Key key, std::vector<Operation> operations,
                                 WritePolicy policy = {}) const;

  /// All nodes work on their shares at the same time.
  Task<AsyncBatch> batch(std::vector<BatchRow> rows, BatchPolicy policy = {}) const;
  /// `on_record` is called on the thread of this object, one record at a time, and must not block
  /// it; where it would, set ScanPolicy::max_records and go on page by page.
  Task<AsyncScan> scan(ScanSpec spec, ScanCursor cursor, Client::OnRecord on_record,
                       ScanPolicy policy = {}) const;
  /// Goes on then, on the thread of this object. False: the client was closed before.
  Task<bool> sleep_until(std::chrono::steady_clock::time_point then) const;
  /// `node`: a name of Client::nodes(); empty: any. NoNode: no such node.
  Task<Expected<std::vector<InfoAnswer>>> info(std::string node, std::vector<std::string> commands,
                                               Milliseconds timeout = Milliseconds(1000)) const;

 private:
  std::unique_ptr<AsyncLoop> loop_;
};

}  // namespace flotilla::client
