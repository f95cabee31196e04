#include "exec/forwarding.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "base/random.h"
#include "exec/executor.h"
#include "wire/frame.h"
#include "wire/request_writer.h"

/// Two nodes and the frames between them, carried by hand.
namespace flotilla::exec {
namespace {

using cluster::Process;
using cluster::Replica;
using wire::FieldType;
using wire::MessageHeader;

Instant g_now{};
Instant fake_now() { return g_now; }

Process process(std::uint8_t number) {
  Process out{.boot = number};
  out.node[0] = std::byte{number};
  return out;
}

/// A node whose partitions' copies do what rows say; what it sends is kept until delivered.
class TestNode : public cluster::Effects, public FabricPort {
 public:
  explicit TestNode(std::uint8_t number)
      : self(process(number)),
        copies_{.effects = *this, .terms = terms_, .self = self},
        executor_(node_, 0) {
    node_.now = fake_now;
    node_.namespaces.push_back(std::make_unique<Namespace>("test", node_.clock, 1));
    context_.reset(new cluster::CopyContext{.node = copies_, .records = records(), .tag = 1});
    executor_.forwarding().attach(this);
  }

  store::Namespace& records() { return node_.namespaces.front()->records; }
  Executor& executor() { return executor_; }
  std::uint64_t count(NamespaceCounter counter) { return node_.namespaces.front()->total(counter); }
  Replica& copy(const wire::Digest& digest) {
    auto& replica = replicas_[digest.partition()];
    if (replica == nullptr) replica = std::make_unique<Replica>(*context_, digest.partition());
    return *replica;
  }
  void install(const wire::Digest& digest, const Process& primary, std::uint32_t n,
               std::vector<Process> in_sync = {}) {
    cluster::Row row;
    row.version = {.epoch = {1, 1}, .n = n};
    row.term = row.version;
    row.primary = primary;
    row.in_sync = in_sync.empty() ? std::vector{primary} : std::move(in_sync);
    for (const Process& each : row.in_sync) row.targets.push_back(each.node);
    const std::scoped_lock lock(records().partition_of(digest).write);
    copy(digest).install(row);
  }
  void tick(const wire::Digest& digest) {
    const std::scoped_lock lock(records().partition_of(digest).write);
    copy(digest).tick();
  }
  void answers_until(Instant until) { node_.answers_until.store(until); }

  // Effects.
  Instant now() const override { return g_now; }
  WallTime wall() const override { return {1'000'000}; }
  void send(const Process& to, Bytes frame) override {
    of_copies.push_back({to, Buffer(frame.begin(), frame.end())});
  }
  void ask(const cluster::RowAsk&) override {}
  void acknowledged() override {}
  void want_tick(std::uint32_t, wire::PartitionId) override {}
  void bits_changed(std::uint32_t, wire::PartitionId) override {}

  // FabricPort. `sent` and `answered` are what the test delivers.
  struct Sent {
    Process to;
    Buffer frame;
  };
  bool try_send(const Process& to, Bytes frame) override {
    if (!connected_) return false;
    sent.push_back({to, Buffer(frame.begin(), frame.end())});
    return true;
  }
  bool answer(FabricPath, Bytes frame) override {
    answered.emplace_back(frame.begin(), frame.end());
    return true;
  }
  void disconnect() { connected_ = false; }

  const Process self;
  std::vector<Sent> sent;
  std::vector<Sent> of_copies;  // What the copies send each other.
  std::vector<Buffer> answered;

 private:
  bool connected_ = true;
  cluster::MemoryTermTable terms_;
  cluster::CopyNode copies_;
  Node node_;
  std::unique_ptr<cluster::CopyContext> context_;
  Executor executor_;
  std::map<wire::PartitionId, std::unique_ptr<Replica>> replicas_;
};

constexpr WallTime kWall{1'000'000};

wire::Digest digest_of_key(std::uint8_t key) {
  const std::byte bytes[1] = {std::byte{key}};
  return wire::digest_of("set", wire::ParticleType::String, bytes);
}

enum class Kind : std::uint8_t { Read, Write, Create };

Buffer request(Kind kind, const wire::Digest& digest, std::uint32_t timeout_ms = 100) {
  OutBuffer out;
  wire::RequestWriter writer(out);
  MessageHeader header{.transaction_ttl = timeout_ms};
  if (kind != Kind::Read) header.info2 = wire::info2::kWrite;
  if (kind == Kind::Create) header.info2 |= wire::info2::kCreateOnly;
  if (kind == Kind::Read) header.info1 = wire::info1::kRead | wire::info1::kGetAll;
  writer.begin(header);
  writer.field(FieldType::Namespace, as_bytes("test"));
  writer.field(FieldType::Set, as_bytes("set"));
  writer.field(FieldType::Digest, digest.view());
  if (kind != Kind::Read)
    writer.op(wire::OpType::Write, "bin", wire::ParticleType::String, as_bytes("value"));
  writer.end();
  const Bytes message = out.view().subspan(wire::FrameHeader::kSize);
  return {message.begin(), message.end()};
}

/// A request as a connection has it: executed, and its task run when there is cause to.
class Asked {
 public:
  Asked(TestNode& node, const Buffer& message, Instant arrived = g_now) {
    outcome_ = node.executor().execute(message, {kWall, g_now, arrived}, "client", out_);
    gates_ = outcome_.gates;
  }
  /// True once the reply is complete.
  bool turn() {
    if (outcome_.task == nullptr) return true;
    const auto progress = outcome_.task->run(out_, g_now);
    for (const Gate& gate : outcome_.task->take_gates()) gates_.push_back(gate);
    if (progress == Task::Progress::Done) outcome_.task.reset();
    return outcome_.task == nullptr;
  }
  bool is_waiting() const { return outcome_.task != nullptr; }
  void hang_up() { outcome_.task.reset(); }
  const std::vector<Gate>& gates() const { return gates_; }
  /// Results of all messages of the reply.
  std::vector<Code> results() const {
    std::vector<Code> all;
    for (Bytes in = out_.view(); !in.empty();) {
      const auto frame = wire::FrameHeader::parse(in);
      Bytes body = in.subspan(wire::FrameHeader::kSize, static_cast<std::size_t>(frame->body_size));
      in = in.subspan(wire::FrameHeader::kSize + static_cast<std::size_t>(frame->body_size));
      while (!body.empty()) {
        const auto header = MessageHeader::load(body.data());
        all.push_back(static_cast<Code>(header.result));
        std::size_t size = MessageHeader::kSize;
        for (unsigned i = 0; i < unsigned{header.n_fields} + header.n_ops; ++i)
          size += 4 + load_be<std::uint32_t>(body.data() + size);
        body = body.subspan(size);
      }
    }
    return all;
  }

 private:
  OutBuffer out_;
  Outcome outcome_;
  std::vector<Gate> gates_;
};

constexpr Code kOk{};

class ForwardingTest : public testing::Test {
 protected:
  /// Carries everything that waits, both ways.
  void carry() {
    for (TestNode* node : {&a_, &b_}) {
      TestNode& other = node == &a_ ? b_ : a_;
      for (const auto& sent : std::exchange(node->sent, {})) {
        ASSERT_EQ(sent.to, other.self);
        other.executor().forwarding().receive(FabricPath(1), sent.frame, {kWall, g_now});
      }
    }
    for (TestNode* node : {&a_, &b_}) {
      TestNode& other = node == &a_ ? b_ : a_;
      for (const Buffer& frame : std::exchange(node->answered, {}))
        other.executor().forwarding().receive(FabricPath(2), frame, {kWall, g_now});
    }
  }
  /// Carries what the copies of the key have to say, until they are silent.
  void carry_copies(const wire::Digest& digest) {
    while (!a_.of_copies.empty() || !b_.of_copies.empty()) {
      for (TestNode* node : {&a_, &b_}) {
        TestNode& other = node == &a_ ? b_ : a_;
        for (const auto& [to, frame] : std::exchange(node->of_copies, {})) {
          const std::scoped_lock lock(other.records().partition_of(digest).write);
          other.copy(digest).receive(node->self, frame);
        }
      }
    }
  }
  /// Both nodes have a copy of the key's partition, in sync; a_ is primary.
  void serve_both(const wire::Digest& digest) {
    for (TestNode* node : {&a_, &b_}) node->install(digest, a_.self, 1, {a_.self, b_.self});
    carry_copies(digest);
  }
  void pass(std::int64_t ms) { g_now = g_now + std::chrono::milliseconds(ms); }
  /// Both nodes know that `primary` serves the key.
  void serve(const wire::Digest& digest, const TestNode& primary, std::uint32_t n = 1) {
    a_.install(digest, primary.self, n);
    b_.install(digest, primary.self, n);
  }

  TestNode a_{1};
  TestNode b_{2};
  const wire::Digest key_ = digest_of_key(7);
};

TEST_F(ForwardingTest, ARequestAtTheWrongNodeIsAnsweredByThePrimary) {
  serve(key_, b_);
  Asked write(a_, request(Kind::Write, key_));
  EXPECT_FALSE(write.turn());
  carry();
  ASSERT_TRUE(write.turn());
  EXPECT_EQ(write.results(), std::vector{kOk});
  EXPECT_EQ(a_.records().objects(), 0U);
  EXPECT_EQ(b_.records().objects(), 1U);

  Asked read(a_, request(Kind::Read, key_));
  EXPECT_FALSE(read.turn());
  carry();
  ASSERT_TRUE(read.turn());
  EXPECT_EQ(read.results(), std::vector{kOk});
  EXPECT_EQ(a_.count(NamespaceCounter::client_proxy_complete), 2U);
  EXPECT_EQ(b_.count(NamespaceCounter::from_proxy_write_success), 1U);
  EXPECT_EQ(b_.count(NamespaceCounter::from_proxy_read_success), 1U);
  EXPECT_EQ(a_.count(NamespaceCounter::client_write_success), 0U);
}

TEST_F(ForwardingTest, ARefusalSendsItOnToTheNewPrimary) {
  a_.install(key_, b_.self, 1);
  b_.install(key_, a_.self, 2);  // b_ knows better already.
  Asked write(a_, request(Kind::Write, key_));
  EXPECT_FALSE(write.turn());
  carry();
  EXPECT_FALSE(write.turn());
  a_.install(key_, a_.self, 2);
  pass(30);
  ASSERT_TRUE(write.turn());
  EXPECT_EQ(write.results(), std::vector{kOk});
  EXPECT_EQ(a_.records().objects(), 1U);
  EXPECT_EQ(b_.records().objects(), 0U);
}

TEST_F(ForwardingTest, AWriteWhoseConnectionBreaksIsInDoubtAndNotSentAgain) {
  serve(key_, b_);
  Asked write(a_, request(Kind::Write, key_));
  EXPECT_FALSE(write.turn());
  a_.sent.clear();
  EXPECT_TRUE(a_.executor().forwarding().peer_lost(b_.self));
  ASSERT_TRUE(write.turn());
  EXPECT_EQ(write.results(), std::vector{Code::Timeout});
  EXPECT_TRUE(a_.sent.empty());
  EXPECT_EQ(a_.count(NamespaceCounter::client_proxy_timeout), 1U);
}

TEST_F(ForwardingTest, AReadWhoseConnectionBreaksIsSentAgain) {
  serve(key_, b_);
  Asked read(a_, request(Kind::Read, key_));
  EXPECT_FALSE(read.turn());
  a_.sent.clear();
  a_.executor().forwarding().peer_lost(b_.self);
  EXPECT_FALSE(read.turn());
  carry();
  ASSERT_TRUE(read.turn());
  EXPECT_EQ(read.results(), std::vector{Code::NotFound});
}

TEST_F(ForwardingTest, WithoutAConnectionARequestWaitsUntilItsTimeIsOver) {
  serve(key_, b_);
  a_.disconnect();
  Asked read(a_, request(Kind::Read, key_));
  EXPECT_FALSE(read.turn());
  pass(99);
  EXPECT_FALSE(read.turn());
  pass(1);
  ASSERT_TRUE(read.turn());
  EXPECT_EQ(read.results(), std::vector{Code::Timeout});
}

// Its client may give up, and write anew elsewhere, while it is being carried out.
TEST_F(ForwardingTest, AWriteIsNotBegunInTheLastTenthOfItsTime) {
  serve(key_, b_);
  a_.disconnect();
  Asked write(a_, request(Kind::Write, key_));
  pass(89);
  EXPECT_FALSE(write.turn());
  pass(1);
  serve(key_, a_, 2);
  ASSERT_TRUE(write.turn());
  EXPECT_EQ(write.results(), std::vector{Code::Timeout});
  EXPECT_EQ(a_.records().partition_of(key_).index.find(key_), nullptr);
}

TEST_F(ForwardingTest, AnswersToRequestsThatAreGoneAreDropped) {
  serve(key_, b_);
  Asked write(a_, request(Kind::Write, key_));
  EXPECT_FALSE(write.turn());
  write.hang_up();
  carry();
  EXPECT_EQ(b_.records().objects(), 1U);
}

TEST_F(ForwardingTest, NobodyToServeItIsUnavailable) {
  a_.copy(key_);  // A copy without any row.
  Asked write(a_, request(Kind::Write, key_));
  ASSERT_TRUE(write.turn());
  EXPECT_EQ(write.results(), std::vector{Code::Unavailable});
}

TEST_F(ForwardingTest, RowsOfABatchGoWhereTheyBelongAndKeepTheirIndexes) {
  std::vector<wire::Digest> keys;
  for (std::uint8_t i = 0; i < 40; ++i) {
    keys.push_back(digest_of_key(i));
    serve(keys.back(), i % 2 == 0 ? a_ : b_);
  }
  OutBuffer out;
  wire::BatchWriter batch(out, {.transaction_ttl = 100},
                          {.count = static_cast<std::uint32_t>(keys.size()),
                           .flags = wire::BatchHeader::kRespondAllKeys});
  for (std::uint32_t i = 0; i < keys.size(); ++i) {
    batch.row(i, keys[i], {.info2 = wire::info2::kWrite});
    batch.field(FieldType::Namespace, as_bytes("test"));
    batch.field(FieldType::Set, as_bytes("set"));
    batch.op(wire::OpType::Write, "bin", wire::ParticleType::String, as_bytes("value"));
  }
  batch.finish();
  const Bytes message = out.view().subspan(wire::FrameHeader::kSize);
  Asked asked(a_, Buffer(message.begin(), message.end()));
  for (int i = 0; i < 5 && !asked.turn(); ++i) {
    carry();
    pass(2);
  }
  ASSERT_FALSE(asked.is_waiting());
  EXPECT_EQ(asked.results(), std::vector(keys.size() + 1, kOk));
  EXPECT_EQ(a_.records().objects(), 20U);
  EXPECT_EQ(b_.records().objects(), 20U);
  EXPECT_EQ(a_.count(NamespaceCounter::batch_sub_proxy_complete), 20U);
  EXPECT_EQ(b_.count(NamespaceCounter::from_proxy_batch_sub_write_success), 20U);
}

TEST_F(ForwardingTest, AWriteWaitsUntilTheOtherCopyHasIt) {
  serve_both(key_);
  Asked write(a_, request(Kind::Write, key_));
  ASSERT_TRUE(write.turn());
  ASSERT_EQ(write.gates().size(), 1U);
  const Gate& gate = write.gates().front();
  EXPECT_EQ(gate.state(g_now), Gate::State::Shut);
  pass(50);
  EXPECT_EQ(gate.state(g_now), Gate::State::Shut);
  carry_copies(key_);
  EXPECT_EQ(gate.state(g_now), Gate::State::Open);
  EXPECT_EQ(b_.records().objects(), 1U);
}

TEST_F(ForwardingTest, AWriteThatTheOtherCopyNeverAcknowledgesIsInDoubt) {
  serve_both(key_);
  Asked write(a_, request(Kind::Write, key_));
  ASSERT_EQ(write.gates().size(), 1U);
  EXPECT_EQ(write.gates().front().state(g_now), Gate::State::Shut);
  pass(100);
  EXPECT_EQ(write.gates().front().state(g_now), Gate::State::InDoubt);
}

TEST_F(ForwardingTest, AWriteWhosePrimaryIsDeposedIsInDoubt) {
  serve_both(key_);
  Asked write(a_, request(Kind::Write, key_));
  ASSERT_EQ(write.gates().size(), 1U);
  a_.install(key_, b_.self, 2, {b_.self, a_.self});
  EXPECT_EQ(write.gates().front().state(g_now), Gate::State::InDoubt);
}

TEST_F(ForwardingTest, AForwardedWriteIsAnsweredOnceTheOtherCopyHasIt) {
  serve_both(key_);
  Asked write(b_, request(Kind::Write, key_));
  EXPECT_FALSE(write.turn());
  carry();
  a_.executor().forwarding().send_held(g_now);
  carry();
  EXPECT_FALSE(write.turn());
  carry_copies(key_);
  a_.executor().forwarding().send_held(g_now);
  carry();
  ASSERT_TRUE(write.turn());
  EXPECT_EQ(write.results(), std::vector{kOk});
}

TEST_F(ForwardingTest, AReadWaitsUntilTheOtherCopyHasWhatItSaw) {
  serve_both(key_);
  const Asked write(a_, request(Kind::Write, key_));
  Asked read(a_, request(Kind::Read, key_));
  ASSERT_TRUE(read.turn());
  ASSERT_EQ(read.gates().size(), 1U);
  EXPECT_EQ(read.gates().front().state(g_now), Gate::State::Shut);
  carry_copies(key_);
  EXPECT_EQ(read.gates().front().state(g_now), Gate::State::Open);
  EXPECT_TRUE(Asked(a_, request(Kind::Read, key_)).gates().empty());
}

TEST_F(ForwardingTest, ARefusalWaitsUntilTheOtherCopyHasWhatItFollowsFrom) {
  serve_both(key_);
  const Asked write(a_, request(Kind::Write, key_));
  const Asked create(a_, request(Kind::Create, key_));
  EXPECT_EQ(create.results(), std::vector{Code::Exists});
  ASSERT_EQ(create.gates().size(), 1U);
  EXPECT_EQ(create.gates().front().state(g_now), Gate::State::Shut);
}

TEST_F(ForwardingTest, ANewPrimaryShowsWhatItHasOnceTheOtherCopyHasAnswered) {
  serve_both(key_);
  const Asked write(a_, request(Kind::Write, key_));
  carry_copies(key_);
  for (TestNode* node : {&a_, &b_}) node->install(key_, b_.self, 2, {b_.self, a_.self});
  Asked read(b_, request(Kind::Read, key_));
  EXPECT_EQ(read.results(), std::vector{kOk});
  ASSERT_EQ(read.gates().size(), 1U);
  EXPECT_EQ(read.gates().front().state(g_now), Gate::State::Shut);
  carry_copies(key_);
  EXPECT_EQ(read.gates().front().state(g_now), Gate::State::Open);
}

TEST_F(ForwardingTest, WhoWasPrimaryAMomentAgoPassesReadsOn) {
  serve_both(key_);
  const Asked write(a_, request(Kind::Write, key_));
  carry_copies(key_);
  for (TestNode* node : {&a_, &b_}) node->install(key_, b_.self, 2, {b_.self, a_.self});
  carry_copies(key_);
  EXPECT_TRUE(Asked(a_, request(Kind::Read, key_)).is_waiting());
  pass(3000);
  a_.tick(key_);
  EXPECT_EQ(Asked(a_, request(Kind::Read, key_)).results(), std::vector{kOk});
}

TEST_F(ForwardingTest, ANodeThatStoodStillLetsClientsWait) {
  serve_both(key_);
  a_.answers_until(g_now + std::chrono::milliseconds(750));
  pass(750);
  EXPECT_FALSE(Asked(a_, request(Kind::Read, key_)).is_waiting());
  pass(1);
  EXPECT_TRUE(Asked(a_, request(Kind::Read, key_)).is_waiting());
  EXPECT_TRUE(Asked(a_, request(Kind::Write, key_)).is_waiting());
}

// It may have waited in the socket of a process that stood still; what the client did since counts.
TEST_F(ForwardingTest, WhatItsClientHasGivenUpIsNotCarriedOut) {
  serve_both(key_);
  pass(20'000);
  const Buffer message = request(Kind::Write, key_, 100);
  const Asked late(a_, message, g_now + -std::chrono::milliseconds(100));
  EXPECT_EQ(late.results(), std::vector{Code::Timeout});
  EXPECT_FALSE(late.is_waiting());
  EXPECT_EQ(a_.records().partition_of(key_).index.find(key_), nullptr);
  EXPECT_EQ(a_.count(NamespaceCounter::client_tsvc_timeout), 1U);

  const Asked in_time(a_, message, g_now + -std::chrono::milliseconds(99));
  EXPECT_NE(a_.records().partition_of(key_).index.find(key_), nullptr);
}

TEST_F(ForwardingTest, ARequestThatWaitsCountsFromItsArrival) {
  serve(key_, b_);
  a_.disconnect();
  pass(20'000);
  Asked asked(a_, request(Kind::Read, key_, 100), g_now + -std::chrono::milliseconds(60));
  pass(39);
  EXPECT_FALSE(asked.turn());
  pass(1);
  EXPECT_TRUE(asked.turn());
  EXPECT_EQ(asked.results(), std::vector{Code::Timeout});
}

TEST_F(ForwardingTest, GarbageIsDropped) {
  Random random(1);
  for (int round = 0; round < 2000; ++round) {
    Buffer frame(random.below(60));
    for (auto& byte : frame) byte = static_cast<std::byte>(random.next());
    if (!frame.empty()) frame[0] = static_cast<std::byte>(128 + random.below(2));
    b_.executor().forwarding().receive(FabricPath(1), frame, {kWall, g_now});
  }
  EXPECT_EQ(b_.records().objects(), 0U);
}

}  // namespace
}  // namespace flotilla::exec
