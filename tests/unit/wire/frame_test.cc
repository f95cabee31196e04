#include "wire/frame.h"

#include <gtest/gtest.h>

#include "wire/batch.h"
#include "wire/message.h"
#include "wire/reply.h"

namespace flotilla::wire {
namespace {

struct FrameCase {
  std::string_view name;
  std::string_view hex;
  Result<FrameHeader> want;
};

const FrameCase kFrames[] = {
    {"largest body", "0203000008000000", FrameHeader{FrameKind::Message, 128 << 20}},
    {"one too large", "0203000008000001", fail(Code::TooBig, "frame: body")},
    {"one byte short", "02030000000000", fail(Code::Parameter, "frame: short header")},
    {"unknown kind", "0206000000000000", fail(Code::Parameter, "frame: kind")},
    {"kind 0", "0200000000000000", fail(Code::Parameter, "frame: kind")},
    {"foreign version", "0303000000000000", fail(Code::Parameter, "frame: version")},
    {"version 0 of a security message", "0002000000000010", FrameHeader{FrameKind::Security, 16}},
    {"TLS greeting", "1603010200010001", fail(Code::Parameter, "frame: version")},
};

TEST(FrameHeaderParse, MatchesItsVectors) {
  for (const FrameCase& c : kFrames)
    EXPECT_EQ(FrameHeader::parse(from_hex(c.hex)), c.want) << c.name;
}

// The worked exchange of the protocol's description: put of bin a = 7.
Buffer put_message() {
  return from_hex(
      "16000100000000000000000000000000 03e8 0003 0001"
      "0000000500 74657374"
      "0000000501 64656d6f"
      "0000001504 ec91192d4b7f8ce35d5d78d34bca65cbaaaac960"
      "0000000d 02 01 00 01 61 0000000000000007");
}

TEST(Message, ReadsThePutOfTheDescription) {
  const Buffer body = put_message();
  Message message;
  ASSERT_TRUE(message.parse(body));
  EXPECT_EQ(message.header.info2, info2::kWrite);
  EXPECT_EQ(message.header.transaction_ttl, 1000U);
  EXPECT_EQ(message.fields.text(FieldType::Namespace), "test");
  EXPECT_EQ(message.fields.text(FieldType::Set), "demo");
  EXPECT_EQ(message.fields.get(FieldType::Digest).size(), Digest::kSize);
  ASSERT_EQ(message.ops.count(), 1);
  const Op op = *message.ops.begin();
  EXPECT_EQ(op.type, OpType::Write);
  EXPECT_EQ(op.name, "a");
  EXPECT_EQ(load_be<std::uint64_t>(op.value.data()), 7U);
}

TEST(Message, RefusesEveryPrefixAndOneByteMore) {
  const Buffer body = put_message();
  for (std::size_t size = 0; size < body.size(); ++size) {
    // A buffer of exactly this size, so that a sanitizer sees a read past it.
    const Buffer prefix(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(size));
    Message message;
    EXPECT_FALSE(message.parse(prefix)) << size;
  }
  Buffer longer = body;
  longer.push_back(std::byte{0});
  Message message;
  EXPECT_FALSE(message.parse(longer));
}

// The official Java and Go clients add the size of the filter to that of the rows behind it.
TEST(Message, RowsOfABatchEndWithTheMessageWhateverTheyClaim) {
  const std::string_view header = "16 08 0000 00000000000000000000000003e8";
  for (const std::string_view type : {"29", "2a"}) {
    const Buffer body = from_hex(std::string(header) + "00020000" + "00000002 2b c3" + "00000080" +
                                 std::string(type) + "0000000105");
    Message message;
    ASSERT_TRUE(message.parse(body));
    const auto field = type == "29" ? FieldType::Batch : FieldType::BatchWithSet;
    EXPECT_EQ(to_hex(message.fields.get(field)), "0000000105");
    EXPECT_EQ(to_hex(message.fields.get(FieldType::Filter)), "c3");
  }
  Message other;
  EXPECT_FALSE(other.parse(from_hex(std::string(header) + "00010000" + "00000003 2b c3")));
}

TEST(Message, PeekedKeyIsTheParsedOne) {
  const Buffer body = put_message();
  const auto key = peek_key(body);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->ns, "test");
  EXPECT_EQ(to_hex(key->digest.view()), "ec91192d4b7f8ce35d5d78d34bca65cbaaaac960");
  for (std::size_t size = 0; size + 25 < body.size(); size += 3)
    static_cast<void>(peek_key(Bytes(body).first(size)));
}

TEST(ReplyWriter, WritesTheReplyOfTheDescription) {
  OutBuffer out;
  ReplyWriter reply(out);
  reply.begin({.generation = 1});
  const Buffer seven = from_hex("0000000000000007");
  reply.op(OpType::Read, "a", ParticleType::Integer, seven);
  reply.end();
  reply.finish();
  EXPECT_EQ(to_hex(out.view()),
            "0203000000000027"
            "16000000000000000001000000000000000000000001"
            "0000000d01010001610000000000000007");
}

TEST(ReplyWriter, AbandonedAndDroppedMessagesLeaveNothing) {
  OutBuffer out;
  ReplyWriter reply(out);
  reply.begin({});
  reply.op(OpType::Read, "a", ParticleType::Blob, Buffer(1000));
  reply.abandon();
  reply.begin({});
  reply.end();
  reply.drop_last();
  reply.finish();
  EXPECT_TRUE(out.empty());
}

Buffer two_rows(bool repeat) {
  Buffer field = from_hex("00000002 05");
  append(field, from_hex("00000000"));
  append(field, Buffer(Digest::kSize, std::byte{1}));
  append(field, from_hex("00 03 0001 0000 00000005 00 74657374"));
  append(field, from_hex("00000001"));
  append(field, Buffer(Digest::kSize, std::byte{2}));
  append(field, repeat ? from_hex("01") : from_hex("00 03 0001 0000 00000005 00 74657374"));
  return field;
}

TEST(BatchReader, RepeatedRowsShareTheRowBefore) {
  for (const bool repeat : {false, true}) {
    const Buffer field = two_rows(repeat);
    BatchReader rows(field, {});
    ASSERT_TRUE(rows.ok());
    Digest ahead[4];
    EXPECT_EQ(rows.peek(ahead, 4), 2U);
    ASSERT_TRUE(rows.next());
    EXPECT_EQ(rows.row().digest, ahead[0]);
    ASSERT_TRUE(rows.next());
    EXPECT_EQ(rows.row().digest, ahead[1]);
    EXPECT_EQ(rows.row().index, 1U);
    EXPECT_EQ(rows.row().fields.text(FieldType::Namespace), "test");
    EXPECT_TRUE(rows.row().namespace_first);
  }
}

TEST(BatchReader, RefusesACountThatTheBytesCannotHold) {
  const Buffer field = from_hex("ffffffff 00 00");
  EXPECT_FALSE(BatchReader(field, {}).ok());
}

TEST(BatchReader, RefusesToRepeatNothing) {
  Buffer field = from_hex("00000001 00 00000000");
  append(field, Buffer(Digest::kSize));
  append(field, from_hex("01"));
  BatchReader rows(field, {});
  ASSERT_TRUE(rows.ok());
  EXPECT_FALSE(rows.next());
}

}  // namespace
}  // namespace flotilla::wire
