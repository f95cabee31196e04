#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "exec/executor.h"
#include "wire/frame.h"

/// Replays recorded exchanges of single records, batches, and queries without a socket: the same
/// comparison as tests/conformance/replay.py, where a sanitizer sees every byte. Which answers
/// differ on purpose stands below.
namespace flotilla::exec {
namespace {

using nlohmann::json;
using wire::FrameHeader;

Instant g_now{};
Instant fake_now() { return g_now = g_now + std::chrono::microseconds(1); }

/// Names that answer differently, and why.
const std::map<std::string, std::string> kDifferent = {
    {"durable delete", "durable deletes work here"},
    {"durable last bin", "the record is gone already, by the durable delete before"},
    {"durable bin delete not last", "the same"},
    {"durable DELETE_ALL op", "durable deletes work here"},
    {"durable DELETE_ALL + write", "the record is gone already"},
    {"get #5", "the same"},
    {"delete gen + durable bad gen", "durable deletes work here: the generation decides"},
    {"delete missing durable", "durable deletes work here: there is no record"},
};

/// On a device rows are answered as their records come, and a batch that fails may have answered
/// others before it does.
const std::map<std::string, std::string> kDifferentOnADevice = {
    {"cdt read error row, no respond-all-keys", "the failed row comes last"},
};

std::vector<Bytes> frames_of(Bytes stream) {
  std::vector<Bytes> out;
  while (stream.size() >= FrameHeader::kSize) {
    const std::size_t size = FrameHeader::kSize + load_be<std::uint64_t, 6>(stream.data() + 2);
    if (size > stream.size()) break;
    out.push_back(stream.first(size));
    stream = stream.subspan(size);
  }
  return out;
}

/// The messages of a reply, sorted, with void-times that are set made equal.
std::vector<std::string> messages_of(Bytes stream) {
  std::vector<std::string> out;
  for (const Bytes frame : frames_of(stream)) {
    Bytes body = frame.subspan(FrameHeader::kSize);
    while (body.size() >= wire::MessageHeader::kSize) {
      const auto header = wire::MessageHeader::load(body.data());
      std::size_t size = wire::MessageHeader::kSize;
      for (unsigned i = 0; i < unsigned{header.n_fields} + header.n_ops && size + 4 <= body.size();
           ++i)
        size += 4 + load_be<std::uint32_t>(body.data() + size);
      Buffer message(body.begin(),
                     body.begin() + static_cast<std::ptrdiff_t>(std::min(size, body.size())));
      if (header.ttl != 0) store_be<std::uint32_t>(message.data() + 10, 1);
      out.push_back(to_hex(message));
      body = body.subspan(message.size());
    }
  }
  std::ranges::sort(out);
  return out;
}

/// A device: what is appended stands in memory, and is read when it is told to be.
class Shelf : public store::RecordLog, public store::RecordReader {
 public:
  Result<Place> append(const store::RecordImage& image) override {
    const store::RecordEncoder encoder(image);
    const store::RecordPlace at{.segment = store::SegmentSlot(1),
                                .offset = static_cast<std::uint32_t>(bytes_.size()),
                                .size = static_cast<std::uint32_t>(encoder.padded_size())};
    bytes_.resize(bytes_.size() + at.size);
    encoder.write(MutableBytes(bytes_).subspan(at.offset), extent(at).place);
    return Place{.at = at};
  }
  bool is_durable(store::LogPosition) const override { return true; }
  void released(const store::RecordPlace&) override {}
  bool peek(const store::RecordPlace& at, MutableBytes into) const override {
    const bool here = ++asked_ % 3 == 0;
    if (here) std::ranges::copy(Bytes(bytes_).subspan(at.offset, at.size), into.begin());
    return here;
  }
  store::RecordExtent extent(const store::RecordPlace& at) const override {
    return {.offset = at.offset, .size = at.size, .place = {.segment = 1, .offset = at.offset}};
  }
  void submit(std::shared_ptr<store::RecordRead> read) override { waiting_.push_back(read); }
  void carry_out(store::RecordRead& read) override {
    const auto& extent = read.extent();
    std::ranges::copy(Bytes(bytes_).subspan(extent.offset, extent.size),
                      read.room(extent.size).begin());
    ++reads_;
    read.complete(std::size_t{0});
  }
  /// False: there was nothing to be read.
  bool carry_out_one() {
    if (waiting_.empty()) return false;
    carry_out(*waiting_.front());
    waiting_.erase(waiting_.begin());
    return true;
  }
  std::size_t reads() const { return reads_; }

 private:
  Buffer bytes_;
  mutable unsigned asked_ = 0;
  std::size_t reads_ = 0;
  std::vector<std::shared_ptr<store::RecordRead>> waiting_;
};

class Replay {
 public:
  explicit Replay(bool on_device) {
    node_.now = fake_now;
    executor_.set_wake([] {});
    for (const char* name : {"test", "bar"}) {
      node_.namespaces.push_back(std::make_unique<Namespace>(name, node_.clock, 1));
      if (!on_device) continue;
      node_.namespaces.back()->records.attach(&shelf_);
      node_.namespaces.back()->records.keep_on_device(&shelf_);
    }
  }
  std::size_t reads() const { return shelf_.reads(); }

  /// The reply to one frame, its tasks run to their end. Nothing for frames that the session
  /// answers.
  Buffer answer(Bytes frame) {
    OutBuffer out;
    // The receive buffer is used again while a task runs: it gets bytes of its own.
    Buffer body(frame.begin() + FrameHeader::kSize, frame.end());
    Outcome outcome = executor_.execute(body, {kWall, fake_now()}, "127.0.0.1:1", out);
    std::ranges::fill(body, std::byte{0xDD});
    for (auto* task : {&outcome.task, &outcome.background}) {
      while (*task != nullptr) {
        if (!shelf_.carry_out_one()) g_now = std::max(g_now, (*task)->resume_at());
        const auto progress = (*task)->run(out, fake_now() + std::chrono::microseconds(50));
        if (progress == Task::Progress::Done || progress == Task::Progress::Abandoned)
          task->reset();
      }
    }
    return Buffer(out.view().begin(), out.view().end());
  }

 private:
  static constexpr WallTime kWall{533'000'000'000};
  Shelf shelf_;
  Node node_;
  Executor executor_{node_, 0};
};

bool equal_exchange(const json& exchange, Buffer got) {
  const Buffer want = from_hex(exchange["response"].get<std::string>());
  if (exchange.value("compare", "") == "unordered") return messages_of(got) == messages_of(want);
  if (got.size() != want.size()) return false;
  for (const auto& range : exchange.value("volatile", json::array()))
    for (std::size_t i = range[0];
         i < range[0].get<std::size_t>() + range[1].get<std::size_t>() && i < got.size(); ++i)
      got[i] = want[i];
  return got == want;
}

struct Setting {
  const char* file;
  bool on_device;
};
class Recorded : public testing::TestWithParam<Setting> {};

TEST_P(Recorded, ExchangesAreAnsweredAlike) {
  std::ifstream in(std::string(FLOTILLA_SOURCE_DIR) + "/tests/golden/wire-" + GetParam().file +
                   ".jsonl");
  ASSERT_TRUE(in) << "recorded answers are missing";
  Replay replay(GetParam().on_device);
  std::size_t compared = 0;
  for (std::string line; std::getline(in, line);) {
    const json exchange = json::parse(line);
    const Buffer request = from_hex(exchange["request"].get<std::string>());
    const auto header = FrameHeader::parse(request);
    const bool ours = header && header->kind == wire::FrameKind::Message &&
                      frames_of(request).size() == 1 && !exchange.contains("closed") &&
                      !exchange.contains("no_reply");
    if (!ours) continue;
    const Buffer got = replay.answer(request);
    const auto name = exchange["name"].get<std::string>();
    if (kDifferent.contains(name)) continue;
    if (GetParam().on_device && kDifferentOnADevice.contains(name)) continue;
    ++compared;
    EXPECT_TRUE(equal_exchange(exchange, got))
        << name << "\nwant " << exchange["response"] << "\ngot  " << to_hex(got);
  }
  EXPECT_GT(compared, 100U);
  EXPECT_EQ(replay.reads() > 0, GetParam().on_device);
}

INSTANTIATE_TEST_SUITE_P(Files, Recorded,
                         testing::Values(Setting{"record", false}, Setting{"batch", false},
                                         Setting{"scan", false}, Setting{"record", true},
                                         Setting{"batch", true}, Setting{"scan", true}),
                         [](const auto& it) {
                           return std::string(it.param.file) +
                                  (it.param.on_device ? "_on_a_device" : "");
                         });

}  // namespace
}  // namespace flotilla::exec
