#include "model/msgpack.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

namespace flotilla::model::msgpack {
namespace {

/// A copy of exactly the input's size, so that a sanitizer sees a read one byte past it.
class Exact {
 public:
  explicit Exact(std::string_view hex) : bytes_(from_hex(hex)) { bytes_.shrink_to_fit(); }
  operator Bytes() const { return bytes_; }  // NOLINT(google-explicit-constructor)

 private:
  Buffer bytes_;
};

// Each is less than all that follow it.
constexpr std::string_view kAscending[] = {
    "C0",                  // nil
    "C2",                  // false
    "C3",                  // true
    "D38000000000000000",  // the least integer
    "D0DF",                // -33
    "FF",                  // -1
    "00",                  // 0
    "7F",                  // 127
    "CCFF",                // 255
    "CF7FFFFFFFFFFFFFFF",  // 2^63 - 1
    "CFFFFFFFFFFFFFFFFF",  // 2^64 - 1: a big number here, though it reads back as -1
    "A103",                // ""
    "A20361",              // "a"
    "A3036161",            // "aa": the longer of two with one prefix is greater
    "A20362",              // "b"
    "90",                  // []
    "9101",                // [1]
    "920100",              // [1, 0]
    "9102",                // [2]
    "92029105",            // [2, [5]]
    "9202920500",          // [2, [5, 0]]
    "9202D4FF01",          // [2, infinity]
    "80",                  // {}
    "810909",              // {9: 9}
    "8201010202",          // {1: 1, 2: 2}
    "8201010203",          // {1: 1, 2: 3}
    "A0",                  // raw bytes of no type
    "A20400",              // blob 00
    "A2047A",              // blob 7A
    "A2097A",              // another type of blob
    "CBC000000000000000",  // -2.0
    "CA3F800000",          // 1.0, short
    "CB3FF8000000000000",  // 1.5
    "A3177B7D",            // geojson {}
    "D40501",              // a foreign extension
    "D4FF01",              // infinity
};

TEST(MsgpackCompare, OrdersKindsThenValues) {
  for (std::size_t i = 0; i < std::size(kAscending); ++i) {
    const Exact a(kAscending[i]);
    EXPECT_TRUE(compare(a, a) == 0) << kAscending[i];
    for (std::size_t j = i + 1; j < std::size(kAscending); ++j) {
      const Exact b(kAscending[j]);
      EXPECT_TRUE(compare(a, b) < 0) << kAscending[i] << " " << kAscending[j];
      EXPECT_TRUE(compare(b, a) > 0) << kAscending[i] << " " << kAscending[j];
    }
  }
}

TEST(MsgpackCompare, PrefixesNeverContradictTheOrder) {
  for (std::size_t i = 0; i < std::size(kAscending); ++i) {
    for (std::size_t j = i + 1; j < std::size(kAscending); ++j) {
      const Exact a(kAscending[i]);
      const Exact b(kAscending[j]);
      EXPECT_LE(order_prefix(a), order_prefix(b)) << kAscending[i] << " " << kAscending[j];
    }
  }
  EXPECT_EQ(order_prefix(Exact("CB0000000000000000")), order_prefix(Exact("CB8000000000000000")));
}

RC_GTEST_PROP(MsgpackCompare, PrefixesOfNumbersNeverContradictTheirOrder,
              (std::int64_t x, std::int64_t y)) {
  Arena arena;
  const auto encoded = [&](std::int64_t value) {
    Writer out(arena);
    out.integer(value >> *rc::gen::inRange(0, 64));
    return out.finish();
  };
  const Bytes a = encoded(x);
  const Bytes b = encoded(y);
  if (order_prefix(a) < order_prefix(b)) RC_ASSERT((compare(a, b) < 0));
  if (order_prefix(a) > order_prefix(b)) RC_ASSERT((compare(a, b) > 0));
}

struct Equal {
  std::string_view why;
  std::string_view a;
  std::string_view b;
};
constexpr Equal kEqual[] = {
    {"length of an integer", "05", "D30000000000000005"},
    {"length of a header", "9105", "DD0000000105"},
    {"bin family and str family", "A20361", "C4020361"},
    {"order flags of a list", "9105", "92C7000105"},
    {"order flags of a map", "810102", "82C70001C00102"},
    {"float of four bytes", "CA3F800000", "CB3FF0000000000000"},
    {"NaN and any float", "CB7FF8000000000000", "CB3FF0000000000000"},
    {"wildcard", "D4FF00", "9105"},
    {"wildcard in a list ends the comparison", "92A20361D4FF00", "93A203610102"},
    {"wildcard in an inner list ends it outside too", "9291D4FF0001", "92910702"},
};
TEST(MsgpackCompare, SeesNoDifferenceInWhatMeansTheSame) {
  for (const Equal& e : kEqual) {
    EXPECT_TRUE(compare(Exact(e.a), Exact(e.b)) == 0) << e.why;
    EXPECT_TRUE(compare(Exact(e.b), Exact(e.a)) == 0) << e.why;
  }
}

struct Normal {
  std::string_view why;
  std::string_view in;
  Use use;
  std::string_view out;  // Empty: refused.
};
constexpr Normal kNormal[] = {
    {"already shortest", "93A203610102", Use::Stored, "93a203610102"},
    {"long list header", "DD0000000105", Use::Stored, "9105"},
    {"long integers", "92CD0001D3FFFFFFFFFFFFFFFF", Use::Stored, "9201ff"},
    {"positive in the signed family", "91D30000000000000080", Use::Stored, "91cc80"},
    {"bin family", "91C500020361", Use::Stored, "91a20361"},
    {"short float stays", "91CA3F800000", Use::Stored, "91ca3f800000"},
    {"map keys get sorted", "8202010102", Use::Stored, "8201020201"},
    {"value-ordered alone does not promise an order", "83C70002C002010102", Use::Stored,
     "83c70002c001020201"},
    {"nested maps get sorted", "918202010102", Use::Stored, "918201020201"},
    {"duplicate keys", "8201010102", Use::Stored, ""},
    {"duplicate keys in different lengths", "820101CC0102", Use::Stored, ""},
    {"key-ordered but not in order", "83C70001C002010102", Use::Stored, ""},
    {"nil as a key", "81C001", Use::Stored, ""},
    {"float as a key", "81CB3FF000000000000001", Use::Stored, ""},
    {"untyped raw as a key", "81A001", Use::Stored, ""},
    {"ordered list in order", "93C700010101", Use::Stored, "93c700010101"},
    {"ordered list out of order", "93C700010201", Use::Stored, ""},
    {"unknown flag of a list", "92C7000205", Use::Stored, "9105"},
    {"persist flag of a list", "92C7001105", Use::StoredTopLevel, "92c7000105"},
    {"persist flag of a key-ordered bin", "82C70011C00102", Use::StoredTopLevel, "82c70001c00102"},
    {"persist flag of a value-ordered bin", "82C70013C00102", Use::StoredTopLevel,
     "82c70013c00102"},
    {"persist flag inside", "9182C70013C00102", Use::StoredTopLevel, "9182c70003c00102"},
    {"flags with a body", "92C701050102", Use::Stored, "92c7000102"},
    {"value of the flags' pair", "82C70001010102", Use::Stored, "82c70001c00102"},
    {"extension not in front", "9201D40501", Use::Stored, "9201d40501"},
    {"wildcard to be stored", "91D4FF00", Use::Stored, ""},
    {"infinity to be stored", "D4FF01", Use::Stored, ""},
    {"wildcard to be compared", "91C701FF00", Use::Compared, "91c701ff00"},
    {"trailing byte", "0505", Use::Stored, ""},
    {"nothing", "", Use::Stored, ""},
    {"list one element short", "9201", Use::Stored, ""},
    {"map without a value", "8101", Use::Stored, ""},
    {"flags of a map without their value", "9181D4012A", Use::Stored, ""},
    {"flags that mean nothing before an extension", "92C70000D40501", Use::Stored,
     "92c70000d40501"},
    {"no encoding", "C1", Use::Stored, ""},
    {"count that lies", "DDFFFFFFFF01", Use::Stored, ""},
    {"pairs that lie", "DFFFFFFFFF0101", Use::Stored, ""},
    {"length that lies", "DBFFFFFFFF03", Use::Stored, ""},
};
TEST(MsgpackNormalise, GivesTheStoredForm) {
  for (const Normal& n : kNormal) {
    Arena arena;
    const Exact in(n.in);
    const auto out = normalise(arena, in, n.use);
    ASSERT_EQ(out.has_value(), !n.out.empty()) << n.why;
    if (!out) {
      EXPECT_EQ(out.error().code, Code::Parameter) << n.why;
      continue;
    }
    EXPECT_EQ(to_hex(*out), n.out) << n.why;
    const auto again = normalise(arena, *out, n.use);
    ASSERT_TRUE(again) << n.why;
    EXPECT_EQ(to_hex(*again), n.out) << n.why;
  }
}

std::string nested_lists(int depth) {
  std::string hex;
  for (int i = 1; i < depth; ++i) hex += "91";
  return hex + "90";
}

TEST(MsgpackNormalise, RefusesOneLevelTooMany) {
  Arena arena;
  EXPECT_TRUE(normalise(arena, Exact(nested_lists(kDepthMax)), Use::Stored));
  EXPECT_FALSE(normalise(arena, Exact(nested_lists(kDepthMax + 1)), Use::Stored));
}

TEST(MsgpackCursor, WalksAMillionLevelsWithoutRecursion) {
  Buffer deep(1'000'000, std::byte{0x91});
  deep.push_back(std::byte{0x05});
  Cursor at(deep);
  EXPECT_EQ(at.skip().size(), deep.size());
  EXPECT_TRUE(at.ok());
  EXPECT_TRUE(compare(deep, deep) == 0);
}

TEST(MsgpackNormalise, ACountThatLiesReservesNothing) {
  for (const std::string_view hex :
       {"ddffffffff", "dfffffffff", "92ddffffffff01", "dfffffffffa20361", "ddffffffffc7ffffffff01",
        "91c9fffffff001", "dbffffffff03"}) {
    Arena arena;
    const Buffer lying = from_hex(hex);
    const auto out = normalise(arena, lying, Use::Stored);
    ASSERT_FALSE(out) << hex;
    EXPECT_EQ(out.error().code, Code::Parameter) << hex;
    EXPECT_LT(arena.used(), 256U) << hex;
  }
}

TEST(MsgpackCursor, RefusesEveryStrictPrefix) {
  for (const std::string_view hex :
       {"93A203610102", "82C70001C00102", "CB3FF8000000000000", "D40501", "C70205AABB",
        "DA0003036161", "CF0102030405060708"}) {
    const Buffer whole = from_hex(hex);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const Buffer prefix(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      Cursor at(prefix);
      EXPECT_TRUE(at.skip().empty()) << hex << " " << size;
      EXPECT_FALSE(at.ok()) << hex << " " << size;
    }
    Cursor at(whole);
    EXPECT_EQ(at.skip().size(), whole.size()) << hex;
    EXPECT_TRUE(at.done()) << hex;
  }
}

TEST(MsgpackOpen, LeavesOutTheFlags) {
  const Exact map("83C70003C001020304");
  const Container box = open(map);
  EXPECT_EQ(box.kind, Kind::Map);
  EXPECT_EQ(box.flags, kOrdered | kValueOrdered);
  EXPECT_EQ(box.count, 2U);
  EXPECT_EQ(to_hex(box.elements), "01020304");
  EXPECT_EQ(open(Exact("05")).kind, Kind::Broken);
  EXPECT_EQ(open(Exact("91")).count, 1U);
}

RC_GTEST_PROP(MsgpackWriter, IntegersReadBackAndAreShortest, (std::int64_t value)) {
  // Numbers of every width, not just of eight bytes.
  const auto narrow = value >> *rc::gen::inRange(0, 64);
  Arena arena;
  Writer out(arena);
  out.integer(narrow);
  const Bytes bytes = out.finish();
  RC_ASSERT(Cursor(bytes).next().integer() == narrow);
  const auto normal = normalise(arena, bytes, Use::Stored);
  RC_ASSERT(normal && equal(*normal, bytes));
}

RC_GTEST_PROP(MsgpackWriter, RawBytesReadBackAndAreShortest, ()) {
  const auto size =
      *rc::gen::element<std::size_t>(0, 1, 30, 31, 254, 255, 256, 65534, 65535, 70000);
  Arena arena;
  Writer out(arena);
  out.raw(ParticleType::String, Buffer(size, std::byte{'x'}));
  const Bytes bytes = out.finish();
  const Particle back = to_particle(arena, bytes);
  RC_ASSERT(back.type == ParticleType::String && back.bytes.size() == size);
  const auto normal = normalise(arena, bytes, Use::Stored);
  RC_ASSERT(normal && equal(*normal, bytes));
}

TEST(MsgpackWriter, HeadersGrowWithTheCount) {
  for (const std::uint32_t count : {0U, 14U, 15U, 16U, 65534U, 65535U, 65536U}) {
    for (const std::uint8_t flags : {std::uint8_t{0}, kOrdered}) {
      for (const Kind kind : {Kind::List, Kind::Map}) {
        Arena arena;
        Writer out(arena);
        if (kind == Kind::Map) {
          out.map(count, flags);
        } else {
          out.list(count, flags);
        }
        const Bytes header = out.finish();
        EXPECT_EQ(header.size(), header_size(kind, count, flags)) << count;
        const Container box = open(header);
        EXPECT_EQ(box.count, count);
        EXPECT_EQ(box.flags, flags);
      }
    }
  }
}

struct Extracted {
  std::string_view element;
  ParticleType type;
  std::string_view particle;
};
constexpr Extracted kExtracted[] = {
    {"C0", ParticleType::Null, ""},
    {"C3", ParticleType::Bool, "01"},
    {"FF", ParticleType::Integer, "ffffffffffffffff"},
    {"CFFFFFFFFFFFFFFFFF", ParticleType::Integer, "ffffffffffffffff"},
    {"CA3F800000", ParticleType::Float, "3ff0000000000000"},
    {"A3036162", ParticleType::String, "6162"},
    {"A2047A", ParticleType::Blob, "7a"},
    {"A2097A", ParticleType::PythonBlob, "7a"},
    {"A0", ParticleType::Blob, ""},
    {"A3177B7D", ParticleType::GeoJson, "0000007b7d"},
    {"9105", ParticleType::List, "9105"},
    {"810505", ParticleType::Map, "810505"},
};
TEST(MsgpackParticle, StandsForAnElementOnItsOwn) {
  for (const Extracted& e : kExtracted) {
    Arena arena;
    const Exact element(e.element);
    const Particle particle = to_particle(arena, element);
    EXPECT_EQ(particle.type, e.type) << e.element;
    EXPECT_EQ(to_hex(particle.bytes), e.particle) << e.element;
  }
}

TEST(MsgpackParticle, BecomesTheElementAgain) {
  for (const std::string_view hex : {"c0", "c2", "05", "d0df", "cb3ff8000000000000", "a3036162",
                                     "a2047a", "a3177b7d", "9105", "810102"}) {
    Arena arena;
    const Exact element(hex);
    Writer out(arena);
    out.particle(to_particle(arena, element));
    EXPECT_EQ(to_hex(out.finish()), hex);
  }
}

}  // namespace
}  // namespace flotilla::model::msgpack
