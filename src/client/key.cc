#include "client/key.h"

#include <cmath>

#include "client/codec.h"

namespace flotilla::client {
namespace {

constexpr std::size_t kNamespaceSizeMax = 31;
constexpr std::size_t kSetSizeMax = 63;

bool can_be_key(const Value& value) {
  if (const auto* blob = value.get_if<Blob>()) return blob->type == wire::ParticleType::Blob;
  return value.is<std::int64_t>() || value.is<double>() || value.is<std::string>();
}

}  // namespace

Expected<Key> Key::make(std::string_view ns, std::string_view set, Value user_key) {
  if (ns.empty() || ns.size() > kNamespaceSizeMax)
    return fail(Status::Parameter, "a namespace name has 1 to 31 bytes");
  if (set.size() > kSetSizeMax) return fail(Status::Parameter, "a set name has at most 63 bytes");
  if (!can_be_key(user_key))
    return fail(Status::Parameter, "a key is an integer, a double, a string, or bytes");
  const auto encoded = encode(user_key);
  if (!encoded) return fail(Status::Parameter, std::string(encoded.error().why));
  return Key{.ns = std::string(ns),
             .set = std::string(set),
             .digest = wire::digest_of(set, encoded->type, encoded->bytes),
             .user_key = std::move(user_key)};
}

Key Key::from_digest(std::string_view ns, std::string_view set, const wire::Digest& digest) {
  return Key{.ns = std::string(ns), .set = std::string(set), .digest = digest};
}

}  // namespace flotilla::client
