#include "hll.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/check.h"
#include "bit_view.h"
#include "murmur3.h"

namespace flotilla::model {
namespace {

constexpr std::size_t kCountAt = 3;

/// What one element asks of a sketch: this register to hold at least this value.
struct Claim {
  std::uint64_t index;
  std::uint64_t value;

  Claim(Bytes element, const Sketch::Shape& shape) {
    const Hash128 hash = murmur3_128(element);
    const auto minhash_bits = static_cast<unsigned>(shape.minhash_bits);
    const std::uint64_t minhash_mask = (std::uint64_t{1} << minhash_bits) - 1;
    // The rank of a zero hash, 65, does not fit its bits: 1 is left of it.
    const auto rank = static_cast<std::uint64_t>(1 + std::countr_zero(hash.high)) & 63U;
    index = hash.low & (shape.registers() - 1);
    value =
        rank << minhash_bits | (hash.low >> static_cast<unsigned>(shape.index_bits) & minhash_mask);
  }
};

std::uint64_t load_register(Bytes bytes, const Sketch::Shape& shape, std::uint64_t index) {
  const std::uint64_t bits = shape.register_bits();
  return load_bits(bytes.subspan(Sketch::kHeaderSize), index * bits, bits);
}

}  // namespace

bool Sketch::Shape::is_valid() const {
  return index_bits >= kIndexBitsMin && index_bits <= kIndexBitsMax &&
         (minhash_bits == 0 ||
          (minhash_bits >= kMinhashBitsMin && minhash_bits <= kMinhashBitsMax)) &&
         index_bits + minhash_bits <= 64;
}

std::optional<Sketch> Sketch::parse(Bytes bytes) {
  if (bytes.size() < kHeaderSize || bytes[0] != std::byte{0}) return std::nullopt;
  const Shape shape{static_cast<int>(bytes[1]), static_cast<int>(bytes[2])};
  if (!shape.is_valid() || bytes.size() != shape.size()) return std::nullopt;
  return Sketch(shape, bytes);
}

std::uint64_t Sketch::at(std::uint64_t index) const { return load_register(bytes_, shape_, index); }

MutableSketch::MutableSketch(Arena& arena, Sketch::Shape shape)
    : shape_(shape), bytes_(arena.allocate(shape.size())) {
  FLOTILLA_CHECK(shape.is_valid());
  std::memset(bytes_.data(), 0, bytes_.size());
  bytes_[1] = static_cast<std::byte>(shape.index_bits);
  bytes_[2] = static_cast<std::byte>(shape.minhash_bits);
}

MutableSketch::MutableSketch(Arena& arena, const Sketch& from)
    : shape_(from.shape()), bytes_(arena.allocate(from.bytes().size())) {
  std::memcpy(bytes_.data(), from.bytes().data(), bytes_.size());
}

bool MutableSketch::raise(std::uint64_t index, std::uint64_t value) {
  if (load_register(bytes_, shape_, index) >= value) return false;
  const std::uint64_t bits = shape_.register_bits();
  store_bits(bytes_.subspan(Sketch::kHeaderSize), index * bits, bits, value);
  return true;
}

bool MutableSketch::add(Bytes element) {
  const Claim claim(element, shape_);
  return raise(claim.index, claim.value);
}

void MutableSketch::merge(const Sketch& other) {
  FLOTILLA_CHECK(other.shape().index_bits >= shape_.index_bits);
  const bool keeps = other.shape().minhash_bits == shape_.minhash_bits;
  for (std::uint64_t i = 0; i < other.shape().registers(); ++i) {
    const std::uint64_t value = keeps ? other.at(i) : other.rank(i) << shape_.minhash_bits;
    if (value != 0) raise(i & (shape_.registers() - 1), value);
  }
}

void MutableSketch::set_cached_count(std::uint64_t count) {
  store_le(bytes_.data() + kCountAt, count);
}

bool may_contain(const Sketch& sketch, Bytes element) {
  const Claim claim(element, sketch.shape());
  return sketch.at(claim.index) >= claim.value;
}

Sketch::Shape union_shape(std::span<const Sketch> sketches) {
  FLOTILLA_CHECK(!sketches.empty());
  Sketch::Shape out = sketches.front().shape();
  for (const Sketch& sketch : sketches) {
    out.index_bits = std::min(out.index_bits, sketch.shape().index_bits);
    if (sketch.shape().minhash_bits != out.minhash_bits) out.minhash_bits = 0;
  }
  return out;
}

Sketch union_of(Arena& arena, std::span<const Sketch> sketches) {
  return merged(arena, union_shape(sketches), sketches);
}

Sketch merged(Arena& arena, Sketch::Shape shape, std::span<const Sketch> sketches) {
  MutableSketch out(arena, shape);
  for (const Sketch& sketch : sketches) out.merge(sketch);
  return out.view();
}

Result<Particle> import_hll(Arena&, Bytes bytes) {
  if (!Sketch::parse(bytes)) return fail(Code::Parameter, "hll: header or size");
  return Particle{ParticleType::Hll, bytes};
}

}  // namespace flotilla::model
