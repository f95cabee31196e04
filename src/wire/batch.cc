#include "wire/batch.h"

namespace flotilla::wire {
namespace {

constexpr std::uint8_t kRepeat = 0x01;
constexpr std::uint8_t kHasInfo = 0x02;
constexpr std::uint8_t kHasGeneration = 0x04;
constexpr std::uint8_t kHasTtl = 0x08;
constexpr std::uint8_t kHasInfo4 = 0x10;
constexpr std::size_t kRowSizeLeast = 4 + Digest::kSize + 1;

}  // namespace

BatchReader::BatchReader(Bytes field, const MessageHeader& parent)
    : rest_(field),
      parent_read_mode_(
          static_cast<std::uint8_t>(parent.info3 & (info3::kScReadType | info3::kScReadRelax))) {
  header_.count = rest_.be<std::uint32_t>();
  header_.flags = rest_.be<std::uint8_t>();
  ok_ = rest_.ok() && header_.count <= rest_.left() / kRowSizeLeast;
}

Result<void> BatchReader::next() {
  row_.index = rest_.be<std::uint32_t>();
  const Bytes digest = rest_.bytes(Digest::kSize);
  const auto row_flags = rest_.be<std::uint8_t>();
  if (!rest_.ok()) return fail(Code::Parameter, "batch: short row");
  row_.digest = Digest::load(digest.data());
  row_.repeats = (row_flags & kRepeat) != 0;
  if (row_.repeats) {
    if (first_ || row_.fields.has(FieldType::Key)) return fail(Code::Parameter, "batch: repeat");
    return {};
  }
  first_ = false;
  return read_body(row_flags);
}

std::size_t BatchReader::peek(Digest* digests, std::size_t most) const {
  Reader r = rest_;
  std::size_t count = 0;
  while (count < most && r.left() >= kRowSizeLeast) {
    r.be<std::uint32_t>();
    digests[count++] = Digest::load(r.bytes(Digest::kSize).data());
    const auto flags = r.be<std::uint8_t>();
    if ((flags & kRepeat) != 0) continue;
    const unsigned attributes =
        1U + ((flags & kHasInfo) != 0 ? 2U : 0U) + ((flags & kHasInfo4) != 0 ? 1U : 0U) +
        ((flags & kHasGeneration) != 0 ? 2U : 0U) + ((flags & kHasTtl) != 0 ? 4U : 0U);
    r.bytes(attributes);
    const unsigned parts = unsigned{r.be<std::uint16_t>()} + r.be<std::uint16_t>();
    for (unsigned i = 0; i < parts && r.ok(); ++i) r.bytes(r.be<std::uint32_t>());
  }
  return count;
}

Result<void> BatchReader::read_body(std::uint8_t row_flags) {
  row_.header = MessageHeader{};
  row_.fields = Fields();
  row_.header.info1 = static_cast<std::uint8_t>(
      rest_.be<std::uint8_t>() & ~(info1::kBatch | info1::kXdr | info1::kCompressResponse));
  if ((row_flags & kHasInfo) != 0) {
    row_.header.info2 = rest_.be<std::uint8_t>();
    row_.header.info3 = rest_.be<std::uint8_t>();
  } else {
    row_.header.info3 = parent_read_mode_;
  }
  if ((row_flags & kHasInfo4) != 0) row_.header.info4 = rest_.be<std::uint8_t>();
  if ((row_flags & kHasGeneration) != 0) row_.header.generation = rest_.be<std::uint16_t>();
  if ((row_flags & kHasTtl) != 0) row_.header.ttl = rest_.be<std::uint32_t>();
  row_.header.n_fields = rest_.be<std::uint16_t>();
  row_.header.n_ops = rest_.be<std::uint16_t>();
  if (!rest_.ok()) return fail(Code::Parameter, "batch: short row");
  // The namespace always follows, also where a client counts no field.
  if (row_.header.n_fields == 0) row_.header.n_fields = 1;
  constexpr std::size_t kTypeAt = 4;  // Behind the field's size.
  row_.namespace_first = rest_.left() > kTypeAt &&
                         rest_.rest()[kTypeAt] == static_cast<std::byte>(FieldType::Namespace);
  if (!row_.fields.parse(rest_, row_.header.n_fields)) return fail(Code::Parameter, "batch: field");
  if (!row_.ops.parse(rest_, row_.header.n_ops)) return fail(Code::Parameter, "batch: operation");
  return {};
}

}  // namespace flotilla::wire
