#include "exec/forwarding.h"

#include <algorithm>

#include "exec/executor.h"
#include "record_view.h"
#include "routing.h"
#include "wire/frame.h"

namespace flotilla::exec {
namespace {

using Access = cluster::Replica::Access;

constexpr std::size_t kRequestHeader = 18;
constexpr std::size_t kReplyHeader = 10;
constexpr std::size_t kHeldMost = 65'536;  // Answers that wait; beyond, requests are refused.
constexpr Duration kRetryLeast = std::chrono::milliseconds(1);
constexpr Duration kRetryMost = std::chrono::milliseconds(20);
// A tenth of the time that a write has is left for carrying it out and for its answer.
constexpr int kSpare = 10;

enum Flag : std::uint8_t { kIsRow = 1 };
enum Outcome : std::uint8_t { kAnswered = 0, kRefused = 1 };

/// | kind u8 | id u64 | flags u8 | row u32 | milliseconds left u32 | message |, little-endian
struct RequestFrame {
  std::uint64_t id = 0;
  std::uint8_t flags = 0;
  std::uint32_t row = 0;
  std::uint32_t left_ms = 0;
  Bytes message;
};

RequestFrame parse_request(Bytes frame) {
  Reader in(frame.subspan(1));
  RequestFrame out;
  out.id = in.le<std::uint64_t>();
  out.flags = in.le<std::uint8_t>();
  out.row = in.le<std::uint32_t>();
  out.left_ms = in.le<std::uint32_t>();
  out.message = in.rest();
  return out;
}

/// | kind u8 | id u64 | outcome u8 | message |, little-endian
Buffer reply_frame(std::uint64_t id, Outcome outcome, Bytes message) {
  Buffer frame(kReplyHeader);
  frame[0] = static_cast<std::byte>(Forwarding::kReply);
  store_le(frame.data() + 1, id);
  frame[9] = static_cast<std::byte>(outcome);
  append(frame, message);
  return frame;
}

}  // namespace

Forward::Forward(Executor& executor, Namespace& ns, const wire::Digest& digest, Buffer message,
                 Instant deadline)
    : executor_(executor),
      ns_(ns),
      digest_(digest),
      message_(std::move(message)),
      deadline_(deadline),
      start_by_(deadline) {
  const auto header = wire::MessageHeader::load(message_.data());
  is_write_ = (header.info2 & wire::info2::kWrite) != 0;
  any_copy_ = (header.info1 & wire::info1::kConsistencyAll) == 0;
  if (is_write_) start_by_ = deadline_ + -((deadline_ - executor_.now()) / kSpare);
}

Forward::~Forward() { executor_.forwarding().forget(*this); }

Forward::Step Forward::step(Instant now) {
  switch (state_) {
    case State::Answered:
      return Step::Answered;
    case State::Sent:
      if (now < deadline_) return wait(now);
      executor_.forwarding().forget(*this);
      return fail(Code::Timeout);
    case State::Lost:
      if (is_write_) return fail(Code::Timeout);
      state_ = State::Idle;
      resume_at_ = now;
      break;
    case State::Refused:
      state_ = State::Idle;
      return wait(now);
    case State::Idle:
      break;
  }
  // Nothing of it has been executed anywhere.
  if (now >= start_by_) return fail(Code::Timeout);
  if (read_ != nullptr && !read_->done()) {
    resume_at_ = start_by_;
    return Step::Waiting;
  }
  if (read_ != nullptr) resume_at_ = std::min(resume_at_, now);
  if (now < resume_at_) return Step::Waiting;
  store::Partition& partition = ns_.records.partition_of(digest_);
  const Routed routed = route(partition, is_write_, any_copy_);
  switch (routed.access) {
    case Access::Here:
      resume_at_ = now + kRetryLeast;
      return Step::Here;
    case Access::Nobody:
      return fail(Code::Unavailable);
    case Access::Elsewhere:
      return send(now, routed.primary);
    case Access::Wait:
      break;
  }
  return wait(now);
}

Forward::Step Forward::send(Instant now, const cluster::Process& to) {
  if (!executor_.forwarding().send(*this, to, now)) return wait(now);
  state_ = State::Sent;
  resume_at_ = deadline_;
  return Step::Waiting;
}

Forward::Step Forward::wait(Instant now) {
  if (state_ == State::Sent) {
    resume_at_ = deadline_;
    return Step::Waiting;
  }
  const Duration pause = std::min(kRetryMost, kRetryLeast * (1U << std::min(tries_, 5U)));
  ++tries_;
  resume_at_ = std::min(start_by_, now + pause);
  return Step::Waiting;
}

Forward::Step Forward::fail(Code code) {
  code_ = code;
  return Step::Failed;
}

bool Forwarding::send(Forward& forward, const cluster::Process& to, Instant now) {
  if (port_ == nullptr) return false;
  forward.id_ = next_id_++;
  forward.to_ = to;
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(forward.deadline_ - now);
  Buffer frame(kRequestHeader);
  frame[0] = static_cast<std::byte>(kRequest);
  store_le(frame.data() + 1, forward.id_);
  frame[9] = static_cast<std::byte>(forward.is_row_ ? kIsRow : 0);
  store_le(frame.data() + 10, forward.row_index_);
  store_le(frame.data() + 14, static_cast<std::uint32_t>(std::max<std::int64_t>(1, left.count())));
  append(frame, forward.message_);
  if (!port_->try_send(to, frame)) return false;
  pending_[forward.id_] = &forward;
  return true;
}

bool Forwarding::receive(FabricPath path, Bytes frame, const Moment& moment) {
  if (frame.empty()) return false;
  if (static_cast<std::uint8_t>(frame[0]) == kReply) return take_reply(frame);
  if (frame.size() < kRequestHeader) return false;
  const RequestFrame asked = parse_request(frame);
  execute(path, frame, moment.wall, moment.now + std::chrono::milliseconds(asked.left_ms), nullptr);
  return false;
}

bool Forwarding::take_reply(Bytes frame) {
  Reader in(frame.subspan(1));
  const auto id = in.le<std::uint64_t>();
  const auto outcome = in.le<std::uint8_t>();
  const auto it = pending_.find(id);
  if (!in.ok() || it == pending_.end()) return false;
  Forward& forward = *it->second;
  pending_.erase(it);
  if (outcome == kAnswered && in.left() >= wire::MessageHeader::kSize) {
    const Bytes message = in.rest();
    forward.answer_.assign(message.begin(), message.end());
    forward.state_ = Forward::State::Answered;
  } else {
    forward.state_ = outcome == kRefused ? Forward::State::Refused : Forward::State::Lost;
  }
  return true;
}

bool Forwarding::peer_lost(const cluster::Process& process) {
  const std::size_t before = pending_.size();
  std::erase_if(pending_, [&](auto& entry) {
    if (entry.second->to_ != process) return false;
    entry.second->state_ = Forward::State::Lost;
    return true;
  });
  return pending_.size() != before;
}

void Forwarding::execute(FabricPath path, Bytes frame, WallTime wall, Instant deadline,
                         const store::RecordRead* fetched) {
  if (port_ == nullptr) return;
  const RequestFrame asked = parse_request(frame);
  if (held_.size() + reading_.size() >= kHeldMost) {
    port_->answer(path, reply_frame(asked.id, kRefused, {}));
    return;
  }
  const bool is_row = (asked.flags & kIsRow) != 0;
  OutBuffer out;
  wire::ReplyWriter reply(out);
  std::vector<Gate> gates;
  const auto access =
      executor_.run_message(asked.message,
                            {.wall = wall,
                             .origin = is_row ? Origin::FromProxyBatchSub : Origin::FromProxy,
                             .row_index = asked.row,
                             .deadline = deadline,
                             .fetched = fetched},
                            reply, gates);
  if (auto read = executor_.take_wanted()) {
    reading_.push_back({path, Buffer(frame.begin(), frame.end()), wall, deadline, std::move(read)});
    return;
  }
  if (access != Access::Here) {
    port_->answer(path, reply_frame(asked.id, kRefused, {}));
    return;
  }
  reply.finish();
  Buffer answer = reply_frame(asked.id, kAnswered, out.view().subspan(wire::FrameHeader::kSize));
  if (gates.empty()) {
    port_->answer(path, answer);
    return;
  }
  held_.push_back({path, std::move(answer), std::move(gates)});
}

void Forwarding::send_held(Instant now) {
  // One that must be read again waits for the next time.
  for (std::size_t left = reading_.size(); left > 0; --left) {
    Reading reading = std::move(reading_.front());
    reading_.pop_front();
    if (reading.read->done()) {
      execute(reading.path, reading.frame, reading.wall, reading.deadline, reading.read.get());
    } else if (now < reading.deadline) {
      reading_.push_back(std::move(reading));
    }
  }
  std::erase_if(held_, [&](Held& held) {
    for (const Gate& gate : held.gates) {
      const Gate::State state = gate.state(now);
      if (state == Gate::State::Shut) return false;
      if (state == Gate::State::InDoubt)
        held.frame[kReplyHeader + wire::MessageHeader::kResultAt] =
            static_cast<std::byte>(Code::Timeout);
    }
    port_->answer(held.path, held.frame);
    return true;
  });
}

}  // namespace flotilla::exec
