#include "wire/frame.h"

namespace flotilla::wire {

Result<FrameHeader> FrameHeader::parse(Bytes in) {
  if (in.size() < kSize) return fail(Code::Parameter, "frame: short header");
  const auto whole = load_be<std::uint64_t>(in.data());
  const auto version = static_cast<std::uint8_t>(whole >> 56);
  const auto kind = static_cast<std::uint8_t>(whole >> 48);
  const std::uint64_t body_size = whole & 0xFFFF'FFFF'FFFF;

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
