#include "client/record.h"

#include <algorithm>

#include "base/time.h"

namespace flotilla::client {

const Value* Record::find(std::string_view name) const {
  const auto at = std::ranges::find(bins, name, &Bin::name);
  return at == bins.end() ? nullptr : &at->value;
}

std::int64_t Record::ttl(std::uint64_t unix_seconds) const {
  if (void_time == 0) return -1;
  const auto left = static_cast<std::int64_t>(void_time + kEpochUnixSeconds) -
                    static_cast<std::int64_t>(unix_seconds);
  // A record past its time that the server still gave out has "a moment" left.
  return std::max<std::int64_t>(left, 1);
}

}  // namespace flotilla::client
