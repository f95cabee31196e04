#include "store/record_body.h"

#include "base/check.h"

namespace flotilla::store {
namespace {

std::size_t varint_size(std::size_t value) {
  std::size_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

std::byte* put_varint(std::byte* to, std::size_t value) {
  for (; value >= 0x80; value >>= 7) *to++ = static_cast<std::byte>(value | 0x80);
  *to++ = static_cast<std::byte>(value);
  return to;
}

std::size_t take_varint(const std::byte*& at) {
  std::size_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    const auto b = static_cast<std::size_t>(*at++);
    value |= (b & 0x7F) << shift;
    if (b < 0x80) return value;
  }
}

std::byte* put_bytes(std::byte* to, const void* from, std::size_t size) {
  if (size > 0) std::memcpy(to, from, size);
  return to + size;
}

/// Like take_varint, of bytes that may be anything. False: it does not end in time.
bool read_varint(Reader& from, std::size_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 35; shift += 7) {
    const auto b = from.be<std::uint8_t>();
    value |= std::size_t{b & 0x7FU} << shift;
    if (b < 0x80) return from.ok();
  }
  return false;
}

}  // namespace

BodyReader::Front BodyReader::front_of(const std::byte* body) {
  const auto type = static_cast<wire::ParticleType>(*body++);
  const std::size_t size = take_varint(body);
  return {.key = {.type = type, .value = {body, size}}, .end = body + size};
}

bool BodyReader::next(BinView& bin) {
  if (at_ == end_) return false;
  const auto name_size = static_cast<std::size_t>(at_[0]);
  bin.type = static_cast<wire::ParticleType>(at_[1]);
  at_ += 2;
  const std::size_t value_size = take_varint(at_);
  bin.name = as_text({at_, name_size});
  at_ += name_size;
  bin.value = {at_, value_size};
  at_ += value_size;
  return true;
}

std::size_t body_size(const KeyView& key, std::span<const BinView> bins) {
  std::size_t size = 0;
  if (key.present()) size += 1 + varint_size(key.value.size()) + key.value.size();
  for (const BinView& bin : bins)
    size += 2 + varint_size(bin.value.size()) + bin.name.size() + bin.value.size();
  return size;
}

void write_body(std::byte* to, const KeyView& key, std::span<const BinView> bins) {
  if (key.present()) {
    *to++ = static_cast<std::byte>(key.type);
    to = put_varint(to, key.value.size());
    to = put_bytes(to, key.value.data(), key.value.size());
  }
  for (const BinView& bin : bins) {
    *to++ = static_cast<std::byte>(bin.name.size());
    *to++ = static_cast<std::byte>(bin.type);
    to = put_varint(to, bin.value.size());
    to = put_bytes(to, bin.name.data(), bin.name.size());
    to = put_bytes(to, bin.value.data(), bin.value.size());
  }
}

bool body_is_valid(Bytes body, bool has_key) {
  Reader r(body);
  std::size_t size = 0;
  if (has_key) {
    r.be<std::uint8_t>();
    if (!read_varint(r, size)) return false;
    r.bytes(size);
  }
  while (r.ok() && r.left() > 0) {
    const auto name_size = r.be<std::uint8_t>();
    r.be<std::uint8_t>();
    if (!read_varint(r, size)) return false;
    r.bytes(name_size);
    r.bytes(size);
  }
  return r.ok();
}

}  // namespace flotilla::store
