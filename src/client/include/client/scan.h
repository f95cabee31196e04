#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/value.h"
#include "wire/ids.h"

namespace flotilla::client {

/// Where an indexed query looks: the values of one bin between two ends.
struct IndexRange {
  enum class Elements : std::uint8_t { Default = 0, List = 1, MapKeys = 2, MapValues = 3 };

  std::string bin;
  Value begin;  // Integer, string, blob, or GeoJSON; integers: both ends included.
  Value end;    // As `begin` where one value is meant.
  Elements elements = Elements::Default;
  std::string index_name = {};  // Instead of the bin; empty: by bin.
};

/// Which records to hand over.
struct ScanSpec {
  std::string ns;
  std::string set = {};  // Empty: all sets.
  std::vector<std::string> bin_names =
      {};                                // Empty: all bins. Records with none of them are left out.
  std::optional<IndexRange> where = {};  // Nothing: every record.
};

/// How far a scan has come, partition by partition. A value: keep it, copy it, go on from it later.
class ScanCursor {
 public:
  /// All partitions from their beginnings.
  ScanCursor() : positions_(wire::kPartitions) {}
  /// Only these partitions.
  explicit ScanCursor(const std::bitset<wire::kPartitions>& partitions);

  bool is_done() const;
  bool is_done(wire::PartitionId partition) const { return positions_[partition.raw()].done; }

  /// Behind which record of a partition to go on.
  struct Position {
    bool done = false;
    std::optional<wire::Digest> after;
    std::int64_t after_value = 0;  // Of indexed queries: the record's place in the index.
  };
  const Position& position(wire::PartitionId partition) const {
    return positions_[partition.raw()];
  }
  void passed(wire::PartitionId partition, const wire::Digest& digest, std::int64_t value) {
    positions_[partition.raw()].after = digest;
    positions_[partition.raw()].after_value = value;
  }
  void finish(wire::PartitionId partition) { positions_[partition.raw()].done = true; }

 private:
  std::vector<Position> positions_;
};

}  // namespace flotilla::client
