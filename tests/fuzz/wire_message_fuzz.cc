#include <cstdint>
#include <cstdlib>

#include "wire/message.h"

using namespace flotilla;

/// A message that parses holds every field and operation inside its bytes, and the peeked key is
/// the parsed one.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Buffer body(reinterpret_cast<const std::byte*>(data),
                    reinterpret_cast<const std::byte*>(data) + size);
  const auto peeked = wire::peek_key(body);
  wire::Message message;
  if (!message.parse(body)) return 0;
  std::size_t bytes = 0;
  for (const wire::Op op : message.ops) bytes += op.name.size() + op.value.size();
  if (bytes > size) std::abort();
  if (peeked && message.fields.has(wire::FieldType::Digest)) {
    const Bytes digest = message.fields.get(wire::FieldType::Digest);
    if (digest.size() == wire::Digest::kSize && !equal(digest, peeked->digest.view())) std::abort();
  }
  return 0;
}
