#include "generator/dialect.h"

#include <gtest/gtest.h>

namespace flotilla::bench {
namespace {

DialectOptions small_options() { return {.name_space = "test", .set = "demo", .value_bytes = 8}; }

struct World {
  explicit World(std::uint32_t per_request = 1)
      : keys({.count = 2, .order = Keys::Order::Sequential, .per_request = per_request}),
        digests("demo", 2) {}
  Keys keys;
  DigestTable digests;
};

// demo/1 has the digest b7f4b838...: a vector that all official clients share.
constexpr std::string_view kNames = "0000000500 74657374 0000000501 64656d6f";
constexpr std::string_view kDigest = "0000001504 b7f4b83889e2da67de683e1df6919a1eacc446c8";
constexpr std::string_view kValueOfOne = "0000000000000001";

Buffer hex(std::initializer_list<std::string_view> parts) {
  Buffer all;
  for (const std::string_view part : parts) append(all, Bytes(from_hex(part)));
  return all;
}

Buffer request_of(const Dialect& dialect, std::uint64_t request) {
  Buffer out;
  dialect.append_request(out, request);
  return out;
}

TEST(AerospikeDialect, AsksForARecordAsClientsDo) {
  const World w;
  const auto get = make_aerospike_dialect(Operation::Get, small_options(), w.keys, w.digests);
  EXPECT_EQ(to_hex(request_of(*get, 1)),
            to_hex(hex({"0203000000000041 16030000 0000 00000000 00000000 00002710 0003 0000",
                        kNames, kDigest})));
}

TEST(AerospikeDialect, PutsARecordAsClientsDo) {
  const World w;
  const auto put = make_aerospike_dialect(Operation::Put, small_options(), w.keys, w.digests);
  EXPECT_EQ(to_hex(request_of(*put, 1)),
            to_hex(hex({"0203000000000052 16000100 0000 00000000 00000000 00002710 0003 0001",
                        kNames, kDigest, "0000000d 02 04 00 01 62", kValueOfOne})));
}

TEST(AerospikeDialect, SendsAGivenMessageForEveryKey) {
  const World w;
  const auto get = make_aerospike_dialect(Operation::Get, small_options(), w.keys, w.digests);
  DialectOptions options = small_options();
  options.message = request_of(*get, 0);
  const auto given = make_aerospike_dialect(Operation::Message, options, w.keys, w.digests);
  ASSERT_NE(given, nullptr);
  EXPECT_EQ(to_hex(request_of(*given, 1)), to_hex(request_of(*get, 1)));
  options.message.resize(30);
  EXPECT_EQ(make_aerospike_dialect(Operation::Message, options, w.keys, w.digests), nullptr);
}

TEST(AerospikeDialect, RepeatsTheFirstRowOfABatch) {
  const World w(2);
  const auto batch = make_aerospike_dialect(Operation::Batch, small_options(), w.keys, w.digests);
  const std::string asked = to_hex(request_of(*batch, 0));
  const std::string rows =
      to_hex(hex({"00000002 05 00000000", to_hex(w.digests[0].view()), "00 03 0002 0000", kNames,
                  "00000001", to_hex(w.digests[1].view()), "01"}));
  EXPECT_NE(asked.find(rows), std::string::npos) << asked;
  EXPECT_EQ(asked.size() / 2, 8 + 22 + 5 + rows.size() / 2);
}

struct ReplyCase {
  const char* name;
  std::string_view hex;
  bool is_right;
};

const ReplyCase kGetReplies[] = {
    {"the value",
     "0203000000000027 16000000 0000 00000001 00000000 00000000 0000 0001 0000000d 01040001 62 "
     "0000000000000001",
     true},
    {"another key's value",
     "0203000000000027 16000000 0000 00000001 00000000 00000000 0000 0001 0000000d 01040001 62 "
     "0000000000000000",
     false},
    {"not found", "0203000000000016 16000000 0002 00000000 00000000 00000000 0000 0000", false},
    {"no bins", "0203000000000016 16000000 0000 00000001 00000000 00000000 0000 0000", false},
    {"an op that overruns",
     "0203000000000027 16000000 0000 00000001 00000000 00000000 0000 0001 000000ff 01040001 62 "
     "0000000000000001",
     false},
    {"another version", "0103000000000016 16000000 0000 00000001 00000000 00000000 0000 0000",
     false},
};

TEST(AerospikeDialect, AcceptsOnlyTheRightReplyToAGet) {
  const World w;
  const auto get = make_aerospike_dialect(Operation::Get, small_options(), w.keys, w.digests);
  for (const ReplyCase& c : kGetReplies) {
    Ticket ticket{.request = 1};
    const Buffer reply = from_hex(c.hex);
    EXPECT_EQ(get->take(reply, ticket).has_value(), c.is_right) << c.name;
  }
}

TEST(AerospikeDialect, WaitsForTheWholeFrame) {
  const World w;
  const auto get = make_aerospike_dialect(Operation::Get, small_options(), w.keys, w.digests);
  const Buffer reply = from_hex(kGetReplies[0].hex);
  Ticket ticket{.request = 1};
  for (std::size_t size = 0; size < reply.size(); ++size) {
    const Buffer part(reply.begin(), reply.begin() + static_cast<std::ptrdiff_t>(size));
    const auto taken = get->take(part, ticket);
    ASSERT_TRUE(taken.has_value()) << size;
    EXPECT_EQ(taken->bytes, 0U) << size;
    EXPECT_GT(taken->missing, 0U) << size;
  }
  EXPECT_EQ(get->take(reply, ticket)->bytes, reply.size());
}

constexpr std::string_view kRow =
    "16000000 0000 00000001 00000000 00000001 0000 0001 0000000d 01040001 62 0000000000000001";
constexpr std::string_view kTrailer = "16000001 0000 00000000 00000000 00000000 0000 0000";

TEST(AerospikeDialect, CountsTheRowsOfABatchOverSeveralFrames) {
  const World w(2);
  const auto batch = make_aerospike_dialect(Operation::Batch, small_options(), w.keys, w.digests);
  Ticket ticket{.request = 0};
  EXPECT_FALSE(batch->take(hex({"0203000000000027", kRow}), ticket)->is_last);
  EXPECT_FALSE(batch->take(hex({"0203000000000027", kRow}), ticket)->is_last);
  EXPECT_TRUE(batch->take(hex({"0203000000000016", kTrailer}), ticket)->is_last);
  EXPECT_EQ(ticket.records, 2U);

  Ticket short_one{.request = 0};
  EXPECT_FALSE(batch->take(hex({"0203000000000016", kTrailer}), short_one).has_value());
}

TEST(AerospikeDialect, HoldsAQueryToItsRecords) {
  const World w;
  DialectOptions options = small_options();
  options.query_records = 1;
  const auto query = make_aerospike_dialect(Operation::Query, options, w.keys, w.digests);
  const Buffer record = hex({"0203000000000040 16000000 0000 00000001 00000000 00000000 0001 0001",
                             kDigest, "0000000d 01040001 62", kValueOfOne});
  const Buffer end = hex({"0203000000000016", kTrailer});
  Ticket ticket;
  EXPECT_FALSE(query->take(record, ticket)->is_last);
  EXPECT_TRUE(query->take(end, ticket)->is_last);
  Ticket none;
  EXPECT_FALSE(query->take(end, none).has_value());
}

TEST(RedisDialect, AsksAndChecks) {
  const World w;
  const auto get = make_redis_dialect(Operation::Get, small_options(), w.keys);
  const auto put = make_redis_dialect(Operation::Put, small_options(), w.keys);
  EXPECT_EQ(as_text(request_of(*get, 1)), "*2\r\n$3\r\nGET\r\n$20\r\n00000000000000000001\r\n");
  Ticket ticket{.request = 1};
  EXPECT_TRUE(
      get->take(as_bytes(std::string_view("$8\r\n\0\0\0\0\0\0\0\1\r\n", 14)), ticket)->is_last);
  EXPECT_FALSE(get->take(as_bytes("$-1\r\n"), ticket).has_value());
  EXPECT_TRUE(put->take(as_bytes("+OK\r\n"), ticket)->is_last);
  EXPECT_EQ(put->take(as_bytes("+OK"), ticket)->bytes, 0U);
}

TEST(MemcachedDialect, AsksAndChecks) {
  const World w(2);
  const auto batch = make_memcached_dialect(Operation::Batch, small_options(), w.keys);
  EXPECT_EQ(as_text(request_of(*batch, 0)), "get 00000000000000000000 00000000000000000001\r\n");
  std::string reply("VALUE 00000000000000000000 0 8\r\n\0\0\0\0\0\0\0\0\r\n", 42);
  Ticket ticket{.request = 0};
  EXPECT_EQ(batch->take(as_bytes(reply), ticket)->bytes, 0U);
  reply += std::string("VALUE 00000000000000000001 0 8\r\n\0\0\0\0\0\0\0\1\r\nEND\r\n", 47);
  EXPECT_TRUE(batch->take(as_bytes(reply), ticket)->is_last);
  EXPECT_EQ(ticket.records, 2U);
}

TEST(Keys, AreUniformAndRepeatable) {
  const Keys keys({.count = 10, .seed = 7});
  std::uint64_t seen[10] = {};
  for (std::uint64_t request = 0; request < 100'000; ++request) ++seen[keys.key(request)];
  for (const std::uint64_t count : seen) EXPECT_NEAR(static_cast<double>(count), 10'000, 500);
  EXPECT_EQ(keys.key(5), Keys({.count = 10, .seed = 7}).key(5));
}

}  // namespace
}  // namespace flotilla::bench
