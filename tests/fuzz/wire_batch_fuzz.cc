#include <array>
#include <cstdint>
#include <cstdlib>

#include "wire/batch.h"

using namespace flotilla;

/// Rows end where the bytes do, and peeking shows the digests that reading gives.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Buffer field(reinterpret_cast<const std::byte*>(data),
                     reinterpret_cast<const std::byte*>(data) + size);
  wire::BatchReader rows(field, {});
  if (!rows.ok()) return 0;
  if (rows.header().count > size) std::abort();
  for (std::uint32_t i = 0; i < rows.header().count; ++i) {
    std::array<wire::Digest, 4> ahead;
    const std::size_t peeked = rows.peek(ahead.data(), ahead.size());
    if (!rows.next()) return 0;
    if (peeked == 0 || rows.row().digest != ahead[0]) std::abort();
    for (const wire::Op op : rows.row().ops)
      if (op.value.size() > size) std::abort();
  }
  return 0;
}
