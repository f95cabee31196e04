#pragma once

#include <chrono>
#include <cstdint>

#include "base/bytes.h"
#include "client/topology.h"

/// How a call is to be carried out. All are plain values: copy the default, change a field.
namespace flotilla::client {

using Milliseconds = std::chrono::milliseconds;

/// Common to all calls.
struct CommandPolicy {
  Milliseconds total_timeout{1000};  // For all attempts together; 0: none.
  Milliseconds socket_timeout{
      0};               // Silence of the node that ends an attempt; 0: the total timeout alone.
  int max_retries = 2;  // Further attempts after the first.
  Milliseconds sleep_between_retries{0};
  Replica replica = Replica::Sequence;
  bool consult_all_copies = false;  // Reads: no copy answers that might be behind another.
  Buffer filter = {};  // A packed expression that the record must meet, else the call fails with
                       // FilteredOut. Empty: none.
};

struct ReadPolicy {
  CommandPolicy command = {};
  /// Share of its time to live (1 to 100) below which a record that is read lives on for its full
  /// time again. 0: as the server is configured. -1: never.
  std::int32_t touch_below_percent = 0;
};

enum class Exists : std::uint8_t {
  Update,           // Create, or merge the bins into what is there.
  CreateOnly,       // Exists when the record does.
  UpdateOnly,       // NotFound when the record does not exist.
  CreateOrReplace,  // Create, or drop what is there first.
  ReplaceOnly,      // NotFound when the record does not exist.
};

enum class GenerationCheck : std::uint8_t {
  None,
  Equal,    // Generation unless the record has exactly this generation.
  Greater,  // Generation unless ours is greater: restoring from a backup.
};

/// Values of WritePolicy::ttl_seconds with a meaning of their own.
inline constexpr std::uint32_t kTtlOfNamespace = 0;
inline constexpr std::uint32_t kTtlNever = 0xFFFF'FFFF;
inline constexpr std::uint32_t kTtlKeep = 0xFFFF'FFFE;

struct WritePolicy {
  /// A write is not repeated by default: one that timed out may have been applied
  /// (Failure::in_doubt).
  CommandPolicy command{.max_retries = 0};
  Exists exists = Exists::Update;
  GenerationCheck generation_check = GenerationCheck::None;
  std::uint32_t generation = 0;
  std::uint32_t ttl_seconds = kTtlOfNamespace;
  bool send_key = false;        // Have the server keep the user key with the record.
  bool durable_delete = false;  // A delete leaves a tombstone.
  bool commit_master = false;   // Answer before the replicas have it.
  bool respond_all_ops =
      false;  // operate(): one result for each operation, also where there is none.
};

struct BatchPolicy {
  CommandPolicy command = {};
  bool send_key = false;
  bool respond_all_keys = true;  // Go on after the first row that fails.
};

struct ScanPolicy {
  /// No total timeout: a scan takes as long as it takes. A silent node is given up after
  /// socket_timeout, and its remaining partitions are read again, max_retries times.
  CommandPolicy command{.total_timeout = Milliseconds(0),
                        .socket_timeout = Milliseconds(30000),
                        .max_retries = 5,
                        .sleep_between_retries = Milliseconds(100),
                        .filter = {}};
  std::uint64_t max_records = 0;         // 0: all. A node may give a few fewer than its share.
  std::uint32_t records_per_second = 0;  // Of each node; 0: as fast as it can.
  /// Lists and maps as Blobs of type List and Map, just as they were sent: for copying them
  /// unchanged.
  bool keeps_containers_encoded = false;
  bool with_bins = true;  // False: keys, generations, and times alone.
};

}  // namespace flotilla::client
