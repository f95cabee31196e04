#include "wire/frame.h"

namespace flotilla::wire {

Result<FrameHeader> FrameHeader::parse(Bytes in) {
  Reader r(in);
  const auto version = r.be<std::uint8_t>();
  const auto kind = r.be<std::uint8_t>();
  const auto body_size = r.be<std::uint64_t, 6>();

  if (!r.ok()) return fail(Code::Parameter, "frame: short header");
  if (kind < 1 || kind > 5) return fail(Code::Parameter, "frame: kind");
  const auto frame_kind = static_cast<FrameKind>(kind);
  if (version != kVersion && !(version == 0 && frame_kind == FrameKind::Security))
    return fail(Code::Parameter, "frame: version");
  if (body_size > kBodySizeMax) return fail(Code::TooBig, "frame: body");
  return FrameHeader{.kind = frame_kind, .body_size = body_size};
}

void FrameHeader::write(std::byte* to) const {
  to[0] = std::byte{kVersion};
  to[1] = static_cast<std::byte>(kind);
  store_be<std::uint64_t, 6>(to + 2, body_size);
}

}  // namespace flotilla::wire
