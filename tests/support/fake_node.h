#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/out_buffer.h"
#include "base/parse.h"
#include "support/loopback_listener.h"
#include "wire/batch.h"
#include "wire/frame.h"
#include "wire/reply.h"
#include "wire/security.h"

namespace flotilla::testing {

/// Records of a whole fake cluster: every node of it sees the same ones.
struct FakeRecords {
  struct Bin {
    std::string name;
    wire::ParticleType type;
    Buffer value;
  };
  struct Record {
    std::string ns;
    std::string set;
    Buffer key;  // Type byte and value; empty: not kept.
    std::vector<Bin> bins;
    std::uint32_t generation = 0;
    std::uint32_t void_time = 0;
  };

  std::mutex lock;
  std::map<wire::Digest, Record> records;  // By digest: a scan's order.
};

/// A node that speaks enough of the protocol to test clients and tools: info commands from a table,
/// and records that are put, read, deleted, touched, batched, and scanned. One thread a connection,
/// on loopback, port chosen by the kernel. A script can make it refuse or fall silent. No field is
/// checked beyond what is needed: it trusts its client.
class FakeNode {
 public:
  /// What a script wants done with a request, looked at before it is carried out.
  struct Verdict {
    enum class Kind { Serve, Refuse, Close, Silence } kind = Kind::Serve;
    std::uint8_t result = 0;  // Of Refuse.
  };
  using Script = std::function<Verdict(const wire::Message&)>;

  FakeNode(std::string name, std::shared_ptr<FakeRecords> records)
      : name_(std::move(name)), records_(std::move(records)) {
    set_info("node", name_);
    set_info("build", "8.1.2.0");
    set_info("cluster-name", "fake");
    set_info("peers-generation", "1");
    set_info("partition-generation", "1");
    set_info("service-clear-std", address());
    set_info("peers-clear-std", "1,3000,[]");
    set_info("namespaces", "test");
    own("test", {std::string(wire::kPartitions, '1')});
  }
  FakeNode(const FakeNode&) = delete;
  FakeNode& operator=(const FakeNode&) = delete;

  std::uint16_t port() const { return listener_.port(); }
  const std::string& name() const { return name_; }
  std::string address() const { return listener_.address(); }

  void set_info(const std::string& command, std::string value) {
    std::lock_guard hold(lock_);
    info_[command] = std::move(value);
  }
  void set_script(Script script) {
    std::lock_guard hold(lock_);
    script_ = std::move(script);
  }
  /// Columns of `ns` as strings of 4096 '0' and '1'; the partition generation rises.
  void own(const std::string& ns, const std::vector<std::string>& columns) {
    std::string text = ns + ":0," + std::to_string(columns.size());
    for (const std::string& column : columns) {
      Buffer bits(wire::kPartitions / 8);
      for (std::size_t p = 0; p < wire::kPartitions; ++p)
        if (column[p] == '1') bits[p / 8] |= static_cast<std::byte>(0x80U >> (p % 8));
      text += ',' + to_base64(bits);
    }
    std::lock_guard hold(lock_);
    info_["replicas"] = text;
    info_["partition-generation"] = std::to_string(++partition_generation_);
  }
  /// From now on only connections that have logged in are served: as `user` with that credential,
  /// or with the token of an earlier login.
  void demand_login(std::string user, std::string credential) {
    std::lock_guard hold(lock_);
    user_ = std::move(user);
    credential_ = std::move(credential);
  }
  /// As after a restart: no token counts any more.
  void forget_sessions() {
    std::lock_guard hold(lock_);
    tokens_.clear();
  }
  /// While it is set, logins get no answer yet.
  void hold_logins(bool hold) { holds_logins_ = hold; }
  int logins() const { return logins_; }
  int sessions_shown() const { return sessions_shown_; }
  /// The data requests that have come, refused ones included.
  int requests() const { return requests_; }
  /// Those over which such requests have come.
  int data_connections() const { return data_connections_; }
  std::vector<std::string> info_log() {
    std::lock_guard hold(lock_);
    return info_log_;
  }
  /// As a process that dies: every connection is closed, and no new one accepted.
  void stop() { listener_.stop(); }

 private:
  bool read_exactly(int fd, MutableBytes into) const {
    std::size_t done = 0;
    while (done < into.size()) {
      pollfd watched{.fd = fd, .events = POLLIN, .revents = 0};
      if (listener_.stopping()) return false;
      if (::poll(&watched, 1, 20) <= 0) continue;
      const ssize_t got = ::recv(fd, into.data() + done, into.size() - done, 0);
      if (got <= 0) return false;
      done += static_cast<std::size_t>(got);
    }
    return true;
  }

  void serve(int fd) {
    Buffer header(wire::FrameHeader::kSize);
    bool knows_who = false;
    bool has_asked = false;
    while (read_exactly(fd, header)) {
      const auto frame = wire::FrameHeader::parse(header);
      if (!frame) break;
      if (frame->kind == wire::FrameKind::Message && !std::exchange(has_asked, true))
        ++data_connections_;
      Buffer body(frame->body_size);
      if (!read_exactly(fd, body)) break;
      OutBuffer out;
      if (!answer(*frame, body, out, knows_who)) break;
      ::send(fd, out.data(), out.size(), MSG_NOSIGNAL);
    }
    ::close(fd);
  }

  /// False: close the connection.
  bool answer(const wire::FrameHeader& frame, Bytes body, OutBuffer& out, bool& knows_who) {
    if (frame.kind == wire::FrameKind::Security) {
      while (holds_logins_ && !listener_.stopping())
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      return answer_login(body, out, knows_who), true;
    }
    if (!knows_who && demands_login()) {
      if (frame.kind == wire::FrameKind::Info) return false;
      wire::write_header_reply(out, {.result = 80});
      return true;
    }
    if (frame.kind == wire::FrameKind::Info) return answer_info(as_text(body), out), true;
    if (frame.kind != wire::FrameKind::Message) return false;
    ++requests_;
    wire::Message message;
    if (!message.parse(body)) return false;
    Script script;
    {
      std::lock_guard hold(lock_);
      script = script_;
    }
    const Verdict verdict = script ? script(message) : Verdict{};
    if (verdict.kind == Verdict::Kind::Close) return false;
    if (verdict.kind == Verdict::Kind::Silence) return true;
    if (verdict.kind == Verdict::Kind::Refuse) {
      wire::write_header_reply(out, {.info3 = refusal_flags(message), .result = verdict.result});
      return true;
    }
    std::lock_guard hold(records_->lock);
    wire::ReplyWriter reply(out);
    if ((message.header.info1 & wire::info1::kBatch) != 0)
      answer_batch(message, reply);
    else if (message.fields.has(wire::FieldType::Digest))
      answer_single(message, reply);
    else
      answer_scan(message, reply);
    reply.finish();
    return true;
  }

  bool demands_login() {
    std::lock_guard hold(lock_);
    return !user_.empty();
  }

  void answer_login(Bytes body, OutBuffer& out, bool& knows_who) {
    using wire::SecurityHeader;
    std::lock_guard hold(lock_);
    std::map<int, std::string> fields;
    Reader in(body.subspan(SecurityHeader::kSize));
    while (in.ok() && in.left() > 0) {
      const auto size = in.be<std::uint32_t>();
      const auto id = in.be<std::uint8_t>();
      fields[id] = in.text(size - 1);
    }
    std::uint8_t code = 0;
    std::string token;
    if (body[SecurityHeader::kCommandAt] == std::byte{0}) {
      ++sessions_shown_;
      code = std::ranges::find(tokens_, fields[5]) != tokens_.end() ? 0 : 66;
    } else {
      ++logins_;
      if (user_.empty())
        code = 52;
      else if (fields[0] != user_)
        code = 60;
      else if (fields[3] != credential_)
        code = 62;
      else
        token = tokens_.emplace_back("token " + std::to_string(logins_));
    }
    knows_who = code == 0;
    Buffer reply(SecurityHeader::kSize);
    reply[SecurityHeader::kResultAt] = static_cast<std::byte>(code);
    if (!token.empty()) {
      reply[SecurityHeader::kFieldsAt] = std::byte{2};
      append_be<std::uint32_t>(reply, static_cast<std::uint32_t>(token.size() + 1));
      append_be<std::uint8_t>(reply, 5);
      append(reply, token);
      append_be<std::uint32_t>(reply, 5);
      append_be<std::uint8_t>(reply, 6);
      append_be<std::uint32_t>(reply, 86400);
    }
    wire::FrameHeader{.kind = wire::FrameKind::Security, .body_size = reply.size()}.write(
        out.grow(wire::FrameHeader::kSize));
    out.append(reply);
  }

  static std::uint8_t refusal_flags(const wire::Message& message) {
    const bool batch = (message.header.info1 & wire::info1::kBatch) != 0;
    return batch ? wire::info3::kLast : std::uint8_t{0};
  }

  void answer_info(std::string_view body, OutBuffer& out) {
    std::string text;
    std::lock_guard hold(lock_);
    if (body.empty()) {
      for (const auto& [name, value] : info_)
        if (name == "node" || name == "build") text += name + '\t' + value + '\n';
    }
    for (const std::string_view command : split(body, '\n')) {
      if (command.empty()) continue;
      info_log_.emplace_back(command);
      std::string value = "ERROR:4:unrecognized command";
      if (const auto at = info_.find(std::string(command)); at != info_.end()) {
        value = at->second;
      } else if (const auto general =
                     info_.find(std::string(command.substr(0, command.find(':'))) + ":*");
                 general != info_.end()) {
        value = general->second;
      }
      text += std::string(command) + '\t' + value + '\n';
    }
    wire::FrameHeader{.kind = wire::FrameKind::Info, .body_size = text.size()}.write(
        out.grow(wire::FrameHeader::kSize));
    out.append(as_bytes(text));
  }

  struct Outcome {
    wire::MessageHeader header;
    std::vector<FakeRecords::Bin> bins;
  };

  static void set_bin(FakeRecords::Record& record, const wire::Op& op) {
    std::erase_if(record.bins, [&](const FakeRecords::Bin& bin) { return bin.name == op.name; });
    if (op.particle_type == wire::ParticleType::Null) return;
    record.bins.push_back(
        {std::string(op.name), op.particle_type, Buffer(op.value.begin(), op.value.end())});
  }

  Outcome write(const wire::MessageHeader& header, const wire::Fields& fields, const wire::Ops& ops,
                const wire::Digest& digest) {
    const auto at = records_->records.find(digest);
    const bool exists = at != records_->records.end();
    if ((header.info2 & wire::info2::kDelete) != 0) {
      if (!exists) return {.header = {.result = 2}, .bins = {}};
      records_->records.erase(at);
      return {};
    }
    if (exists && (header.info2 & wire::info2::kCreateOnly) != 0)
      return {.header = {.result = 5}, .bins = {}};
    if (!exists && (header.info3 & wire::info3::kUpdateOnly) != 0)
      return {.header = {.result = 2}, .bins = {}};
    const std::uint32_t generation = exists ? at->second.generation : 0;
    if ((header.info2 & wire::info2::kGeneration) != 0 && generation != header.generation)
      return {.header = {.result = 3}, .bins = {}};
    FakeRecords::Record& record = records_->records[digest];
    if ((header.info3 & wire::info3::kCreateOrReplace) != 0) record.bins.clear();
    record.ns = fields.text(wire::FieldType::Namespace);
    record.set = fields.text(wire::FieldType::Set);
    if (const Bytes key = fields.get(wire::FieldType::Key); !key.empty())
      record.key.assign(key.begin(), key.end());
    for (const wire::Op op : ops)
      if (op.type == wire::OpType::Write) set_bin(record, op);
    record.generation += 1;
    record.void_time = header.ttl == 0 || header.ttl >= 0xFFFF'FFFE ? 0 : 500'000'000 + header.ttl;
    Outcome done{.header = {.generation = record.generation, .ttl = record.void_time}, .bins = {}};
    if (record.bins.empty()) records_->records.erase(digest);
    return done;
  }

  Outcome read(const wire::MessageHeader& header, const wire::Ops& ops,
               const wire::Digest& digest) const {
    const auto at = records_->records.find(digest);
    if (at == records_->records.end()) return {.header = {.result = 2}, .bins = {}};
    const FakeRecords::Record& record = at->second;
    Outcome found{.header = {.generation = record.generation, .ttl = record.void_time}, .bins = {}};
    if ((header.info1 & wire::info1::kGetNoBins) != 0) return found;
    found.bins = select(record, ops, (header.info1 & wire::info1::kGetAll) != 0);
    return found;
  }

  static std::vector<FakeRecords::Bin> select(const FakeRecords::Record& record,
                                              const wire::Ops& ops, bool all) {
    if (all || ops.empty()) return record.bins;
    std::vector<FakeRecords::Bin> bins;
    for (const wire::Op op : ops)
      for (const FakeRecords::Bin& bin : record.bins)
        if (op.type == wire::OpType::Read && bin.name == op.name) bins.push_back(bin);
    return bins;
  }

  Outcome carry_out(const wire::MessageHeader& header, const wire::Fields& fields,
                    const wire::Ops& ops, const wire::Digest& digest) {
    if (fields.text(wire::FieldType::Namespace) != "test")
      return {.header = {.result = 20}, .bins = {}};
    if ((header.info2 & wire::info2::kWrite) == 0) return read(header, ops, digest);
    Outcome done = write(header, fields, ops, digest);
    if (done.header.result == 0 && (header.info1 & wire::info1::kRead) != 0)
      return read(header, ops, digest);
    return done;
  }

  static void write_outcome(const Outcome& outcome, wire::ReplyWriter& reply) {
    reply.begin(outcome.header);
    for (const FakeRecords::Bin& bin : outcome.bins)
      reply.op(wire::OpType::Read, bin.name, bin.type, bin.value);
    reply.end();
  }

  void answer_single(const wire::Message& m, wire::ReplyWriter& reply) {
    const wire::Digest digest = wire::Digest::load(m.fields.get(wire::FieldType::Digest).data());
    write_outcome(carry_out(m.header, m.fields, m.ops, digest), reply);
  }

  void answer_batch(const wire::Message& m, wire::ReplyWriter& reply) {
    wire::BatchReader rows(m.fields.get(wire::FieldType::Batch), m.header);
    for (std::uint32_t i = 0; rows.ok() && i < rows.header().count && rows.next(); ++i) {
      Outcome outcome =
          carry_out(rows.row().header, rows.row().fields, rows.row().ops, rows.row().digest);
      outcome.header.transaction_ttl = rows.row().index;
      write_outcome(outcome, reply);
    }
    reply.begin({.info3 = wire::info3::kLast});
    reply.end();
  }

  void answer_scan(const wire::Message& m, wire::ReplyWriter& reply) {
    std::map<std::uint16_t, std::optional<wire::Digest>> wanted;
    const Bytes whole = m.fields.get(wire::FieldType::Partitions);
    for (std::size_t i = 0; i + 1 < whole.size(); i += 2)
      wanted[load_le<std::uint16_t>(&whole[i])] = std::nullopt;
    const Bytes digests = m.fields.get(wire::FieldType::Digests);
    for (std::size_t i = 0; i + wire::Digest::kSize <= digests.size(); i += wire::Digest::kSize) {
      const wire::Digest after = wire::Digest::load(&digests[i]);
      wanted[after.partition().raw()] = after;
    }
    const Bytes limit = m.fields.get(wire::FieldType::MaxRecords);
    std::uint64_t left = limit.empty() ? UINT64_MAX : load_be<std::uint64_t>(limit.data());
    for (const auto& [digest, record] : records_->records) {
      const auto at = wanted.find(digest.partition().raw());
      if (at == wanted.end() || (at->second && digest <= *at->second)) continue;
      const std::string_view set = m.fields.text(wire::FieldType::Set);
      if (!set.empty() && set != record.set) continue;
      if (left-- == 0) break;
      write_scanned(m, digest, record, reply);
    }
    reply.begin({.info3 = wire::info3::kLast});
    reply.end();
  }

  static void write_scanned(const wire::Message& m, const wire::Digest& digest,
                            const FakeRecords::Record& record, wire::ReplyWriter& reply) {
    reply.begin({.generation = record.generation, .ttl = record.void_time});
    reply.field(wire::FieldType::Namespace, as_bytes(record.ns));
    reply.field(wire::FieldType::Digest, digest.view());
    if (!record.set.empty()) reply.field(wire::FieldType::Set, as_bytes(record.set));
    if (!record.key.empty()) reply.field(wire::FieldType::Key, record.key);
    if ((m.header.info1 & wire::info1::kGetNoBins) == 0)
      for (const FakeRecords::Bin& bin : select(record, m.ops, false))
        reply.op(wire::OpType::Read, bin.name, bin.type, bin.value);
    reply.end();
  }

  const std::string name_;
  const std::shared_ptr<FakeRecords> records_;
  std::atomic<int> requests_ = 0;
  std::atomic<int> data_connections_ = 0;
  std::atomic<bool> holds_logins_ = false;
  std::atomic<int> logins_ = 0;
  std::atomic<int> sessions_shown_ = 0;
  std::mutex lock_;  // Guards the following.
  std::map<std::string, std::string> info_;
  std::vector<std::string> info_log_;
  Script script_;
  std::string user_;  // Empty: everybody is served.
  std::string credential_;
  std::vector<std::string> tokens_;
  int partition_generation_ = 0;

  LoopbackListener listener_{[this](int fd) { serve(fd); }};  // Last: it uses the others.
};

}  // namespace flotilla::testing
