#include "wire/request_writer.h"

#include <gtest/gtest.h>

#include "wire/frame.h"
#include "wire/reply_reader.h"

namespace flotilla::wire {
namespace {

Digest digest_with(std::uint8_t first) {
  Digest digest;
  digest.bytes[0] = std::byte{first};
  return digest;
}

TEST(InfoRequest, EndsEveryCommandByALineFeed) {
  OutBuffer out;
  const std::string_view commands[] = {"node", "build"};
  write_info_request(out, commands);
  EXPECT_EQ(to_hex(out.view()), to_hex(from_hex("020100000000000b 6e6f64650a 6275696c640a")));
}

TEST(InfoRequest, WithoutCommandsIsAFrameWithoutBody) {
  OutBuffer out;
  write_info_request(out, {});
  EXPECT_EQ(to_hex(out.view()), "0201000000000000");
}

TEST(RequestWriter, WritesTheWorkedExampleOfTheProtocol) {
  OutBuffer out;
  RequestWriter request(out);
  request.begin({.info2 = info2::kWrite, .transaction_ttl = 1000});
  request.field(FieldType::Namespace, as_bytes("test"));
  request.field(FieldType::Set, as_bytes("demo"));
  const Digest digest = digest_of("demo", ParticleType::String, as_bytes("key1"));
  request.field(FieldType::Digest, digest.view());
  const Buffer seven = from_hex("0000000000000007");
  request.op(OpType::Write, "a", ParticleType::Integer, seven);
  request.end();
  request.finish();
  EXPECT_EQ(to_hex(out.view()),
            to_hex(from_hex("0203000000000052 16000100000000000000000000000000 03e800030001"
                            "0000000500 74657374 0000000501 64656d6f"
                            "0000001504 ec91192d4b7f8ce35d5d78d34bca65cbaaaac960"
                            "0000000d02010001 61 0000000000000007")));
}

TEST(BatchWriter, RowsComeBackFromTheReader) {
  OutBuffer out;
  BatchWriter batch(out, {.transaction_ttl = 500}, {.count = 3, .flags = 0x05});
  batch.row(0, digest_with(1), {.info1 = info1::kRead | info1::kGetAll});
  batch.field(FieldType::Namespace, as_bytes("test"));
  batch.repeat_row(1, digest_with(2));
  batch.row(2, digest_with(3), {.info2 = info2::kWrite, .generation = 7, .ttl = 60});
  batch.field(FieldType::Namespace, as_bytes("bar"));
  batch.field(FieldType::Set, as_bytes("s"));
  batch.op(OpType::Write, "b", ParticleType::String, as_bytes("x"));
  batch.finish();

  const auto frame = FrameHeader::parse(out.view());
  ASSERT_TRUE(frame.has_value());
  ASSERT_EQ(frame->body_size, out.size() - FrameHeader::kSize);
  Message message;
  ASSERT_TRUE(message.parse(out.view().subspan(FrameHeader::kSize)).has_value());
  EXPECT_EQ(message.header.info1, info1::kBatch);
  BatchReader rows(message.fields.get(FieldType::Batch), message.header);
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(rows.header().count, 3U);
  EXPECT_EQ(rows.header().flags, 0x05);

  ASSERT_TRUE(rows.next().has_value());
  EXPECT_EQ(rows.row().digest, digest_with(1));
  EXPECT_EQ(rows.row().fields.text(FieldType::Namespace), "test");
  ASSERT_TRUE(rows.next().has_value());
  EXPECT_TRUE(rows.row().repeats);
  EXPECT_EQ(rows.row().index, 1U);
  ASSERT_TRUE(rows.next().has_value());
  EXPECT_EQ(rows.row().header.generation, 7U);
  EXPECT_EQ(rows.row().header.ttl, 60U);
  EXPECT_EQ(rows.row().fields.text(FieldType::Set), "s");
  ASSERT_EQ(rows.row().ops.count(), 1U);
  EXPECT_EQ(as_text((*rows.row().ops.begin()).value), "x");
}

TEST(ReplyReader, WalksAllMessagesOfABody) {
  OutBuffer out;
  ReplyWriter reply(out);
  reply.begin({.result = 0, .generation = 4});
  reply.op(OpType::Read, "a", ParticleType::String, as_bytes("v"));
  reply.end();
  reply.begin({.info3 = info3::kLast, .result = 9});
  reply.end();
  reply.finish();

  ReplyReader reader(out.view().subspan(FrameHeader::kSize));
  ASSERT_TRUE(reader.next().has_value());
  EXPECT_EQ(reader.header().generation, 4U);
  EXPECT_EQ(reader.ops().count(), 1U);
  EXPECT_FALSE(reader.is_last());
  ASSERT_TRUE(reader.next().has_value());
  EXPECT_TRUE(reader.is_last());
  EXPECT_EQ(reader.header().result, 9U);
  EXPECT_EQ(reader.left(), 0U);
}

TEST(ReplyReader, RefusesEveryTruncation) {
  OutBuffer out;
  ReplyWriter reply(out);
  reply.begin({});
  reply.field(FieldType::Set, as_bytes("foo"));
  reply.op(OpType::Read, "a", ParticleType::String, as_bytes("value"));
  reply.end();
  reply.finish();
  const Bytes body = out.view().subspan(FrameHeader::kSize);
  for (std::size_t size = 0; size < body.size(); ++size) {
    const Buffer exact(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(ReplyReader(exact).next().has_value()) << size;
  }
}

}  // namespace
}  // namespace flotilla::wire
