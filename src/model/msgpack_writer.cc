#include <algorithm>
#include <bit>

#include "base/check.h"
#include "model/msgpack.h"

namespace flotilla::model::msgpack {

Writer::Writer(Arena& arena, std::size_t size_hint)
    : arena_(arena), space_(arena.allocate(std::max<std::size_t>(size_hint, 16))) {}

std::byte* Writer::grow(std::size_t more) {
  if (more > space_.size() - size_) {
    const MutableBytes larger = arena_.allocate(std::max(space_.size() * 2, size_ + more));
    std::memcpy(larger.data(), space_.data(), size_);
    space_ = larger;
  }
  std::byte* const at = space_.data() + size_;
  size_ += more;
  return at;
}

template <std::unsigned_integral T>
void Writer::tagged(std::uint8_t tag, T value) {
  std::byte* const at = grow(1 + sizeof(T));
  *at = static_cast<std::byte>(tag);
  store_be<T>(at + 1, value);
}

void Writer::nil() { *grow(1) = std::byte{0xC0}; }

void Writer::boolean(bool value) { *grow(1) = value ? std::byte{0xC3} : std::byte{0xC2}; }

void Writer::unsigned_integer(std::uint64_t value) {
  if (value <= 0x7F) {
    *grow(1) = static_cast<std::byte>(value);
  } else if (value <= 0xFF) {
    tagged(0xCC, static_cast<std::uint8_t>(value));
  } else if (value <= 0xFFFF) {
    tagged(0xCD, static_cast<std::uint16_t>(value));
  } else if (value <= 0xFFFFFFFF) {
    tagged(0xCE, static_cast<std::uint32_t>(value));
  } else {
    tagged(0xCF, value);
  }
}

void Writer::integer(std::int64_t value) {
  if (value >= 0) return unsigned_integer(static_cast<std::uint64_t>(value));
  if (value >= -32) {
    *grow(1) = static_cast<std::byte>(value & 0xFF);
  } else if (value >= INT8_MIN) {
    tagged(0xD0, static_cast<std::uint8_t>(value));
  } else if (value >= INT16_MIN) {
    tagged(0xD1, static_cast<std::uint16_t>(value));
  } else if (value >= INT32_MIN) {
    tagged(0xD2, static_cast<std::uint32_t>(value));
  } else {
    tagged(0xD3, static_cast<std::uint64_t>(value));
  }
}

void Writer::real(double value) { tagged(0xCB, std::bit_cast<std::uint64_t>(value)); }

void Writer::raw_header(std::size_t size) {
  if (size < 32) {
    *grow(1) = static_cast<std::byte>(0xA0 | size);
  } else if (size <= 0xFF) {
    tagged(0xD9, static_cast<std::uint8_t>(size));
  } else if (size <= 0xFFFF) {
    tagged(0xDA, static_cast<std::uint16_t>(size));
  } else {
    FLOTILLA_CHECK(size <= UINT32_MAX);
    tagged(0xDB, static_cast<std::uint32_t>(size));
  }
}

void Writer::raw(ParticleType type, Bytes content) {
  raw_header(1 + content.size());
  *grow(1) = static_cast<std::byte>(type);
  encoded(content);
}

void Writer::plain_raw(Bytes content) {
  raw_header(content.size());
  encoded(content);
}

void Writer::container_header(std::uint32_t count, std::uint8_t small, std::uint8_t tag16) {
  if (count < 16) {
    *grow(1) = static_cast<std::byte>(small | count);
  } else if (count <= 0xFFFF) {
    tagged(tag16, static_cast<std::uint16_t>(count));
  } else {
    tagged(static_cast<std::uint8_t>(tag16 + 1), count);
  }
}

void Writer::list(std::uint32_t count, std::uint8_t flags) {
  container_header(flags == 0 ? count : count + 1, 0x90, 0xDC);
  if (flags == 0) return;
  store_be<std::uint32_t, 3>(grow(3), 0xC70000U | (flags == kNoFlags ? 0U : flags));
}

void Writer::map(std::uint32_t count, std::uint8_t flags) {
  container_header(flags == 0 ? count : count + 1, 0x80, 0xDE);
  if (flags == 0) return;
  store_be<std::uint32_t>(grow(4), 0xC70000C0U | (flags == kNoFlags ? 0U : flags) << 8);
}

void Writer::container(Kind kind, std::uint32_t count, std::uint8_t flags, Bytes signposts) {
  if (signposts.empty()) return kind == Kind::Map ? map(count, flags) : list(count, flags);
  const bool is_map = kind == Kind::Map;
  container_header(count + 1, is_map ? 0x80 : 0x90, is_map ? 0xDE : 0xDC);
  tagged(0xC9, static_cast<std::uint32_t>(signposts.size()));
  *grow(1) = static_cast<std::byte>((flags & ~kNoFlags) | kHasSignposts);
  encoded(signposts);
  if (is_map) nil();
}

void Writer::encoded(Bytes elements) {
  if (!elements.empty()) std::memcpy(grow(elements.size()), elements.data(), elements.size());
}

void Writer::particle(const Particle& value) {
  switch (value.type) {
    case ParticleType::Null:
      return nil();
    case ParticleType::Bool:
      return boolean(value.bytes[0] != std::byte{0});
    case ParticleType::Integer:
      return integer(static_cast<std::int64_t>(load_be<std::uint64_t>(value.bytes.data())));
    case ParticleType::Float:
      return real(std::bit_cast<double>(load_be<std::uint64_t>(value.bytes.data())));
    case ParticleType::List:
    case ParticleType::Map:
      return encoded(value.bytes);
    case ParticleType::GeoJson: {
      const std::size_t cells = load_be<std::uint16_t>(value.bytes.data() + 1);
      return raw(value.type, value.bytes.subspan(3 + 8 * cells));
    }
    default:
      return raw(value.type, value.bytes);
  }
}

void Writer::overwrite(std::size_t at, Bytes with) {
  FLOTILLA_CHECK(at <= size_ && with.size() <= size_ - at);
  if (!with.empty()) std::memcpy(space_.data() + at, with.data(), with.size());
}

Bytes Writer::finish() {
  arena_.shrink_last(space_, size_);
  return space_.first(size_);
}

}  // namespace flotilla::model::msgpack
