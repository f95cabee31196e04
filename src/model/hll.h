#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/arena.h"
#include "base/result.h"
#include "model/particle.h"

namespace flotilla::model {

/// A HyperLogLog sketch (docs/formats/hll.md): a view of its bytes.
///
///   | flags u8 = 0 | index bits u8 | min-hash bits u8 | cached count u64, little-endian |
///   registers |
///
/// 2^index_bits registers of 6 + minhash_bits bits, packed from the most significant bit on. A
/// register holds the largest (rank << minhash_bits | min-hash) of the elements that fall to it;
/// zero: none did.
class Sketch {
 public:
  static constexpr std::size_t kHeaderSize = 11;
  static constexpr int kIndexBitsMin = 4;
  static constexpr int kIndexBitsMax = 16;
  static constexpr int kMinhashBitsMin = 4;  // Or 0: none.
  static constexpr int kMinhashBitsMax = 51;
  static constexpr int kRankBits = 6;

  struct Shape {
    int index_bits = 0;
    int minhash_bits = 0;

    bool is_valid() const;
    std::uint64_t registers() const { return std::uint64_t{1} << index_bits; }
    std::uint64_t register_bits() const {
      return std::uint64_t{kRankBits} + static_cast<std::uint64_t>(minhash_bits);
    }
    /// Of the whole sketch, in bytes.
    std::size_t size() const { return kHeaderSize + (registers() * register_bits() + 7) / 8; }
    friend bool operator==(const Shape&, const Shape&) = default;
  };

  /// Nothing when header or size are not those of a sketch.
  static std::optional<Sketch> parse(Bytes bytes);

  const Shape& shape() const { return shape_; }
  Bytes bytes() const { return bytes_; }
  std::uint64_t at(std::uint64_t index) const;
  std::uint64_t rank(std::uint64_t index) const { return at(index) >> shape_.minhash_bits; }
  /// Estimated number of different elements; the cached one if there is.
  std::uint64_t count() const;

 private:
  friend class MutableSketch;
  Sketch(Shape shape, Bytes bytes) : shape_(shape), bytes_(bytes) {}

  Shape shape_;
  Bytes bytes_;
};

/// A sketch under change, in an arena.
class MutableSketch {
 public:
  /// Without elements.
  MutableSketch(Arena& arena, Sketch::Shape shape);
  /// A copy.
  MutableSketch(Arena& arena, const Sketch& from);

  Sketch view() const { return {shape_, bytes_}; }
  /// Adds one element by its encoded bytes; true when its register grew.
  bool add(Bytes element);
  /// Adds all of a sketch of at least as many registers: those that fold onto one register compete.
  /// Min-hashes of another size are dropped.
  void merge(const Sketch& other);
  void set_cached_count(std::uint64_t count);

 private:
  bool raise(std::uint64_t index, std::uint64_t value);

  Sketch::Shape shape_;
  MutableBytes bytes_;
};

/// True when the element may have been added; false: it was not.
bool may_contain(const Sketch& sketch, Bytes element);

/// The smallest number of registers of any, min-hashes if all have them alike.
Sketch::Shape union_shape(std::span<const Sketch> sketches);
Sketch union_of(Arena& arena, std::span<const Sketch> sketches);
/// The same in a given shape, of no more registers than any of the sketches has.
Sketch merged(Arena& arena, Sketch::Shape shape, std::span<const Sketch> sketches);
/// Size of the intersection over size of the union; NaN when all are empty. By min-hashes when all
/// have them alike, else by inclusion and exclusion, which takes two or three sketches.
double similarity(Arena& arena, std::span<const Sketch> sketches);
std::uint64_t intersection_count(Arena& arena, std::span<const Sketch> sketches);

/// A sketch as a client sends it, checked. Borrows `bytes`.
/// Parameter: header or size are not those of a sketch.
Result<Particle> import_hll(Arena& arena, Bytes bytes);

}  // namespace flotilla::model
