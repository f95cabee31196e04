#include "tools/asb/asb.h"

#include <gtest/gtest.h>

#include <ctime>
#include <sstream>

#include "asb/selection.h"
#include "asb/zstd_stream.h"
#include "client/codec.h"
#include "client/expression.h"
#include "tools/asb/backup_state.h"

namespace flotilla::tools::asb {
namespace {

using client::Blob;
using client::Value;

client::Record sample(std::optional<Value> user_key = std::nullopt) {
  Buffer digest;
  from_base64("q+LsiGs1gD9duJDbzQSXytajtCY=", digest);
  client::Record record{
      .key = client::Key::from_digest("test", "test-set", wire::Digest::load(digest.data()))};
  record.key.user_key = std::move(user_key);
  record.generation = 1;
  record.bins = {{"int-bin", 12345}, {"string-bin", "abcde"}};
  return record;
}

constexpr std::string_view kSample =
    "Version 3.1\n"
    "# namespace test\n"
    "# first-file\n"
    "* i test test-set int-index N 1 int-bin N\n"
    "* i test test-set string-index N 1 string-bin S\n"
    "* u L test.lua 27 -- just an empty Lua file\n\n\n"
    "+ n test\n"
    "+ d q+LsiGs1gD9duJDbzQSXytajtCY=\n"
    "+ s test-set\n"
    "+ g 1\n"
    "+ t 0\n"
    "+ b 2\n"
    "- I int-bin 12345\n"
    "- S string-bin 5 abcde\n";

std::string written(const std::vector<Item>& items, bool compact = false) {
  std::ostringstream out;
  Writer writer(out, compact);
  writer.head("test", true);
  for (const Item& item : items) {
    if (const auto* record = std::get_if<client::Record>(&item)) writer.record(*record);
    if (const auto* index = std::get_if<Index>(&item)) writer.index(*index);
    if (const auto* module = std::get_if<Module>(&item)) writer.module(*module);
  }
  EXPECT_EQ(writer.size(), out.str().size());
  return out.str();
}

std::vector<Item> read(std::string_view text) {
  std::istringstream in{std::string(text)};
  Reader reader(in);
  std::vector<Item> items;
  const auto started = reader.start();
  EXPECT_TRUE(started.has_value()) << (started ? "" : started.error());
  for (;;) {
    auto item = reader.next();
    if (!item) {
      ADD_FAILURE() << item.error();
      return items;
    }
    if (!*item) return items;
    items.push_back(std::move(**item));
  }
}

TEST(Asb, WritesTheSampleOfTheFormatToTheByte) {
  EXPECT_EQ(written({Index{"test", "test-set", "int-index", 'N', "int-bin", 'N', ""},
                     Index{"test", "test-set", "string-index", 'N', "string-bin", 'S', ""},
                     Module{"test.lua", "-- just an empty Lua file\n\n"}, sample()}),
            kSample);
}

TEST(Asb, ReadsTheSampleBack) {
  const auto items = read(kSample);
  ASSERT_EQ(items.size(), 4U);
  EXPECT_EQ(std::get<Index>(items[1]).name, "string-index");
  EXPECT_EQ(std::get<Module>(items[2]).content, "-- just an empty Lua file\n\n");
  const auto& record = std::get<client::Record>(items[3]);
  EXPECT_EQ(record.key.digest, sample().key.digest);
  EXPECT_EQ(record.bins, sample().bins);
}

TEST(Asb, EveryValueComesBackInBothForms) {
  const Value values[] = {
      client::Nil{},
      true,
      false,
      0,
      std::numeric_limits<std::int64_t>::min(),
      0.1,
      -1e300,
      std::numeric_limits<double>::infinity(),
      "",
      "with\nline feed and blank ",
      std::string("nul\0byte", 8),
      Blob{.bytes = {}},
      Blob{.bytes = from_hex("000aff")},
      Blob{.bytes = from_hex("01"), .type = wire::ParticleType::PythonBlob},
      Blob{.bytes = from_hex("00"), .type = wire::ParticleType::Hll},
      Blob{.bytes = from_hex("920102"), .type = wire::ParticleType::List},
      Blob{.bytes = from_hex("810102"), .type = wire::ParticleType::Map},
      client::GeoJson{"{}"},
  };
  for (const bool compact : {false, true}) {
    client::Record record = sample("key with blank");
    record.key.ns = "Name Space";
    record.key.set = "a\\b";
    record.void_time = 4'000'000'000;
    record.generation = 65535;
    record.bins.clear();
    for (std::size_t i = 0; i < std::size(values); ++i)
      record.bins.push_back({"bin " + std::to_string(i), values[i]});
    const auto items = read(written({record}, compact));
    ASSERT_EQ(items.size(), 1U);
    const auto& back = std::get<client::Record>(items[0]);
    EXPECT_EQ(back.key.ns, record.key.ns);
    EXPECT_EQ(back.key.set, record.key.set);
    EXPECT_TRUE(back.key.user_key == record.key.user_key);
    EXPECT_EQ(back.void_time, record.void_time);
    EXPECT_EQ(back.generation, record.generation);
    ASSERT_EQ(back.bins.size(), record.bins.size());
    for (std::size_t i = 0; i < std::size(values); ++i)
      EXPECT_TRUE(back.bins[i] == record.bins[i]) << i;
  }
}

TEST(Asb, EveryKindOfKeyComesBack) {
  for (const Value& key :
       {Value(7), Value(1.5), Value("k"), Value(Blob{.bytes = from_hex("0102")})}) {
    const auto items = read(written({sample(key)}));
    ASSERT_EQ(items.size(), 1U);
    EXPECT_TRUE(std::get<client::Record>(items[0]).key.user_key == key);
  }
}

TEST(Asb, AnIndexWithContextAndWithoutSetComesBack) {
  const Index index{"test", "", "i", 'K', "b", 'G', "khAB"};
  const auto items = read(written({index}));
  ASSERT_EQ(items.size(), 1U);
  EXPECT_EQ(std::get<Index>(items[0]), index);
}

/// Whether the whole text is read without complaint.
bool is_readable(const std::string& text) {
  std::istringstream in(text);
  Reader reader(in);
  if (!reader.start()) return false;
  for (;;) {
    const auto item = reader.next();
    if (!item) return false;
    if (!*item) return true;
  }
}

TEST(Asb, RefusesWhatBreaksTheFormat) {
  const std::string good(kSample);
  EXPECT_TRUE(is_readable(good));
  for (const auto& [from, to] :
       {std::pair("Version 3.1", "Version 4.0"), std::pair("+ n", "+  n"),
        std::pair("+ g 1", "+ g 65536"), std::pair("+ b 2", "+ b 3"),
        std::pair("+ b 2", "+ b 99999"), std::pair("- I int-bin 12345", "- I int-bin x"),
        std::pair("5 abcde", "4 abcde"), std::pair("5 abcde", "99999999999 abcde"),
        std::pair("5 abcde", "100000000 abcde"), std::pair("- S", "- Q"),
        std::pair("N 1 int-bin", "N 2 int-bin"), std::pair("q+LsiGs1", "q+L!iGs1")}) {
    std::string bad = good;
    bad.replace(bad.find(from), std::string_view(from).size(), to);
    EXPECT_FALSE(is_readable(bad)) << to;
  }
}

TEST(Asb, RefusesATruncatedRecord) {
  const std::string good(kSample);
  const std::size_t records = good.find("+ n test");
  for (std::size_t size = records + 1; size < good.size(); ++size)
    EXPECT_FALSE(is_readable(good.substr(0, size))) << size;
}

TEST(Asb, NamesTheLineOfAMistake) {
  std::string bad(kSample);
  bad.replace(bad.find("+ g 1"), 5, "+ g x");
  std::istringstream in(bad);
  Reader reader(in);
  ASSERT_TRUE(reader.start().has_value());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(reader.next().has_value());
  const auto item = reader.next();
  ASSERT_FALSE(item.has_value());
  EXPECT_EQ(item.error().substr(0, 7), "line 12");
}

/// A file of some records with every kind of value, and its checksums.
struct SummedFile {
  std::string text;
  Sums sums;

  explicit SummedFile(bool compact) {
    std::ostringstream out;
    Writer writer(out, compact, &sums);
    writer.head("test", true);
    writer.index(Index{"test", "s", "i", 'N', "b", 'N', ""});
    for (int i = 0; i < 3; ++i) {
      client::Record record = sample(Value(i));
      record.bins.push_back({"blob", Blob{.bytes = Buffer(5, std::byte{7})}});
      record.bins.push_back({"real", 1.5});
      record.bins.push_back({"truth", true});
      writer.record(record);
    }
    text = out.str();
  }
};

/// How many items can be read before a damage is found; the error, or nothing at the end.
std::pair<std::size_t, std::string> read_damaged(const std::string& text, const Sums& sums) {
  std::istringstream in(text);
  Reader reader(in, &sums);
  if (auto started = reader.start(); !started) return {0, started.error()};
  for (std::size_t count = 0;; ++count) {
    const auto item = reader.next();
    if (!item) return {count, item.error()};
    if (!*item) return {count, ""};
  }
}

TEST(Sums, FindEveryFlippedBitAndEveryTruncation) {
  for (const bool compact : {false, true}) {
    const SummedFile file(compact);
    EXPECT_EQ(read_damaged(file.text, file.sums), (std::pair<std::size_t, std::string>(4, "")));
    for (std::size_t at = 0; at < file.text.size(); ++at) {
      std::string flipped = file.text;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << (at % 8)));
      EXPECT_NE(read_damaged(flipped, file.sums).second, "") << at;
      EXPECT_NE(read_damaged(file.text.substr(0, at), file.sums).second, "") << at;
    }
  }
}

TEST(Sums, LetEverythingBeforeTheDamageBeRead) {
  const SummedFile file(false);
  std::string flipped = file.text;
  flipped[flipped.rfind("abcde")] = 'x';
  const auto [count, error] = read_damaged(flipped, file.sums);
  EXPECT_EQ(count, 3U);
  EXPECT_EQ(error, "item 4, which ends at line 40, does not match its checksum");
  const auto cut = read_damaged(file.text.substr(0, file.text.find("+ k I 2")), file.sums);
  EXPECT_EQ(cut.first, 3U);
  EXPECT_NE(cut.second.find("truncated, 1 of 4 items are missing"), std::string::npos)
      << cut.second;
}

TEST(Sums, AreReadBackAndKnowTheirOwnDamage) {
  const SummedFile file(false);
  const std::string bytes = file.sums.encode();
  EXPECT_EQ(Sums::parse(bytes), file.sums);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string flipped = bytes;
    flipped[at] = static_cast<char>(flipped[at] ^ 1);
    EXPECT_FALSE(Sums::parse(flipped).has_value()) << at;
    EXPECT_FALSE(Sums::parse(bytes.substr(0, at)).has_value()) << at;
  }
}

TEST(Zstd, GivesBackWhatWasCompressedAndNamesDamage) {
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += std::to_string(i * 7919 % 10'007) + ' ';
  std::ostringstream packed;
  ZstdWriter writer(packed);
  std::ostream(&writer) << text;
  writer.finish();
  const std::string bytes = packed.str();
  EXPECT_LT(bytes.size(), text.size());

  const auto unpack = [](const std::string& from, std::string& error) {
    std::istringstream in(from);
    EXPECT_TRUE(ZstdReader::is_compressed(in));
    ZstdReader reader(in);
    std::istream out(&reader);
    std::string result{std::istreambuf_iterator<char>(out), {}};
    error = reader.error();
    return result;
  };
  std::string error;
  EXPECT_EQ(unpack(bytes, error), text);
  EXPECT_EQ(error, "");
  EXPECT_EQ(unpack(bytes + bytes, error), text + text);
  unpack(bytes.substr(0, bytes.size() / 2), error);
  EXPECT_NE(error.find("truncated"), std::string::npos) << error;
  std::string flipped = bytes;
  flipped[flipped.size() / 2] = static_cast<char>(flipped[flipped.size() / 2] ^ 4);
  unpack(flipped, error);
  EXPECT_NE(error.find("damaged"), std::string::npos) << error;
}

TEST(BackupState, GoesThroughItsTextUnchanged) {
  BackupState state{
      .ns = "test", .directory = "/a b", .sets = "x,y", .set = 1, .next_file = 7, .records = 99};
  const auto key = *client::Key::make("test", "x", Value(1));
  state.cursor.passed(key.partition(), key.digest, 0);
  const wire::PartitionId other(static_cast<std::uint16_t>((key.partition().raw() + 1) % 4096));
  state.cursor.finish(other);
  const auto back = BackupState::parse(state.encode());
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->directory, "/a b");
  EXPECT_EQ(back->set, 1U);
  EXPECT_EQ(back->next_file, 7);
  EXPECT_EQ(back->records, 99U);
  EXPECT_EQ(back->cursor.position(key.partition()).after, key.digest);
  EXPECT_TRUE(back->cursor.is_done(other));
  EXPECT_FALSE(back->cursor.is_done(key.partition()));
  for (const char* text : {"", "{}", "[1]", "{\"version\":1}"})
    EXPECT_FALSE(BackupState::parse(text).has_value()) << text;
}

TEST(BackupSelection, TakesTheTimesThatPeopleWrite) {
  std::tm time{};
  time.tm_year = 2026 - 1900;
  time.tm_mday = 31;
  time.tm_isdst = -1;
  EXPECT_EQ(parse_local_time("2026-01-31"), std::mktime(&time) * 1000);
  time.tm_hour = 12;
  EXPECT_EQ(parse_local_time("2026-01-31_12:00:00"), std::mktime(&time) * 1000);
  EXPECT_TRUE(parse_local_time("00:00:00").has_value());
  for (const char* text : {"", "2026", "2026-02-31", "2026-01-31 12:00:00", "12:00", "25:00:00",
                           "2026-01-31_12:00:00 "})
    EXPECT_FALSE(parse_local_time(text).has_value()) << text;
}

TEST(BackupSelection, TakesPartitionsAndDigests) {
  const auto cursor = parse_partitions("0, 7-3,4095");
  ASSERT_TRUE(cursor.has_value());
  for (std::uint16_t p = 0; p < wire::kPartitions; ++p)
    EXPECT_EQ(cursor->is_done(wire::PartitionId(p)), p != 0 && (p < 7 || p > 9) && p != 4095) << p;
  const auto key = *client::Key::make("test", "x", Value(1));
  const std::string digest = to_base64(key.digest.view());
  const auto behind = parse_partitions(digest);
  ASSERT_TRUE(behind.has_value());
  EXPECT_EQ(behind->position(key.partition()).after, key.digest);
  EXPECT_TRUE(behind->is_done(
      wire::PartitionId(static_cast<std::uint16_t>((key.partition().raw() + 1) % 4096))));
  const auto rest = parse_after_digest(digest);
  ASSERT_TRUE(rest.has_value());
  EXPECT_EQ(rest->position(key.partition()).after, key.digest);
  for (std::uint16_t p = 0; p < wire::kPartitions; ++p)
    EXPECT_EQ(rest->is_done(wire::PartitionId(p)), p < key.partition().raw()) << p;
  for (const char* text :
       {",", "4096", "-1", "4095-2", "1-0", "1-", "x", "AAAA", "18446744073709551615-2"})
    EXPECT_FALSE(parse_partitions(text).has_value()) << text;
  EXPECT_FALSE(parse_after_digest("AAAA").has_value());
}

TEST(BackupSelection, JoinsItsConditions) {
  namespace exp = client::exp;
  const auto ns = [](std::int64_t ms) { return exp::value(Value(ms * 1'000'000)); };
  const client::Expression since = exp::ge(exp::last_update_ns(), ns(5));
  const client::Expression before = exp::lt(exp::last_update_ns(), ns(9));
  const client::Expression own = exp::bin_exists("a");
  EXPECT_TRUE(modified_between(0, 0, {}).empty());
  EXPECT_EQ(modified_between(0, 0, own.bytes()), own.bytes());
  EXPECT_EQ(modified_between(5, 0, {}), since.bytes());
  const client::Expression every[] = {since, before, own};
  EXPECT_EQ(modified_between(5, 9, own.bytes()), exp::all(every).bytes());
}

}  // namespace
}  // namespace flotilla::tools::asb
