#pragma once

#include "base/result.h"
#include "client/value.h"
#include "model/msgpack.h"
#include "wire/ids.h"

namespace flotilla::client {

/// A value as it travels: the type byte, and the payload (docs/formats/wire.md).
struct EncodedValue {
  wire::ParticleType type = wire::ParticleType::Null;
  Buffer bytes;
};

/// Lists and maps inside each other, at most. Deeper ones are refused both ways, so that recursion
/// ends.
inline constexpr int kNestingMax = model::msgpack::kDepthMax;

/// Parameter: nested too deeply.
Result<EncodedValue> encode(const Value& value);
/// Parameter: unknown type, wrong size, or msgpack that does not parse. The bytes may come from
/// anyone.
Result<Value> decode(wire::ParticleType type, Bytes bytes);

/// One value as msgpack in the dialect of lists and maps: arguments of list and map operations are
/// made of it.
Result<void> pack(const Value& value, Buffer& out);
/// The inverse of pack(), for the whole of `bytes`.
Result<Value> unpack(Bytes bytes);

}  // namespace flotilla::client
