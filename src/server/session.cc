#include "session.h"

#include <zlib.h>

#include <algorithm>
#include <array>

#include "net/reactor.h"
#include "wire/security.h"

namespace flotilla::server {
namespace {

using wire::FrameHeader;
using wire::FrameKind;
using wire::SecurityCommand;
using wire::SecurityHeader;

constexpr std::size_t kOutMost = 1 << 20;  // With so much unsent, further requests wait.
constexpr Duration kSlice = std::chrono::microseconds(200);
constexpr std::size_t kLookAhead = 16;
constexpr std::size_t kNotCompressed = 128;  // Replies up to this size go as they are.

/// The frame inside a compressed one: | size u64 | zlib stream |. Empty when it does not expand to
/// what it claims.
Buffer expanded(Bytes body) {
  if (body.size() < 8) return {};
  const auto claimed = load_be<std::uint64_t>(body.data());
  if (claimed < FrameHeader::kSize || claimed > FrameHeader::kBodySizeMax + FrameHeader::kSize)
    return {};
  // zlib expands at most about 1032 times: a short stream cannot claim a long message.
  if (claimed / 1100 > body.size()) return {};
  Buffer out(claimed);
  auto size = static_cast<uLongf>(claimed);
  const int done = ::uncompress(reinterpret_cast<Bytef*>(out.data()), &size,
                                reinterpret_cast<const Bytef*>(body.data() + 8),
                                static_cast<uLong>(body.size() - 8));
  return done == Z_OK && size == claimed ? out : Buffer{};
}

/// Compresses the frames of a reply from `from` on, each for itself, where that makes them shorter.
void compress_frames(OutBuffer& out, std::size_t from) {
  const Bytes reply = out.view().subspan(from);
  if (reply.size() <= kNotCompressed) return;
  const Buffer plain(reply.begin(), reply.end());
  out.truncate(from);
  for (Bytes rest = plain; !rest.empty();) {
    const std::size_t size =
        FrameHeader::kSize + static_cast<std::size_t>(load_be<std::uint64_t, 6>(rest.data() + 2));
    const Bytes frame = rest.first(size);
    rest = rest.subspan(size);
    auto packed_size = ::compressBound(static_cast<uLong>(size));
    Buffer packed(packed_size);
    const int done = ::compress2(reinterpret_cast<Bytef*>(packed.data()), &packed_size,
                                 reinterpret_cast<const Bytef*>(frame.data()),
                                 static_cast<uLong>(size), Z_BEST_SPEED);
    if (done != Z_OK || packed_size + 8 >= size) {
      out.append(frame);
      continue;
    }
    FrameHeader{.kind = FrameKind::Compressed, .body_size = packed_size + 8}.write(
        out.grow(FrameHeader::kSize));
    store_be<std::uint64_t>(out.grow(8), size);
    out.append(Bytes(packed).first(packed_size));
  }
}

}  // namespace

void look_ahead(const exec::Executor& executor, std::span<const Bytes> received) {
  std::array<Bytes, kLookAhead> bodies;
  std::size_t count = 0;
  for (const Bytes bytes : received.first(std::min(received.size(), bodies.size()))) {
    const auto header = FrameHeader::parse(bytes);
    if (header && header->kind == FrameKind::Message &&
        bytes.size() - FrameHeader::kSize >= header->body_size)
      bodies[count++] =
          bytes.subspan(FrameHeader::kSize, static_cast<std::size_t>(header->body_size));
  }
  executor.look_ahead({bodies.data(), count});
}

ClientSession::ClientSession(net::Connection& connection, ReactorContext& context, bool admin)
    : connection_(connection),
      context_(context),
      asker_{.local = connection.local(),
             .peer = connection.peer(),
             .admin = admin,
             .user_agent = {}} {}

ClientSession::~ClientSession() { context_.info.connection_closed(asker_); }

/// Pipelined requests: lets the records of those that are here already be fetched together.
void ClientSession::look_ahead(Bytes in) {
  std::array<Bytes, kLookAhead> bodies;
  std::size_t count = 0;
  while (count < kLookAhead && in.size() >= FrameHeader::kSize) {
    const auto header = FrameHeader::parse(in);
    if (!header || header->kind != FrameKind::Message ||
        in.size() - FrameHeader::kSize < header->body_size)
      break;
    const auto size = static_cast<std::size_t>(header->body_size);
    bodies[count++] = in.subspan(FrameHeader::kSize, size);
    in = in.subspan(FrameHeader::kSize + size);
  }
  ahead_ = count;
  if (count > 1) context_.executor.look_ahead({bodies.data(), count});
}

net::Session::Input ClientSession::on_bytes(Bytes in) {
  Input input;
  ahead_ = 0;
  while (task_ == nullptr && connection_.out().size() < kOutMost) {
    const Bytes rest = in.subspan(input.consumed);
    if (rest.size() < FrameHeader::kSize) break;
    if (ahead_ == 0) look_ahead(rest);
    if (ahead_ > 0) --ahead_;
    const auto header = FrameHeader::parse(rest);
    if (!header) {
      context_.executor.share().counters.add(exec::NodeCounter::demarshal_error);
      input.close = true;
      break;
    }
    const std::size_t size = FrameHeader::kSize + static_cast<std::size_t>(header->body_size);
    if (rest.size() < size) {
      input.wanted = size;
      break;
    }
    if (!dispatch(*header,
                  rest.subspan(FrameHeader::kSize, static_cast<std::size_t>(header->body_size)))) {
      input.close = true;
      break;
    }
    input.consumed += size;
  }
  return input;
}

bool ClientSession::dispatch(const FrameHeader& header, Bytes body) {
  const bool text = header.kind == FrameKind::Info || header.kind == FrameKind::Security;
  if (asker_.admin && !text) return false;
  switch (header.kind) {
    case FrameKind::Message:
      on_message(body);
      return true;
    case FrameKind::Info:
      on_info(body);
      return true;
    case FrameKind::Security:
      on_security(body);
      return true;
    case FrameKind::Compressed:
      return on_compressed(body);
    case FrameKind::Internal:
      return true;
  }
  return false;
}

void ClientSession::on_message(Bytes body) {
  const std::size_t before = connection_.out().size();
  net::Reactor& reactor = connection_.reactor();
  const Instant since = reactor.time();
  exec::Outcome outcome =
      context_.executor.execute(body, {context_.wall.at(since), since, connection_.arrived()},
                                connection_.peer(), connection_.out());
  reactor.saw(outcome.looked ? *outcome.looked : context_.executor.now());
  const bool compress =
      body.size() > 1 && (body[1] & std::byte{wire::info1::kCompressResponse}) != std::byte{0};
  // A stream's later frames go as they are: clients take each frame as it comes.
  if (compress) compress_frames(connection_.out(), before);
  const bool is_batch =
      body.size() > 1 && (body[1] & std::byte{wire::info1::kBatch}) != std::byte{0};
  if (!outcome.gates.empty()) hold(before, outcome.gates, !is_batch && !compress);
  note_latency(outcome.latency, since);
  if (outcome.background != nullptr) context_.run_in_background(std::move(outcome.background));
  task_ = std::move(outcome.task);
  task_since_ = since;
}

/// What cannot be expanded is answered like all compressed messages are by the original.
bool ClientSession::on_compressed(Bytes body) {
  const Buffer frame = expanded(body);
  const auto header = FrameHeader::parse(frame);
  if (frame.empty() || !header || header->kind != FrameKind::Message ||
      header->body_size != frame.size() - FrameHeader::kSize) {
    wire::write_header_reply(connection_.out(),
                             {.result = static_cast<std::uint8_t>(Code::EnterpriseOnly)});
    return true;
  }
  on_message(Bytes(frame).subspan(FrameHeader::kSize));
  return true;
}

void ClientSession::on_info(Bytes body) {
  const std::string answer = context_.info.answer(asker_, as_text(body));
  OutBuffer& out = connection_.out();
  FrameHeader{.kind = FrameKind::Info, .body_size = answer.size()}.write(
      out.grow(FrameHeader::kSize));
  out.append(as_bytes(answer));
  context_.executor.share().counters.add(exec::NodeCounter::info_complete);
}

/// There are no users. Clients with credentials take "not enabled" as "no login needed"; whoever
/// asks for more, or comes without credentials, is told that it is not supported.
void ClientSession::on_security(Bytes body) {
  const auto is = [&](SecurityCommand command) {
    return body[SecurityHeader::kCommandAt] == static_cast<std::byte>(command);
  };
  const bool logs_in = body.size() >= SecurityHeader::kSize &&
                       (is(SecurityCommand::Authenticate) || is(SecurityCommand::Login)) &&
                       body[SecurityHeader::kFieldsAt] != std::byte{0};
  std::byte* const at = connection_.out().grow(FrameHeader::kSize + SecurityHeader::kSize);
  FrameHeader{.kind = FrameKind::Security, .body_size = SecurityHeader::kSize}.write(at);
  std::memset(at + FrameHeader::kSize, 0, SecurityHeader::kSize);
  at[FrameHeader::kSize + SecurityHeader::kResultAt] =
      static_cast<std::byte>(logs_in ? Code::SecurityNotEnabled : Code::SecurityNotSupported);
}

net::Session::Turn ClientSession::on_turn() {
  if (hang_up_) return Turn::Close;
  if (!held_.empty() && context_.storage_failed.load(std::memory_order_relaxed)) return Turn::Close;
  if (task_ == nullptr) return Turn::Idle;
  const std::size_t before = connection_.out().size();
  const auto progress = task_->run(connection_.out(), context_.executor.now() + kSlice);
  hold(before, task_->take_gates(),
       progress == exec::Task::Progress::Done && task_->is_one_message());
  switch (progress) {
    case exec::Task::Progress::More:
      return Turn::Again;
    case exec::Task::Progress::Waiting:
      wake_at_ = task_->resume_at();
      return Turn::Later;
    case exec::Task::Progress::Done:
      connection_.reactor().saw(context_.executor.now());
      note_latency(task_->latency(), task_since_);
      task_.reset();
      return Turn::Idle;
    case exec::Task::Progress::Abandoned:
      return Turn::Close;
  }
  return Turn::Close;
}

void ClientSession::hold(std::size_t from, const std::vector<exec::Gate>& gates, bool one_message) {
  for (const exec::Gate& gate : gates)
    held_.push_back({.from = from, .gate = gate, .one_message = one_message});
}

/// A reply that may leave at once took until now; one behind a gate takes until that is passed.
void ClientSession::note_latency(Histogram* latency, Instant since) {
  if (latency == nullptr) return;
  if (held_.empty()) {
    latency->record(connection_.reactor().time() - since);
  } else {
    held_.push_back({.from = connection_.out().size(), .latency = latency, .since = since});
  }
}

std::size_t ClientSession::sendable(std::size_t waiting) {
  if (held_.empty()) return waiting;
  const Instant now = context_.executor.now();
  while (!held_.empty()) {
    const HeldBytes& held = held_.front();
    const exec::Gate::State state = held.gate.state(now);
    if (state == exec::Gate::State::Shut) return held.from;
    if (state == exec::Gate::State::InDoubt) put_in_doubt(held);
    if (hang_up_) return held.from;
    if (held.latency != nullptr) held.latency->record(now - held.since);
    held_.pop_front();
  }
  return waiting;
}

/// The copies on other nodes did not answer in time: the reply, already written, becomes "timeout".
void ClientSession::put_in_doubt(const HeldBytes& held) {
  if (!held.one_message) {
    hang_up_ = true;  // Which of its rows are in doubt cannot be said any more.
    return;
  }
  std::byte* const message = connection_.out().data(held.from + FrameHeader::kSize);
  message[wire::MessageHeader::kResultAt] = static_cast<std::byte>(Code::Timeout);
}

void ClientSession::on_sent(std::size_t size) {
  for (HeldBytes& held : held_) held.from -= size;
}

Duration ClientSession::stall_limit() const {
  return task_ != nullptr ? task_->stall_limit() : Session::stall_limit();
}

}  // namespace flotilla::server
