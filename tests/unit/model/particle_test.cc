#include "model/particle.h"

#include <gtest/gtest.h>

#include "unit/model/notation.h"

namespace flotilla::model {
namespace {

using enum wire::ParticleType;

struct Import {
  std::string_view why;
  ParticleType type;
  std::string_view in;
  std::string_view out;  // What is stored, if it is.
  Code code = Code{};    // Why not, otherwise.
};
constexpr Import kImports[] = {
    {"eight bytes", Integer, "ffffffffffffffff", "ffffffffffffffff"},
    {"four bytes are unsigned", Integer, "ffffffff", "00000000ffffffff"},
    {"two bytes", Integer, "fffe", "000000000000fffe"},
    {"one byte", Integer, "80", "0000000000000080"},
    {"three bytes", Integer, "010203", "", Code::Parameter},
    {"no bytes", Integer, "", "", Code::Parameter},
    {"nine bytes", Integer, "000000000000000001", "", Code::Parameter},
    {"float", Float, "7ff0000000000000", "7ff0000000000000"},
    {"short float", Float, "3f800000", "", Code::Parameter},
    {"bytes that are no text", String, "fffe", "fffe"},
    {"empty blob", Blob, "", ""},
    {"language blob", PythonBlob, "01", "01"},
    {"vector", Vector, "01", "01"},
    {"true", Bool, "01", "01"},
    {"neither true nor false", Bool, "02", "", Code::Parameter},
    {"two bytes of bool", Bool, "0101", "", Code::Parameter},
    {"list in longer encodings", List, "dd00000001cd0005", "9105"},
    {"map out of order", Map, "8202010102", "8201020201"},
    {"a map for a list", List, "80", "", Code::Unknown},
    {"a list for a map", Map, "90", "", Code::Unknown},
    {"list cut short", List, "9201", "", Code::Unknown},
    {"list with more behind", List, "9000", "", Code::Unknown},
    {"no list at all", List, "", "", Code::Unknown},
    {"nothing to store", Null, "", "", Code::Parameter},
    {"unused type", static_cast<ParticleType>(6), "00", "", Code::Parameter},
    {"type past the last", static_cast<ParticleType>(24), "00", "", Code::Parameter},
};

TEST(ImportParticle, ChecksAndRewrites) {
  for (const Import& i : kImports) {
    Arena arena;
    const Buffer in = from_hex(i.in);
    const auto out = import_particle(arena, i.type, in);
    if (i.code != Code{}) {
      ASSERT_FALSE(out) << i.why;
      EXPECT_EQ(out.error().code, i.code) << i.why;
      continue;
    }
    ASSERT_TRUE(out) << i.why;
    EXPECT_EQ(out->type, i.type) << i.why;
    EXPECT_EQ(to_hex(out->bytes), i.out) << i.why;
  }
}

TEST(ExportParticle, HidesOnlyThePersistentIndex) {
  Arena arena;
  const Buffer kept = from_hex("82c70013c00102");
  const Particle out = export_particle(arena, {Map, kept});
  EXPECT_EQ(to_hex(out.bytes), "82c70003c00102");
  const Buffer plain = from_hex("82c70003c00102");
  EXPECT_EQ(export_particle(arena, {Map, plain}).bytes.data(), plain.data());
}

TEST(Increment, WrapsAround) {
  Arena arena;
  const Buffer most = from_hex("7fffffffffffffff");
  const Buffer one = from_hex("01");
  const auto out = increment(arena, {Integer, most}, {Integer, one});
  ASSERT_TRUE(out);
  EXPECT_EQ(to_hex(out->bytes), "8000000000000000");
}

struct Mixed {
  std::string_view why;
  ParticleType bin;
  std::string_view bin_bytes;
  ParticleType operand;
  std::string_view operand_bytes;
  Code code;
};
constexpr Mixed kBadSums[] = {
    {"integer and float", Integer, "0000000000000001", Float, "3ff0000000000000",
     Code::IncompatibleType},
    {"float and integer", Float, "3ff0000000000000", Integer, "0000000000000001",
     Code::IncompatibleType},
    {"bool", Bool, "01", Integer, "0000000000000001", Code::IncompatibleType},
    {"integer of an odd size", Integer, "0000000000000001", Integer, "010203", Code::Parameter},
    {"nothing", Integer, "0000000000000001", Null, "", Code::Parameter},
};
TEST(Increment, RefusesWhatDoesNotGoTogether) {
  for (const Mixed& m : kBadSums) {
    Arena arena;
    const Buffer bin = from_hex(m.bin_bytes);
    const Buffer operand = from_hex(m.operand_bytes);
    const auto out = increment(arena, {m.bin, bin}, {m.operand, operand});
    ASSERT_FALSE(out) << m.why;
    EXPECT_EQ(out.error().code, m.code) << m.why;
  }
}

constexpr Mixed kBadTexts[] = {
    {"blob to text", String, "61", Blob, "62", Code::IncompatibleType},
    {"one language to another", JavaBlob, "61", PythonBlob, "62", Code::IncompatibleType},
    {"list", List, "90", List, "90", Code::IncompatibleType},
    {"nothing", String, "61", Null, "", Code::Parameter},
};
TEST(Append, RefusesWhatDoesNotGoTogether) {
  for (const Mixed& m : kBadTexts) {
    Arena arena;
    const Buffer bin = from_hex(m.bin_bytes);
    const Buffer operand = from_hex(m.operand_bytes);
    const auto out = append(arena, {m.bin, bin}, {m.operand, operand});
    ASSERT_FALSE(out) << m.why;
    EXPECT_EQ(out.error().code, m.code) << m.why;
  }
}

}  // namespace
}  // namespace flotilla::model
