#include "model/geometry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace flotilla::model {
namespace {

Result<Geometry> shape(const std::string& type, const std::string& coordinates) {
  return Geometry::parse(R"({"type":")" + type + R"(","coordinates":)" + coordinates + "}");
}
Geometry point(const std::string& coordinates) { return std::move(*shape("Point", coordinates)); }

TEST(Geometry, RefusesWhatIsNoShape) {
  struct Row {
    const char* type;
    const char* coordinates;
  };
  constexpr Row kRows[] = {
      {"Point", "[1]"},
      {"Point", "[1,2,3]"},
      {"Point", "[180.1,0]"},
      {"Point", "[0,-90.5]"},
      {"Point", "[\"1\",2]"},
      {"Point", "[1e999,2]"},
      {"Polygon", "5"},
      {"Polygon", "[[]]"},
      {"Polygon", "[[[0,0],[1,0],[0,0]]]"},
      {"Polygon", "[[[0,0],[1,0],[1,1],[0,1]]]"},
      {"Polygon", "[[[0,0],[3,3],[3,0],[0,3],[0,0]]]"},
      {"Polygon",
       "[[[0,0],[1,0],[1,1],[0,1],[0,0]],[[0.5,0.5],[2,0.5],[2,0.6],[0.5,0.6],[0.5,0.5]]]"},
      {"MultiPolygon", "[[[0,0],[1,0],[1,1],[0,0]]]"},
      {"AeroCircle", "[[0,0]]"},
      {"AeroCircle", "[[0,0],\"5\"]"},
      {"LineString", "[[0,0],[1,1]]"},
      {"Feature", "[0,0]"},
      {"point", "[0,0]"},
  };
  for (const Row& row : kRows) {
    const auto parsed = shape(row.type, row.coordinates);
    ASSERT_FALSE(parsed) << row.type << row.coordinates;
    EXPECT_EQ(parsed.error().code, Code::GeoInvalid);
  }
  for (const char* const text :
       {"", "{", "null", "[]", "5", "{}", "{\"type\":\"Feature\",\"geometry\":5}"})
    EXPECT_FALSE(Geometry::parse(text)) << text;
}

TEST(Geometry, HostileTextsCostLittle) {
  const auto repeated = [](const char* piece, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += piece;
    return out;
  };
  EXPECT_FALSE(Geometry::parse(repeated("[", 1'000'000)));
  EXPECT_FALSE(Geometry::parse(repeated("{\"a\":", 200'000)));
  EXPECT_FALSE(shape("Polygon", "[" + repeated("[],", 300'000) + "[]]"));
  EXPECT_FALSE(Geometry::parse(std::string(Geometry::kTextMax + 1, ' ')));
  std::string loops;
  for (int i = 0; i < 5000; ++i) {
    const std::string x = std::to_string(i / 70);
    const std::string y = std::to_string(i % 70);
    loops += (i == 0 ? "" : ",") + ("[[" + x + "," + y + "],[" + x + ".5," + y + "],[" + x + "," +
                                    y + ".5],[" + x + "," + y + "]]");
  }
  EXPECT_FALSE(shape("Polygon", "[" + loops + "]"));
}

TEST(Geometry, OnlyAPointInARegionMatches) {
  const auto square = shape("Polygon", "[[[0,0],[3,0],[3,3],[0,3],[0,0]]]");
  ASSERT_TRUE(square);
  EXPECT_TRUE(square->matches(point("[1,1]")));
  EXPECT_TRUE(point("[1,1]").matches(*square));
  EXPECT_FALSE(square->matches(point("[4,1]")));
  EXPECT_FALSE(square->matches(*square));
  EXPECT_FALSE(point("[1,1]").matches(point("[1,1]")));
}

TEST(Geometry, HolesAndOrientationDoNotMatterButToWhatIsInside) {
  const auto clockwise =
      shape("Polygon", "[[[0,0],[0,9],[9,9],[9,0],[0,0]],[[2,2],[4,2],[4,4],[2,4],[2,2]]]");
  ASSERT_TRUE(clockwise);
  EXPECT_TRUE(clockwise->matches(point("[1,1]")));
  EXPECT_FALSE(clockwise->matches(point("[3,3]")));
  EXPECT_FALSE(clockwise->matches(point("[-1,-1]")));
}

TEST(Geometry, RegionsMayCrossTheDateLineAndThePole) {
  const auto strip = shape("Polygon", "[[[179,-1],[-179,-1],[-179,1],[179,1],[179,-1]]]");
  ASSERT_TRUE(strip);
  EXPECT_TRUE(strip->matches(point("[180,0]")));
  EXPECT_FALSE(strip->matches(point("[0,0]")));
  const auto cap = shape("AeroCircle", "[[0,90],500000]");
  ASSERT_TRUE(cap);
  EXPECT_TRUE(cap->matches(point("[123,88]")));
  EXPECT_FALSE(cap->matches(point("[123,80]")));
}

TEST(Geometry, CellsOfARegionHoldTheLeavesOfItsPoints) {
  const auto circle = shape("AeroCircle", "[[13.4,52.5],20000]");
  ASSERT_TRUE(circle);
  for (const Covering& covering : {kStoredCovering, kQueryCovering}) {
    const auto cells = circle->cells(covering);
    ASSERT_TRUE(cells);
    EXPECT_LE(cells->size(), 12U);
    for (const char* const place : {"[13.4,52.5]", "[13.5,52.6]", "[13.2,52.4]"}) {
      const Geometry inside = point(place);
      ASSERT_TRUE(circle->matches(inside));
      const bool found = std::ranges::any_of(*cells, [&](std::uint64_t cell) {
        const CellRange leaves = leaves_of(cell);
        return leaves.least <= inside.leaf_cell() && inside.leaf_cell() <= leaves.most;
      });
      EXPECT_TRUE(found) << place;
    }
  }
  const auto hemisphere = shape("AeroCircle", "[[1,2],10000000]");
  ASSERT_TRUE(hemisphere);
  const auto cells = hemisphere->cells(kStoredCovering);
  ASSERT_FALSE(cells);
  EXPECT_EQ(cells.error().code, Code::GeoInvalid);
}

TEST(Geometry, AncestorsLeadFromTheLeafToLevelOne) {
  const Geometry leaf = point("[1,2]");
  const auto chain = ancestors_of(leaf.leaf_cell());
  EXPECT_EQ(chain.size(), 30U);
  EXPECT_EQ(chain.front(), leaf.leaf_cell());
  for (std::size_t i = 1; i < chain.size(); ++i) {
    EXPECT_LE(leaves_of(chain[i]).least, leaves_of(chain[i - 1]).least);
    EXPECT_GE(leaves_of(chain[i]).most, leaves_of(chain[i - 1]).most);
  }
}

}  // namespace
}  // namespace flotilla::model
