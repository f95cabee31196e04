#pragma once

#include <sys/epoll.h>

#include <deque>
#include <vector>

#include "generator/dialect.h"
#include "generator/histogram.h"
#include "generator/machine.h"

namespace flotilla::bench {

struct LoadOptions {
  std::uint16_t port = 3000;
  std::uint32_t connections = 64;
  std::uint32_t in_flight = 1;  // Requests per connection, without a rate.
  double rate = 0;  // Requests per second over all connections; 0: as fast as they are answered.
  std::uint64_t warm_up = 0;        // Requests answered before measuring starts.
  std::uint64_t operations = 1;     // Requests that are measured.
  std::uint64_t first_request = 0;  // Number of the first request.
  int server_pid = 0;               // 0: the server's CPU time is not read.
};

struct LoadResult {
  std::uint64_t operations = 0;
  std::uint64_t records = 0;
  std::uint64_t wall_ns = 0;
  std::uint64_t server_cpu_ns = 0;
  std::uint64_t generator_cpu_ns = 0;
  std::uint64_t reply_bytes = 0;
  std::uint64_t background =
      0;  // Requests of the background connection that were answered meanwhile.
  Histogram latency;
};

/// Load on one thread. Without a rate a closed loop: every connection keeps `in_flight` requests
/// outstanding, each answer is replaced by a new request. With a rate an open one: each request is
/// due at its time whatever has been answered, and its latency counts from there. Every answer is
/// checked; the first wrong one, or a closed connection, ends the run as an error.
class Load {
 public:
  /// `background`, if any, is asked all the time on a connection of its own, one request after the
  /// other, unmeasured.
  Load(const LoadOptions& options, const Dialect& dialect, const Dialect* background = nullptr);

  /// Call once.
  Result<LoadResult> run();

 private:
  struct Connection {
    Fd fd;
    Buffer input;  // Received bytes wait in [taken, filled).
    std::size_t taken = 0;
    std::size_t filled = 0;
    Buffer output;  // Bytes from `sent` on are still to be sent.
    std::size_t sent = 0;
    std::deque<Ticket> tickets;  // In the order of sending.
    bool is_background = false;
  };
  struct Mark {
    std::uint64_t at_ns = 0;
    std::uint64_t server_ns = 0;
    std::uint64_t generator_ns = 0;
  };

  Result<void> open();
  Result<void> open_one(bool is_background);
  Result<void> wait_once();
  Result<void> send_due();
  Result<void> serve(Connection& c);
  /// Answers how many bytes the next message lacks at least.
  Result<std::size_t> take_replies(Connection& c);
  Result<void> complete(const Connection& c, std::uint64_t at_ns);
  void top_up(Connection& c);
  void ask(Connection& c, std::uint64_t request, std::uint64_t due_ns);
  Result<void> flush(Connection& c);
  Result<Mark> mark() const;
  Result<void> start_measuring();
  Result<void> stop_measuring();

  LoadOptions options_;
  const Dialect& dialect_;
  const Dialect* background_;
  Fd poll_;
  std::vector<Connection> connections_;
  std::uint64_t next_request_;
  std::uint64_t last_request_;  // One past it.
  std::uint64_t next_background_ = 0;
  std::uint64_t opened_ns_ = 0;
  std::uint64_t completed_ = 0;
  bool is_measuring_ = false;
  bool is_done_ = false;
  Mark start_;
  LoadResult result_;
};

}  // namespace flotilla::bench
