// Any bytes: refused, or a greeting that encodes to the same bytes.

#include <cstdlib>

#include "cluster/fabric_hello.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const flotilla::Bytes in{reinterpret_cast<const std::byte*>(data), size};
  const auto hello = flotilla::cluster::FabricHello::parse(in);
  if (hello && !flotilla::equal(hello->encode(), in)) std::abort();
  return 0;
}
