#include "decode.h"

#include <fmt/format.h>

#include "client/codec.h"
#include "client/login.h"

namespace flotilla::client {
namespace {

tl::unexpected<Failure> nonsense(std::string_view why, const std::string& node) {
  return fail(Status::Client, fmt::format("the node's reply does not parse: {}", why), node);
}

}  // namespace

Expected<std::vector<Bin>> decode_bins(const wire::Ops& ops, const std::string& node,
                                       bool keeps_encoded) {
  std::vector<Bin> bins;
  bins.reserve(ops.count());
  for (const wire::Op& op : ops) {
    const bool is_container =
        op.particle_type == wire::ParticleType::List || op.particle_type == wire::ParticleType::Map;
    if (keeps_encoded && is_container) {
      bins.push_back({std::string(op.name), Blob{.bytes = Buffer(op.value.begin(), op.value.end()),
                                                 .type = op.particle_type}});
      continue;
    }
    auto value = decode(op.particle_type, op.value);
    if (!value) return nonsense(value.error().why, node);
    bins.push_back({std::string(op.name), *std::move(value)});
  }
  return bins;
}

Expected<wire::MessageHeader> decode_reply(Bytes body, std::vector<Bin>& bins,
                                           const std::string& node) {
  wire::ReplyReader reply(body);
  if (const auto read = reply.next(); !read) return nonsense(read.error().why, node);
  if (reply.left() != 0) return nonsense("bytes after the message", node);
  auto decoded = decode_bins(reply.ops(), node);
  if (!decoded) return tl::unexpected(decoded.error());
  bins = *std::move(decoded);
  return reply.header();
}

Expected<Key> decode_key(const wire::Fields& fields, const std::string& node) {
  const Bytes digest = fields.get(wire::FieldType::Digest);
  if (digest.size() != wire::Digest::kSize) return nonsense("a record without digest", node);
  Key key = Key::from_digest(fields.text(wire::FieldType::Namespace),
                             fields.text(wire::FieldType::Set), wire::Digest::load(digest.data()));
  if (const Bytes user_key = fields.get(wire::FieldType::Key); !user_key.empty()) {
    auto value = decode(static_cast<wire::ParticleType>(user_key[0]), user_key.subspan(1));
    if (!value) return nonsense(value.error().why, node);
    key.user_key = *std::move(value);
  }
  return key;
}

bool is_retryable(std::int16_t code) {
  switch (code) {
    case static_cast<std::int16_t>(Code::Timeout):
    case static_cast<std::int16_t>(Code::Unavailable):
    case static_cast<std::int16_t>(Code::DeviceOverload):
    case kExpiredSession:  // Another connection logs in anew.
    case kNotAuthenticated:
    case static_cast<std::int16_t>(Status::Connection):
    case static_cast<std::int16_t>(Status::NoNode):
    case static_cast<std::int16_t>(Status::NoMoreConnections):
      return true;
    default:
      return false;
  }
}

}  // namespace flotilla::client
