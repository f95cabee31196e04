#include "model/geometry.h"

#include <s2/s2cap.h>
#include <s2/s2cell_id.h>
#include <s2/s2error.h>
#include <s2/s2latlng.h>
#include <s2/s2loop.h>
#include <s2/s2polygon.h>
#include <s2/s2region_coverer.h>
#include <s2/s2region_union.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

namespace flotilla::model {
namespace {

using nlohmann::json;
using Region = std::unique_ptr<S2Region>;

constexpr std::size_t kLoopPointsMin = 4;  // The last is the first again.
constexpr int kCellsMin = 6;               // One for each face of the cube.

/// Member of an object; null when there is none.
const json* member(const json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

std::optional<S2Point> point_from(const json& coordinates) {
  if (!coordinates.is_array() || coordinates.size() != 2) return std::nullopt;
  if (!coordinates[0].is_number() || !coordinates[1].is_number()) return std::nullopt;
  const auto place =
      S2LatLng::FromDegrees(coordinates[1].get<double>(), coordinates[0].get<double>());
  if (!place.is_valid()) return std::nullopt;
  return place.ToPoint();
}

std::unique_ptr<S2Loop> loop_from(const json& coordinates) {
  if (!coordinates.is_array()) return nullptr;
  std::vector<S2Point> points;
  points.reserve(coordinates.size());
  for (const json& element : coordinates) {
    const auto point = point_from(element);
    if (!point) return nullptr;
    if (points.empty() || points.back() != *point) points.push_back(*point);
  }
  if (points.size() < kLoopPointsMin || points.front() != points.back()) return nullptr;
  points.pop_back();
  auto loop = std::make_unique<S2Loop>(points, S2Debug::DISABLE);
  S2Error error;
  if (loop->FindValidationError(&error)) return nullptr;
  loop->Normalize();
  return loop;
}

Region polygon_from(const json& coordinates) {
  if (!coordinates.is_array() || coordinates.size() > Geometry::kLoopsMax) return nullptr;
  std::vector<std::unique_ptr<S2Loop>> loops;
  for (const json& element : coordinates) {
    loops.push_back(loop_from(element));
    if (loops.back() == nullptr) return nullptr;
  }
  auto polygon = std::make_unique<S2Polygon>();
  polygon->set_s2debug_override(S2Debug::DISABLE);
  polygon->InitNested(std::move(loops));
  S2Error error;
  if (polygon->FindValidationError(&error)) return nullptr;
  return polygon;
}

Region polygons_from(const json& coordinates) {
  if (!coordinates.is_array()) return nullptr;
  std::vector<Region> polygons;
  for (const json& element : coordinates) {
    polygons.push_back(polygon_from(element));
    if (polygons.back() == nullptr) return nullptr;
  }
  return std::make_unique<S2RegionUnion>(std::move(polygons));
}

Region circle_from(const json& coordinates, double earth_radius) {
  if (!coordinates.is_array() || coordinates.size() != 2 || !coordinates[1].is_number())
    return nullptr;
  const auto centre = point_from(coordinates[0]);
  if (!centre) return nullptr;
  return std::make_unique<S2Cap>(*centre,
                                 S1Angle::Radians(coordinates[1].get<double>() / earth_radius));
}

bool is_type(const json& object, std::string_view name) {
  const json* const type = member(object, "type");
  return type != nullptr && type->is_string() && type->get_ref<const std::string&>() == name;
}

}  // namespace

Geometry::Geometry() = default;
Geometry::Geometry(Geometry&&) noexcept = default;
Geometry& Geometry::operator=(Geometry&&) noexcept = default;
Geometry::~Geometry() = default;

Result<Geometry> Geometry::parse(std::string_view text, double earth_radius) {
  if (text.size() > kTextMax) return fail(Code::GeoInvalid, "geo: text too long");
  const json parsed = json::parse(text, nullptr, /*allow_exceptions=*/false);
  const json* object = &parsed;
  if (object->is_object() && is_type(*object, "Feature")) object = member(*object, "geometry");
  if (object == nullptr || !object->is_object()) return fail(Code::GeoInvalid, "geo: no object");
  const json* const coordinates = member(*object, "coordinates");
  if (coordinates == nullptr) return fail(Code::GeoInvalid, "geo: no coordinates");

  Geometry out;
  if (is_type(*object, "Point")) {
    const auto point = point_from(*coordinates);
    if (!point) return fail(Code::GeoInvalid, "geo: point");
    out.leaf_cell_ = S2CellId(*point).id();
    return out;
  }
  if (is_type(*object, "Polygon")) {
    out.region_ = polygon_from(*coordinates);
  } else if (is_type(*object, "MultiPolygon")) {
    out.region_ = polygons_from(*coordinates);
  } else if (is_type(*object, "AeroCircle")) {
    out.region_ = circle_from(*coordinates, earth_radius);
  }
  if (out.region_ == nullptr) return fail(Code::GeoInvalid, "geo: type or coordinates");
  return out;
}

Geometry Geometry::point(std::uint64_t leaf_cell) {
  Geometry out;
  out.leaf_cell_ = leaf_cell;
  return out;
}

Result<std::vector<std::uint64_t>> Geometry::cells(const Covering& covering) const {
  if (!is_region()) return std::vector{leaf_cell_};
  S2RegionCoverer::Options options;
  options.set_min_level(covering.least_level);
  options.set_max_level(covering.most_level);
  options.set_level_mod(covering.level_step);
  options.set_max_cells(covering.most_cells);
  S2RegionCoverer coverer(options);
  std::vector<S2CellId> ids;
  coverer.GetCovering(*region_, &ids);
  if (ids.size() > static_cast<std::size_t>(std::max(kCellsMin, covering.most_cells)))
    return fail(Code::GeoInvalid, "geo: region needs too many cells");
  std::vector<std::uint64_t> out;
  out.reserve(ids.size());
  for (const S2CellId id : ids) out.push_back(id.id());
  return out;
}

bool Geometry::matches(const Geometry& other) const {
  if (is_region() == other.is_region()) return false;
  const Geometry& region = is_region() ? *this : other;
  const Geometry& point = is_region() ? other : *this;
  return region.region_->Contains(S2CellId(point.leaf_cell_).ToPoint());
}

CellRange leaves_of(std::uint64_t cell) {
  const S2CellId id(cell);
  return {.least = id.range_min().id(), .most = id.range_max().id()};
}

std::vector<std::uint64_t> ancestors_of(std::uint64_t leaf, int least_level) {
  std::vector<std::uint64_t> out;
  S2CellId id(leaf);
  for (; id.level() > least_level; id = id.parent()) out.push_back(id.id());
  out.push_back(id.id());
  return out;
}

}  // namespace flotilla::model
