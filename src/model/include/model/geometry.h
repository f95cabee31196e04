#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/particle.h"

class S2Region;

namespace flotilla::model {

inline constexpr double kEarthRadiusMetres = 6'371'000;

/// How a region is approximated by cells of the S2 grid (levels 0, a sixth of the globe, to 30, a
/// square centimetre).
struct Covering {
  int least_level = 1;
  int most_level = 30;
  int level_step = 1;
  int most_cells = 12;
};
/// What stored regions are covered with, and what queries use unless their namespace is configured
/// otherwise.
inline constexpr Covering kStoredCovering{};
inline constexpr Covering kQueryCovering{.most_level = 20};

/// A shape on the globe, from GeoJSON: Point, Polygon, MultiPolygon, AeroCircle, or a Feature of
/// one of them. Move-only; const member functions may run on many threads at once.
class Geometry {
 public:
  static constexpr std::size_t kTextMax = 1U << 20;  // Bytes.
  static constexpr std::size_t kLoopsMax =
      4096;  // In one polygon: nesting them costs their square.

  /// GeoInvalid: no JSON, another type, coordinates out of range, an open or crossing loop, or
  /// above the bounds.
  static Result<Geometry> parse(std::string_view json, double earth_radius = kEarthRadiusMetres);

  /// A point of which only the leaf cell is known, as a stored value tells it.
  static Geometry point(std::uint64_t leaf_cell);

  Geometry(Geometry&&) noexcept;
  Geometry& operator=(Geometry&&) noexcept;
  ~Geometry();

  bool is_region() const { return region_ != nullptr; }
  /// A point's leaf cell; zero for a region.
  std::uint64_t leaf_cell() const { return leaf_cell_; }
  /// Ascending ids of the cells that stand for this in an index: the leaf of a point, a covering of
  /// a region. GeoInvalid: the region needs more cells than are allowed (or than the six that cover
  /// all).
  Result<std::vector<std::uint64_t>> cells(const Covering& covering) const;
  /// One is a point, the other a region that contains it. The point is taken to be the centre of
  /// its leaf cell, a centimetre away at most: that is what an index knows of it, and decides for
  /// points on a border.
  bool matches(const Geometry& other) const;

 private:
  Geometry();

  std::unique_ptr<S2Region> region_;  // Null: a point.
  std::uint64_t leaf_cell_ = 0;       // Of a point.
};

/// The leaf cells under a cell: every point in it has its id in [least, most].
struct CellRange {
  std::uint64_t least;
  std::uint64_t most;
};
CellRange leaves_of(std::uint64_t cell);
/// The cell itself and those that contain it, up to `least_level`, smallest first.
std::vector<std::uint64_t> ancestors_of(std::uint64_t leaf, int least_level = 1);

/// Parts of a stored GeoJSON value: | flags u8 (1: region) | cells u16 | cells u64 each, big-endian
/// | JSON text |. Of a value with fewer bytes than it promises both parts are empty.
struct GeoParts {
  bool is_region = false;
  Bytes cells;
  std::string_view json;
};
GeoParts geo_parts(Bytes value);

}  // namespace flotilla::model
