#include "wire/message.h"

namespace flotilla::wire {

MessageHeader MessageHeader::load(const std::byte* from) {
  return MessageHeader{
      .info1 = static_cast<std::uint8_t>(from[1]),
      .info2 = static_cast<std::uint8_t>(from[2]),
      .info3 = static_cast<std::uint8_t>(from[3]),
      .info4 = static_cast<std::uint8_t>(from[4]),
      .result = static_cast<std::uint8_t>(from[5]),
      .generation = load_be<std::uint32_t>(from + 6),
      .ttl = load_be<std::uint32_t>(from + 10),
      .transaction_ttl = load_be<std::uint32_t>(from + 14),
      .n_fields = load_be<std::uint16_t>(from + 18),
      .n_ops = load_be<std::uint16_t>(from + 20),
  };
}

void MessageHeader::write(std::byte* to) const {
  to[0] = std::byte{kSize};
  to[1] = std::byte{info1};
  to[2] = std::byte{info2};
  to[3] = std::byte{info3};
  to[4] = std::byte{info4};
  to[5] = std::byte{result};
  store_be(to + 6, generation);
  store_be(to + 10, ttl);
  store_be(to + 14, transaction_ttl);
  store_be(to + 18, n_fields);
  store_be(to + 20, n_ops);
}

bool Fields::parse(Reader& from, std::uint16_t count) {
  for (std::uint16_t i = 0; i < count; ++i) {
    const auto size = from.be<std::uint32_t>();
    if (!from.ok() || size == 0 || from.left() == 0) return false;
    const auto type = from.be<std::uint8_t>();
    const bool overruns = size - 1 > from.left();
    if (overruns && type != static_cast<std::uint8_t>(FieldType::Batch) &&
        type != static_cast<std::uint8_t>(FieldType::BatchWithSet))
      return false;
    const Bytes value = from.bytes(overruns ? from.left() : size - 1);
    if (type >= kTypes || (present_ >> type & 1U) != 0) continue;
    present_ |= std::uint64_t{1} << type;
    at_[type] = value.data();
    size_[type] = static_cast<std::uint32_t>(value.size());
  }
  return true;
}

bool Ops::parse(Reader& from, std::uint16_t count) {
  const Bytes all = from.rest();
  for (std::uint16_t i = 0; i < count; ++i) {
    const auto size = from.be<std::uint32_t>();
    const Bytes op = from.bytes(size);
    if (!from.ok() || op.size() < 4) return false;
    const std::size_t shipped_time = (op[2] & std::byte{1}) != std::byte{0} ? 8 : 0;
    if (op.size() < 4 + static_cast<std::size_t>(op[3]) + shipped_time) return false;
  }
  bytes_ = all.first(all.size() - from.left());
  count_ = count;
  return true;
}

Op Ops::Iterator::operator*() const {
  const std::size_t size = load_be<std::uint32_t>(at_);
  const auto name_size = static_cast<std::size_t>(at_[7]);
  const std::size_t shipped_time = (at_[6] & std::byte{1}) != std::byte{0} ? 8 : 0;
  const std::byte* const name = at_ + Op::kHeaderSize;
  return Op{
      .type = static_cast<OpType>(at_[4]),
      .particle_type = static_cast<ParticleType>(at_[5]),
      .name = as_text({name, name_size}),
      .value = {name + name_size + shipped_time, size - 4 - name_size - shipped_time},
  };
}

Result<void> Message::parse(Bytes body) {
  if (body.size() < MessageHeader::kSize) return fail(Code::Parameter, "message: short header");
  header = MessageHeader::load(body.data());
  Reader r(body.subspan(MessageHeader::kSize));
  if (!fields.parse(r, header.n_fields)) return fail(Code::Parameter, "message: field");
  if (!ops.parse(r, header.n_ops)) return fail(Code::Parameter, "message: operation");
  if (r.left() != 0) return fail(Code::Parameter, "message: trailing bytes");
  return {};
}

std::optional<PeekedKey> peek_key(Bytes body) {
  if (body.size() < MessageHeader::kSize) return std::nullopt;
  const auto n_fields = load_be<std::uint16_t>(body.data() + 18);
  Reader r(body.subspan(MessageHeader::kSize));
  std::optional<std::string_view> ns;
  for (unsigned i = 0; i < n_fields; ++i) {
    const Bytes field = r.bytes(r.be<std::uint32_t>());
    if (field.empty()) return std::nullopt;
    const auto type = static_cast<FieldType>(field[0]);
    if (type == FieldType::Namespace) ns = as_text(field.subspan(1));
    if (type == FieldType::Digest && ns && field.size() == 1 + Digest::kSize)
      return PeekedKey{*ns, Digest::load(field.data() + 1)};
  }
  return std::nullopt;
}

}  // namespace flotilla::wire
