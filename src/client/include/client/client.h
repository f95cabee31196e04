#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "client/address.h"
#include "client/client_options.h"
#include "client/failure.h"
#include "client/info.h"
#include "client/key.h"
#include "client/operation.h"
#include "client/policy.h"
#include "client/record.h"
#include "client/scan.h"

namespace flotilla::client {

class AsyncClient;
class Cluster;

/// What a write leaves behind.
struct Written {
  std::uint32_t generation = 0;
  std::uint32_t void_time = 0;  // Seconds since 2010-01-01 UTC; 0: never expires.
};

/// One row of a batch, by kind.
struct BatchRow {
  enum class Kind : std::uint8_t { Read, ReadHeader, Operate, Remove };

  Key key;
  Kind kind = Kind::Read;
  std::vector<std::string> bin_names = {};  // Of Read: empty for all.
  std::vector<Operation> operations = {};   // Of Operate.
  WritePolicy policy = {};  // Of Operate and Remove; its command part is not looked at.

  /// Filled by batch(): the record, or why there is none.
  Expected<Record> result = fail(Status::NoResponse, "not answered");
};

/// What a node calls itself, and where it was reached.
struct NodeName {
  std::string name;
  Address address;
};

/// A client of one cluster. It finds all nodes from a few seeds, follows them as they come and go,
/// and sends every request to the node that owns the record.
///
/// Thread-safe: any number of threads may call. Every call blocks its thread until it is done or
/// its time is over. One more thread of the client's own asks the nodes once in
/// ClientOptions::tend_interval.
///
/// Failures with a positive code come from the server; see Failure. A write whose fate is unknown
/// says so (in_doubt).
class Client {
 public:
  /// Returns once the cluster is known. Fails when not one seed answers.
  static Expected<Client> connect(std::vector<Address> seeds, ClientOptions options = {});
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  /// `bin_names` empty: all bins. NotFound.
  Expected<Record> get(const Key& key, std::span<const std::string> bin_names = {},
                       const ReadPolicy& policy = {}) const;
  /// Generation and void-time without bins; nothing when there is no record.
  Expected<std::optional<Record>> get_header(const Key& key, const ReadPolicy& policy = {}) const;
  Expected<bool> exists(const Key& key, const ReadPolicy& policy = {}) const;

  /// At least one bin; a Nil value removes its bin.
  Expected<Written> put(const Key& key, std::span<const Bin> bins,
                        const WritePolicy& policy = {}) const;
  /// False when there was no record.
  Expected<bool> remove(const Key& key, const WritePolicy& policy = {}) const;
  /// A new generation and time to live. NotFound.
  Expected<Written> touch(const Key& key, const WritePolicy& policy = {}) const;
  /// The results of the operations, as bins in their order.
  Expected<Record> operate(const Key& key, std::span<const Operation> operations,
                           const WritePolicy& policy = {}) const;

  /// All rows, each node's share in one request. Succeeds when every row has been answered,
  /// whatever its result; otherwise unanswered rows carry NoResponse.
  Expected<void> batch(std::span<BatchRow> rows, const BatchPolicy& policy = {}) const;

  /// Hands over every record that `spec` selects, from where `cursor` stands. `on_record` is called
  /// by one thread at a time; when it returns false the scan ends, and so it does at
  /// policy.max_records: the cursor then stands behind the last record handed over, and another
  /// call goes on from there.
  using OnRecord = std::function<bool(Record&&)>;
  Expected<void> scan(const ScanSpec& spec, ScanCursor& cursor, const OnRecord& on_record,
                      const ScanPolicy& policy = {}) const;

  std::vector<NodeName> nodes() const;
  /// The owners of a key's partition: master first, then replicas. Empty: nobody owns it at
  /// present.
  std::vector<NodeName> owners(const Key& key) const;
  /// Asks one node (by name; empty: any). NoNode: no such node.
  Expected<std::vector<InfoAnswer>> info(std::string_view node,
                                         std::span<const std::string_view> commands,
                                         Milliseconds timeout = Milliseconds(1000)) const;
  /// For ask(), of addresses that are no members; null where ClientOptions::security asks for
  /// nothing.
  std::shared_ptr<Access> access() const;

 private:
  friend AsyncClient;  // Follows the same cluster.
  explicit Client(std::unique_ptr<Cluster> cluster);

  std::unique_ptr<Cluster> cluster_;
};

}  // namespace flotilla::client
