#pragma once

#include <string>

#include "base/result.h"
#include "cluster/ids.h"

namespace flotilla::cluster {

/// The first frame of each side on a connection of the fabric: who speaks, and to whom. A restarted
/// node behind the same address is another Process, and a node of another cluster may stand where
/// one of ours was: neither may take frames for the other. docs/formats/fabric.md.
struct FabricHello {
  static constexpr std::size_t kSizeMost = 128;  // Bytes.

  Process from;
  Process to;
  std::string cluster_name;  // At most 63 bytes.

  Buffer encode() const;
  /// Parameter: no such frame, or another version of it.
  static Result<FabricHello> parse(Bytes frame);

  friend bool operator==(const FabricHello&, const FabricHello&) = default;
};

}  // namespace flotilla::cluster
