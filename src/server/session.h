#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "exec/executor.h"
#include "net/session.h"
#include "wall_clock.h"
#include "wire/frame.h"

namespace flotilla::server {

/// Answers the text commands of a connection.
class InfoService {
 public:
  /// What the answers may depend on.
  struct Asker {
    std::string local;  // Address and port that the client connected to.
    std::string peer;
    bool admin = false;      // Through the admin port.
    std::string user_agent;  // As user-agent-set gave it; empty: not yet.
  };
  virtual ~InfoService() = default;
  /// The whole reply body for a whole request body.
  virtual std::string answer(Asker& asker, std::string_view request) = 0;
  virtual void connection_closed(const Asker&) {}
};

/// What all sessions of one reactor share.
struct ReactorContext {
  exec::Executor& executor;
  InfoService& info;
  WallClock wall;
  std::function<void(std::unique_ptr<exec::Task>)> run_in_background;
  const std::atomic<bool>& storage_failed;  // Then what waits for a log waits in vain.
};

/// Hints at the first request of each of several connections (net::Reactor::set_look_ahead).
void look_ahead(const exec::Executor& executor, std::span<const Bytes> received);

/// A client connection: frames in, replies out, in the order of the requests.
///
/// Replies that must be durable first stay in the send buffer behind a gate; later requests run
/// meanwhile, and their replies queue up behind. A batch or query that outlasts a slice holds up
/// the connection's later requests.
class ClientSession : public net::Session {
 public:
  ClientSession(net::Connection& connection, ReactorContext& context, bool admin);
  ~ClientSession() override;

  Input on_bytes(Bytes in) override;
  Turn on_turn() override;
  Instant wake_at() const override { return wake_at_; }
  std::size_t sendable(std::size_t waiting) override;
  void on_sent(std::size_t size) override;
  Duration stall_limit() const override;
  bool busy() const override { return task_ != nullptr; }

 private:
  /// The bytes of the send buffer from `from` on wait behind a gate. An open one holds back
  /// nothing: it stands behind others, to note how long the reply before it took.
  struct HeldBytes {
    std::size_t from;
    exec::Gate gate{};
    bool one_message = false;  // They begin with the reply to one request on one record.
    Histogram* latency = nullptr;
    Instant since{};
  };

  void look_ahead(Bytes in);
  bool dispatch(const wire::FrameHeader& header, Bytes body);
  void on_message(Bytes body);
  bool on_compressed(Bytes body);
  void on_info(Bytes body);
  void on_security(Bytes body);
  void hold(std::size_t from, const std::vector<exec::Gate>& gates, bool one_message);
  void put_in_doubt(const HeldBytes& held);
  void note_latency(Histogram* latency, Instant since);

  net::Connection& connection_;
  ReactorContext& context_;
  InfoService::Asker asker_;
  std::unique_ptr<exec::Task> task_;
  Instant task_since_{};
  Instant wake_at_{};
  std::size_t ahead_ = 0;  // Messages at the front that look_ahead() has seen.
  std::deque<HeldBytes> held_;
  bool hang_up_ = false;  // A reply cannot be completed.
};

}  // namespace flotilla::server
