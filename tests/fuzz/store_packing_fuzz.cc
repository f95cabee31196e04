// Any bytes as the body of a compressed record: they expand to just the size that they name, or to
// nothing; and the input itself, compressed in every way, comes back.
#include <cstdint>

#include "base/check.h"
#include "store/packing.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace flotilla;
  using namespace flotilla::store;
  const Bytes in(reinterpret_cast<const std::byte*>(data), size);
  constexpr std::size_t kMost = 1 << 20;  // What it may ask for here.
  RecordImage image{.flags = kPacked, .body = in};
  if (const auto wanted = unpacked_size(image); wanted && *wanted <= kMost) {
    Buffer out(*wanted);
    const bool done = unpack(image, out).has_value();
    FLOTILLA_CHECK(done == ((image.flags & kPacked) == 0));
    FLOTILLA_CHECK(!done || image.body.size() == *wanted);
  }
  for (const Packing& packing : {Packing{.codec = Codec::Lz4}, Packing{.codec = Codec::Zstd}}) {
    Buffer room;
    RecordImage packed = pack({.flags = kHasKey, .body = in}, packing, room);
    FLOTILLA_CHECK(packed.body.size() <= in.size());
    Buffer out(unpacked_size(packed).value());
    FLOTILLA_CHECK(unpack(packed, out).has_value());
    FLOTILLA_CHECK(packed.flags == kHasKey && equal(packed.body, in));
  }
  return 0;
}
