#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/key.h"
#include "client/value.h"

namespace flotilla::client {

struct Bin {
  std::string name;  // At most 15 bytes.
  Value value;

  friend bool operator==(const Bin&, const Bin&) = default;
};

/// What a read brought back. Bins stand in the order of the answer; an operate may name one bin
/// several times.
struct Record {
  Key key;  // Of a scan: with the user key when the server keeps it.
  std::vector<Bin> bins = {};
  std::uint32_t generation = 0;
  std::uint32_t void_time = 0;  // Seconds since 2010-01-01 UTC; 0: never expires.

  /// First bin of that name; null when there is none.
  const Value* find(std::string_view name) const;
  /// Time to live in seconds at `unix_seconds`: -1 never expires, at least 1 when it does.
  std::int64_t ttl(std::uint64_t unix_seconds) const;
};

}  // namespace flotilla::client
