#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "client/failure.h"
#include "client/value.h"
#include "wire/ids.h"

namespace flotilla::client {

/// The address of a record: namespace, set (empty: none), digest, and the user key when it is
/// known.
struct Key {
  std::string ns;
  std::string set;
  wire::Digest digest;
  std::optional<Value> user_key = {};

  /// Computes the digest. Parameter: the user key is not an integer, double, string, or plain blob,
  /// or a name is too long (namespace 31 bytes, set 63).
  static Expected<Key> make(std::string_view ns, std::string_view set, Value user_key);
  /// A record known by digest alone.
  static Key from_digest(std::string_view ns, std::string_view set, const wire::Digest& digest);

  wire::PartitionId partition() const { return digest.partition(); }
};

}  // namespace flotilla::client
