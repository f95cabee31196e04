#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "model/expression.h"
#include "model/operation.h"
#include "wire/message.h"

/// Replays recorded exchanges (tests/golden/wire-*.jsonl) against the model alone: a record is a
/// list of bins, one command after another runs to its end. Only what the value operations need is
/// here; policies, queries and batches are tested where they live.
namespace flotilla::model::golden {

using wire::OpType;

struct Bin {
  std::string name;
  ParticleType type;
  Buffer bytes;

  Particle particle() const { return {type, bytes}; }
};

struct Record {
  wire::Digest digest;
  std::string set;
  Buffer key;  // Type byte and value; empty: not stored.
  std::vector<Bin> bins;
  std::uint32_t generation = 0;
  std::uint32_t void_time = 0;

  Bin* find(std::string_view name) {
    for (Bin& bin : bins)
      if (bin.name == name) return &bin;
    return nullptr;
  }
  void put(std::string_view name, const Particle& value) {
    Bin* const bin = find(name);
    Buffer bytes(value.bytes.begin(), value.bytes.end());
    if (value.is_null()) {
      // The last bin takes the place of a removed one.
      if (bin == nullptr) return;
      if (bin != &bins.back()) *bin = std::move(bins.back());
      bins.pop_back();
    } else if (bin == nullptr) {
      bins.push_back({std::string(name), value.type, std::move(bytes)});
    } else {
      bin->type = value.type;
      bin->bytes = std::move(bytes);
    }
  }
};

class Source final : public RecordSource {
 public:
  static constexpr std::uint64_t kNowMs = 500'000'000'000;

  explicit Source(Record& record) : record_(record) {}
  Metadata metadata() const override {
    return {.digest = record_.digest,
            .set = record_.set,
            .last_update_ms = kNowMs - 5,
            .now_ms = kNowMs,
            .void_time = record_.void_time,
            .generation = record_.generation,
            .record_size = 100,
            .is_tombstone = false,
            .exists = record_.generation != 0};
  }
  std::optional<Particle> key() const override {
    if (record_.key.empty()) return std::nullopt;
    return Particle{static_cast<ParticleType>(record_.key[0]), Bytes(record_.key).subspan(1)};
  }
  Particle bin(std::string_view name) const override {
    const Bin* const found = record_.find(name);
    return found == nullptr ? Particle{} : found->particle();
  }

 private:
  Record& record_;
};

/// One store, asked message by message.
class Server {
 public:
  /// The reply to a whole frame, as the server would send it.
  Buffer answer(Bytes frame) {
    arena_.reset();
    ops_.clear();
    n_ops_ = 0;
    wire::Message m;
    wire::MessageHeader reply;
    if (!m.parse(frame.subspan(8))) {
      reply.result = static_cast<std::uint8_t>(Code::Parameter);
      return framed(reply);
    }
    const auto done =
        (m.header.info2 & wire::info2::kWrite) != 0 ? write(m, reply) : read(m, reply);
    if (!done) {
      reply.result = static_cast<std::uint8_t>(done.error().code);
      reply.ttl = 0;
      ops_.clear();
      n_ops_ = 0;
    }
    return framed(reply);
  }

 private:
  Result<void> filtered(const wire::Message& m, Record& record) {
    if (!m.fields.has(wire::FieldType::Filter)) return {};
    const Bytes expression = m.fields.get(wire::FieldType::Filter);
    const auto checked = check_filter(expression);
    if (!checked) return checked;
    const auto early = filter_by_metadata(arena_, expression, Source(record).metadata());
    const auto truth = filter(arena_, expression, Source(record));
    if (!early || !truth) return fail(Code::Unknown, "filter: parses but does not run");
    EXPECT_TRUE(*early == Truth::Unknown || *early == *truth) << "metadata contradict the bins";
    if (*truth != Truth::True) return fail(Code::FilteredOut, "filter");
    return {};
  }

  Result<void> read(const wire::Message& m, wire::MessageHeader& reply) {
    const auto found =
        records_.find(wire::Digest::load(m.fields.get(wire::FieldType::Digest).data()));
    if (found == records_.end()) return fail(Code::NotFound, "record");
    Record record = found->second;
    reply.generation = record.generation;
    const auto passed = filtered(m, record);
    if (!passed) return passed;
    reply.ttl = record.void_time;
    if ((m.header.info1 & wire::info1::kGetNoBins) != 0) return {};
    if ((m.header.info1 & wire::info1::kGetAll) != 0) {
      for (const Bin& bin : record.bins)
        respond(OpType::Read, bin.name, export_particle(arena_, bin.particle()));
      return {};
    }
    return run(m, record);
  }

  Result<void> write(const wire::Message& m, wire::MessageHeader& reply) {
    constexpr std::uint8_t kReplace = wire::info3::kCreateOrReplace | wire::info3::kReplaceOnly;
    for (const wire::Op op : m.ops)
      if (op.name.size() > 15) return fail(Code::BinName, "name");
    for (const wire::Op op : m.ops)
      if ((m.header.info3 & kReplace) != 0 && op.type != OpType::Write && op.type != OpType::Read)
        return fail(Code::Parameter, "replace with a change");
    const auto digest = wire::Digest::load(m.fields.get(wire::FieldType::Digest).data());
    const auto found = records_.find(digest);
    const bool is_delete = (m.header.info2 & wire::info2::kDelete) != 0;
    if (is_delete && found == records_.end()) return fail(Code::NotFound, "record");
    Record record;
    if (found != records_.end()) {
      record = found->second;
      if (!is_delete) reply.generation = record.generation;
      const auto passed = filtered(m, record);
      if (!passed) return passed;
    }
    record.digest = digest;
    record.set = m.fields.text(wire::FieldType::Set);
    const Bytes key = m.fields.get(wire::FieldType::Key);
    if (!key.empty()) record.key.assign(key.begin(), key.end());
    if (is_delete) {
      records_.erase(found);
      return {};
    }
    if ((m.header.info3 & kReplace) != 0) record.bins.clear();
    const auto done = run(m, record);
    if (!done) return done;
    if (record.bins.empty()) {
      if (found == records_.end()) return fail(Code::NotFound, "no bins");
      reply.generation = 0;
      records_.erase(found);
      return {};
    }
    if (m.header.ttl != 0)
      record.void_time = static_cast<std::uint32_t>(Source::kNowMs / 1000) + m.header.ttl;
    reply.generation = ++record.generation;
    reply.ttl = record.void_time;
    records_[digest] = std::move(record);
    return {};
  }

  Result<void> run(const wire::Message& m, Record& record) {
    const bool answers_all = (m.header.info2 & wire::info2::kRespondAllOps) != 0;
    for (const wire::Op op : m.ops) {
      if (op.name.size() > 15) return fail(Code::BinName, "name");
      const Bin* const bin = record.find(op.name);
      const auto outcome = apply(op, record, bin == nullptr ? Particle{} : bin->particle());
      if (!outcome) return tl::unexpected(outcome.error());
      // Answered before the change: a result may borrow the old value.
      if (answers_all || !outcome->result.is_null()) respond(op.type, op.name, outcome->result);
      if (outcome->changed) record.put(op.name, outcome->bin);
    }
    return {};
  }

  Result<Outcome> apply(const wire::Op& op, Record& record, const Particle& bin) {
    const auto changed = [](Result<Particle> value) -> Result<Outcome> {
      if (!value) return tl::unexpected(value.error());
      return Outcome{.bin = *value, .result = {}, .changed = true};
    };
    switch (op.type) {
      case OpType::Read:
        return Outcome{.bin = {}, .result = export_particle(arena_, bin)};
      case OpType::Write:
        if (op.particle_type == ParticleType::Null)
          return Outcome{.bin = {}, .result = {}, .changed = true};
        return changed(import_particle(arena_, op.particle_type, op.value));
      case OpType::Increment:
        return changed(increment(arena_, bin, {op.particle_type, op.value}));
      case OpType::Append:
        return changed(append(arena_, bin, {op.particle_type, op.value}));
      case OpType::Prepend:
        return changed(prepend(arena_, bin, {op.particle_type, op.value}));
      case OpType::CdtRead:
        return cdt_read(arena_, bin, op.value);
      case OpType::CdtModify:
        return cdt_modify(arena_, bin, op.value);
      case OpType::BitsRead:
        return bits_read(arena_, bin, op.value);
      case OpType::BitsModify:
        return bits_modify(arena_, bin, op.value);
      case OpType::HllRead:
        return hll_read(arena_, bin, op.value);
      case OpType::HllModify:
        return hll_modify(arena_, bin, op.value);
      case OpType::ExpRead:
        return exp_read(arena_, Source(record), op.value);
      case OpType::ExpModify:
        return exp_modify(arena_, Source(record), bin, op.value);
      default:
        return fail(Code::Parameter, "not a value operation");
    }
  }

  void respond(OpType type, std::string_view name, const Particle& value) {
    append_be<std::uint32_t>(ops_,
                             static_cast<std::uint32_t>(4 + name.size() + value.bytes.size()));
    for (const auto byte : {static_cast<std::size_t>(type), static_cast<std::size_t>(value.type),
                            std::size_t{0}, name.size()})
      ops_.push_back(static_cast<std::byte>(byte));
    flotilla::append(ops_, name);
    flotilla::append(ops_, value.bytes);
    ++n_ops_;
  }

  Buffer framed(wire::MessageHeader reply) const {
    reply.n_ops = n_ops_;
    Buffer out(8 + wire::MessageHeader::kSize);
    reply.write(out.data() + 8);
    flotilla::append(out, ops_);
    store_be<std::uint64_t>(out.data(), 0x0203ULL << 48 | (out.size() - 8));
    return out;
  }

  std::map<wire::Digest, Record> records_;
  Arena arena_;
  Buffer ops_;
  std::uint16_t n_ops_ = 0;
};

/// Sends every exchange of one recorded file in order; each reply must equal the recorded one,
/// apart from the ranges marked volatile. Names in `passed_over` are sent but not compared.
inline void replay(const std::string& file, const std::vector<std::string>& passed_over = {}) {
  std::ifstream in(std::string(FLOTILLA_SOURCE_DIR) + "/tests/golden/" + file);
  ASSERT_TRUE(in) << file;
  Server server;
  std::string line;
  std::size_t exchanges = 0;
  while (std::getline(in, line)) {
    const auto exchange = nlohmann::json::parse(line);
    const std::string name = exchange["name"];
    const Buffer request = from_hex(exchange["request"].get<std::string>());
    Buffer want = from_hex(exchange["response"].get<std::string>());
    Buffer got = server.answer(request);
    ++exchanges;
    if (std::find(passed_over.begin(), passed_over.end(), name) != passed_over.end()) continue;
    if (exchange.contains("volatile"))
      for (const auto& range : exchange["volatile"])
        for (std::size_t i = range[0];
             i < range[0].get<std::size_t>() + range[1].get<std::size_t>(); ++i)
          if (i < want.size() && i < got.size()) want[i] = got[i] = std::byte{0};
    EXPECT_EQ(to_hex(got), to_hex(want)) << name << "\nrequest " << to_hex(request);
  }
  EXPECT_GT(exchanges, 0U) << file;
}

}  // namespace flotilla::model::golden
