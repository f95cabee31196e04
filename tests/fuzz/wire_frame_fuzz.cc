#include <cstdint>
#include <cstdlib>

#include "wire/frame.h"

using namespace flotilla;

/// A header that parses writes back to the same bytes, version 0 of security messages aside.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes in(reinterpret_cast<const std::byte*>(data), size);
  const auto header = wire::FrameHeader::parse(in);
  if (!header) return 0;
  if (header->body_size > wire::FrameHeader::kBodySizeMax) std::abort();
  std::byte out[wire::FrameHeader::kSize];
  header->write(out);
  if (!equal(in.first(sizeof out).subspan(1), Bytes(out).subspan(1))) std::abort();
  return 0;
}
