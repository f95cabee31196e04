#include <gtest/gtest.h>

#include "cluster/replica.h"
#include "frames.h"

namespace flotilla::cluster {
namespace {

constexpr Term kFirst{{1, 7}, 0};
constexpr Term kSecond{{2, 7}, 3};
constexpr Term kOther{{2, 9}, 0};

FrameHead head(Kind kind) {
  return {.kind = kind, .ns = 5, .partition = wire::PartitionId(9), .term = kSecond};
}

NumberedRecord record(std::string_view set, Bytes body) {
  NumberedRecord r;
  r.position = {kFirst, 12};
  r.image.digest.bytes[3] = std::byte{3};
  r.image.last_update = store::HlcTime(77);
  r.image.void_time = 5;
  r.image.generation = 6;
  r.image.flags = store::kTombstone;
  r.image.set = set;
  r.image.body = body;
  return r;
}

/// What was parsed writes the same bytes, and no shorter or longer frame parses.
template <class Frame>
void expect_exact(Kind kind, const Frame& frame) {
  const Buffer bytes = encode(head(kind), frame);
  Reader whole(bytes);
  FrameHead h;
  Frame again;
  ASSERT_TRUE(parse(whole, h));
  ASSERT_TRUE(parse(whole, again));
  EXPECT_EQ(h.kind, kind);
  EXPECT_EQ(encode(h, again), bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    Reader part(Bytes(bytes).first(size));
    Frame none;
    EXPECT_FALSE(parse(part, h) && parse(part, none)) << "kind " << int(kind) << " size " << size;
  }
  Buffer longer = bytes;
  longer.push_back({});
  Reader more(longer);
  Frame none;
  EXPECT_FALSE(parse(more, h) && parse(more, none));
}

TEST(FramesTest, EveryKindParsesToItsLastByteAndNotBeyond) {
  const Buffer body(3);
  const std::vector<HistoryEntry> history = {
      {.term = kFirst, .end = 9}, {.term = kOther, .end = 2, .absorbed = true}, {.term = kSecond}};
  ReplFrame repl;
  repl.seq = 4;
  repl.record = record("set", body);
  expect_exact(Kind::Repl, repl);
  repl.what = ReplFrame::What::Empty;
  expect_exact(Kind::Repl, repl);
  repl.what = ReplFrame::What::Absorb;
  repl.absorbed = history;
  expect_exact(Kind::Repl, repl);
  expect_exact(Kind::Ack, AckFrame{.from = 1, .contiguous = 2, .complete = true});
  expect_exact(Kind::Start, StartFrame{.row = kSecond, .from = 3, .history = history});
  expect_exact(Kind::Offer, OfferFrame{.row = kSecond, .nothing_new = true});
  expect_exact(Kind::Refuse, RowFrame{kSecond});
  BranchFrame branch;
  branch.history = history;
  branch.records = {record("", {}), record("s", body)};
  expect_exact(Kind::Branch, branch);
  expect_exact(Kind::Branched, BranchedFrame{.from = 1, .chunk = 2});
  PullFrame pull;
  expect_exact(Kind::Pull, pull);
  pull.mode = PullMode::Hashes;
  expect_exact(Kind::Pull, pull);
  pull.mode = PullMode::Range;
  pull.held.resize(2);
  pull.held[0].digest.bytes[0] = std::byte{1};
  expect_exact(Kind::Pull, pull);
  CopiesFrame copies;
  copies.mode = PullMode::Hashes;
  copies.records = {record("s", body)};
  copies.gone.resize(2);
  expect_exact(Kind::Copies, copies);
  GrantFrame grant;
  grant.row.in_sync.resize(2);
  grant.row.targets.resize(3);
  expect_exact(Kind::Grant, grant);
  expect_exact(Kind::Want, WantFrame{.records = pull.held});
  expect_exact(Kind::Have, HaveFrame{.records = {record("s", body)}, .lacking = {{}, {}}});
}

TEST(FramesTest, KeysOutOfOrderAreGarbage) {
  PullFrame pull;
  pull.mode = PullMode::Range;
  pull.held.resize(2);  // Equal.
  const Buffer bytes = encode(head(Kind::Pull), pull);
  Reader in(bytes);
  FrameHead h;
  PullFrame out;
  EXPECT_TRUE(parse(in, h));
  EXPECT_FALSE(parse(in, out));
}

/// Else a body would go into the log as one that is compressed or encrypted already.
TEST(FramesTest, FlagsOfTheLogAloneAreGarbage) {
  for (const std::uint8_t flag : {store::kPacked, store::kEncrypted, std::uint8_t{0x80}}) {
    ReplFrame repl;
    repl.record = record("set", {});
    repl.record.image.flags |= flag;
    const Buffer bytes = encode(head(Kind::Repl), repl);
    Reader in(bytes);
    FrameHead h;
    ASSERT_TRUE(parse(in, h));
    EXPECT_FALSE(parse(in, repl));
  }
}

TEST(FramesTest, ACountThatTheBytesDoNotBackSizesNothing) {
  Buffer bytes = encode(head(Kind::Branch), BranchFrame{});
  store_le(bytes.data() + bytes.size() - 4, std::uint32_t{0xFFFF'FFFF});
  Reader in(bytes);
  FrameHead h;
  BranchFrame out;
  EXPECT_TRUE(parse(in, h));
  EXPECT_FALSE(parse(in, out));
  EXPECT_TRUE(out.records.empty());
}

TEST(HistoryTest, TheForkIsTheLargestCommonTermAndTheLesserEnd) {
  const std::vector<HistoryEntry> a = {{.term = kFirst, .end = 9}, {.term = kSecond, .end = 4}};
  const std::vector<HistoryEntry> b = {{.term = kFirst, .end = 12}, {.term = kOther, .end = 1}};
  EXPECT_EQ(fork_of(a, b), (Position{kFirst, 9}));
  EXPECT_EQ(fork_of(b, a), (Position{kFirst, 9}));
  EXPECT_EQ(fork_of(a, a), (Position{kSecond, 4}));
  EXPECT_EQ(fork_of(a, {}), std::nullopt);
}

TEST(HistoryTest, AnAbsorbedBranchIsCoveredAndNoPartOfTheLine) {
  const std::vector<HistoryEntry> line = {{.term = kFirst, .end = 9},
                                          {.term = kOther, .end = 2, .absorbed = true}};
  EXPECT_TRUE(covers(line, {kOther, 2}));
  EXPECT_FALSE(covers(line, {kOther, 3}));
  EXPECT_EQ(newest(line), (Position{kFirst, 9}));
  EXPECT_EQ(fork_of(line, std::vector<HistoryEntry>{{.term = kOther, .end = 2}}), std::nullopt);
}

TEST(TermTableTest, ATermMetAgainInAnotherOrderGetsASecondNumber) {
  MemoryTermTable terms;
  const std::uint32_t later = terms.intern(kSecond, 0);
  const std::uint32_t earlier = terms.intern(kFirst, 0);
  EXPECT_GT(earlier, later) << "met in this order";
  const std::uint32_t again = terms.intern(kSecond, earlier);
  EXPECT_GT(again, earlier);
  EXPECT_EQ(terms.term(later), kSecond);
  EXPECT_EQ(terms.term(again), kSecond);
  EXPECT_EQ(terms.intern(kSecond, 0), again);
  EXPECT_EQ(terms.term(0), Term{});
  EXPECT_EQ(terms.term(99), Term{});
}

}  // namespace
}  // namespace flotilla::cluster
