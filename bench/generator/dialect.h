#pragma once

#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "generator/keys.h"

namespace flotilla::bench {

/// A request that was sent and is not answered yet.
struct Ticket {
  std::uint64_t request = 0;  // Its number; the keys follow from it.
  std::uint64_t sent_ns = 0;
  std::uint64_t records = 0;  // Records seen in its reply so far.
};

/// What Dialect::take() used up of the input.
struct Taken {
  std::size_t bytes = 0;    // 0: the next message is not complete; read more.
  bool is_last = false;     // The ticket is answered.
  std::size_t missing = 0;  // With bytes == 0: how many more are needed at least; 1 when unknown.
};

/// One server's way of asking and answering. Stateless but for what was given at construction;
/// replies come in the order of the requests.
class Dialect {
 public:
  virtual ~Dialect() = default;

  /// Adds the bytes of the request to what is sent next.
  virtual void append_request(Buffer& to, std::uint64_t request) const = 0;
  /// Checks the message at the start of `in` against the ticket. Unknown: the answer is not the
  /// right one.
  virtual Result<Taken> take(Bytes in, Ticket& ticket) const = 0;
};

enum class Operation : std::uint8_t { Get, Put, Batch, Query, Message };

struct DialectOptions {
  std::string name_space = "test";
  std::string set = "bench";
  std::size_t value_bytes = 100;  // At least 8.
  std::size_t value_bytes_most =
      0;  // Above value_bytes: sizes of values are uniform up to here. For get and put.
  std::size_t echo_bytes =
      0;  // Not 0: the server is the echo server, each reply has so many bytes.
  std::uint64_t query_id =
      1;  // Of the first query; servers refuse an id that they have seen lately.
  std::uint64_t query_records = 0;  // Records a query has to return; 0: any number.
  Buffer message = {};  // Of Message: a whole request for one record, with any digest in it.
};

/// The Aerospike protocol; `keys` and `digests` outlive the dialect. Null for a message that names
/// no record.
std::unique_ptr<Dialect> make_aerospike_dialect(Operation operation, const DialectOptions& options,
                                                const Keys& keys, const DigestTable& digests);
/// RESP: GET, SET, and MGET for a batch. Null for a query.
std::unique_ptr<Dialect> make_redis_dialect(Operation operation, const DialectOptions& options,
                                            const Keys& keys);
/// Memcached's text protocol: get, set, and a get of many keys for a batch. Null for a query.
std::unique_ptr<Dialect> make_memcached_dialect(Operation operation, const DialectOptions& options,
                                                const Keys& keys);

}  // namespace flotilla::bench
