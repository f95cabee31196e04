#include "frames.h"

namespace flotilla::cluster {
namespace {

using wire::Digest;

constexpr std::size_t kRecordHead = Digest::kSize + 28 + 8 + 4 + 2 + 1 + 1 + 4;
constexpr std::size_t kProcessSize = 24;

/// Appends to a buffer.
class Out {
 public:
  explicit Out(Buffer& to) : to_(to) {}

  template <std::unsigned_integral T>
  Out& le(T value) {
    const std::size_t at = to_.size();
    to_.resize(at + sizeof value);
    store_le(to_.data() + at, value);
    return *this;
  }
  Out& flag(bool value) { return le(static_cast<std::uint8_t>(value)); }
  Out& version(const RowVersion& v) { return le(v.epoch.number).le(v.epoch.tag).le(v.n); }
  Out& position(const Position& p) { return version(p.term).le(p.seq); }
  Out& digest(const Digest& d) {
    append(to_, d.view());
    return *this;
  }
  Out& process(const Process& p) {
    append(to_, Bytes(p.node));
    return le(p.boot);
  }
  Out& record(const NumberedRecord& r) {
    const store::RecordImage& image = r.image;
    digest(image.digest).position(r.position).le(image.last_update.raw()).le(image.void_time);
    le(image.generation).le(image.flags).le(static_cast<std::uint8_t>(image.set.size()));
    le(static_cast<std::uint32_t>(image.body.size()));
    append(to_, image.set);
    append(to_, image.body);
    return *this;
  }
  Out& records(const std::vector<NumberedRecord>& list) {
    le(static_cast<std::uint32_t>(list.size()));
    for (const NumberedRecord& r : list) record(r);
    return *this;
  }
  Out& history(std::span<const HistoryEntry> list) {
    le(static_cast<std::uint16_t>(list.size()));
    for (const HistoryEntry& e : list) version(e.term).le(e.end).flag(e.absorbed);
    return *this;
  }

 private:
  Buffer& to_;
};

/// Reads what Out wrote. A failed read yields zeros; ok() tells at the end.
class In {
 public:
  explicit In(Reader& from) : from_(from) {}

  template <std::unsigned_integral T>
  T le() {
    return from_.le<T>();
  }
  bool flag() {
    const auto value = le<std::uint8_t>();
    if (value > 1) bad_ = true;
    return value == 1;
  }
  template <class E>
  E one_of(E last) {
    const auto value = le<std::uint8_t>();
    if (value > static_cast<std::uint8_t>(last)) bad_ = true;
    return bad_ ? E{} : static_cast<E>(value);
  }
  RowVersion version() {
    RowVersion v;
    v.epoch.number = le<std::uint64_t>();
    v.epoch.tag = le<std::uint64_t>();
    v.n = le<std::uint32_t>();
    return v;
  }
  Position position() {
    Position p;
    p.term = version();
    p.seq = le<std::uint64_t>();
    return p;
  }
  Digest digest() {
    const Bytes bytes = from_.bytes(Digest::kSize);
    return bytes.empty() ? Digest{} : Digest::load(bytes.data());
  }
  Process process() {
    Process p;
    const Bytes bytes = from_.bytes(p.node.size());
    if (!bytes.empty()) std::memcpy(p.node.data(), bytes.data(), bytes.size());
    p.boot = le<std::uint64_t>();
    return p;
  }
  NumberedRecord record() {
    NumberedRecord r;
    r.image.digest = digest();
    r.position = position();
    r.image.last_update = store::HlcTime(le<std::uint64_t>());
    r.image.void_time = le<std::uint32_t>();
    r.image.generation = le<std::uint16_t>();
    r.image.flags = le<std::uint8_t>();
    if ((r.image.flags & ~store::kPortableFlags) != 0) bad_ = true;
    const auto set_size = le<std::uint8_t>();
    const auto body_size = le<std::uint32_t>();
    r.image.set = from_.text(set_size);
    r.image.body = from_.bytes(body_size);
    return r;
  }
  /// How many follow, if the bytes for so many are there.
  std::size_t count(std::size_t number, std::size_t each) {
    if (number > from_.left() / each) bad_ = true;
    return bad_ ? 0 : number;
  }
  std::vector<NumberedRecord> records() {
    std::vector<NumberedRecord> list(count(le<std::uint32_t>(), kRecordHead));
    for (NumberedRecord& r : list) r = record();
    return list;
  }
  std::vector<HistoryEntry> history() {
    const auto number = le<std::uint16_t>();
    if (number > kHistoryMost) bad_ = true;
    std::vector<HistoryEntry> list(count(number, 29));
    for (HistoryEntry& e : list) {
      e.term = version();
      e.end = le<std::uint64_t>();
      e.absorbed = flag();
    }
    return list;
  }
  bool ok() const { return !bad_ && from_.ok(); }
  bool end() const { return ok() && from_.left() == 0; }
  void fail() { bad_ = true; }

 private:
  Reader& from_;
  bool bad_ = false;
};

Buffer head_of(const FrameHead& head) {
  Buffer out;
  Out(out)
      .le(static_cast<std::uint8_t>(head.kind))
      .le(head.ns)
      .le(head.partition.raw())
      .version(head.term);
  return out;
}

}  // namespace

bool parse(Reader& in, FrameHead& out) {
  In r(in);
  const auto kind = r.le<std::uint8_t>();
  if (kind == 0 || kind > static_cast<std::uint8_t>(Kind::Have)) return false;
  out.kind = static_cast<Kind>(kind);
  out.ns = r.le<std::uint32_t>();
  out.partition = wire::PartitionId(r.le<std::uint16_t>());
  out.term = r.version();
  return r.ok();
}

Buffer encode(const FrameHead& head, const ReplFrame& frame) {
  Buffer out = head_of(head);
  Out w(out);
  w.version(frame.row).le(frame.seq).le(static_cast<std::uint8_t>(frame.what));
  if (frame.what == ReplFrame::What::Record) w.record(frame.record);
  if (frame.what == ReplFrame::What::Absorb) w.history(frame.absorbed);
  return out;
}

bool parse(Reader& in, ReplFrame& out) {
  In r(in);
  out.row = r.version();
  out.seq = r.le<std::uint64_t>();
  out.what = r.one_of(ReplFrame::What::Absorb);
  if (out.what == ReplFrame::What::Record) out.record = r.record();
  if (out.what == ReplFrame::What::Absorb) out.absorbed = r.history();
  return r.end();
}

Buffer encode(const FrameHead& head, const AckFrame& frame) {
  Buffer out = head_of(head);
  Out(out).le(frame.from).le(frame.contiguous).flag(frame.complete);
  return out;
}

bool parse(Reader& in, AckFrame& out) {
  In r(in);
  out.from = r.le<std::uint64_t>();
  out.contiguous = r.le<std::uint64_t>();
  out.complete = r.flag();
  return r.end();
}

Buffer encode(const FrameHead& head, const StartFrame& frame) {
  Buffer out = head_of(head);
  Out(out).version(frame.row).le(frame.from).history(frame.history);
  return out;
}

bool parse(Reader& in, StartFrame& out) {
  In r(in);
  out.row = r.version();
  out.from = r.le<std::uint64_t>();
  out.history = r.history();
  return r.end();
}

Buffer encode(const FrameHead& head, const OfferFrame& frame) {
  Buffer out = head_of(head);
  Out(out).version(frame.row).flag(frame.nothing_new);
  return out;
}

bool parse(Reader& in, OfferFrame& out) {
  In r(in);
  out.row = r.version();
  out.nothing_new = r.flag();
  return r.end();
}

Buffer encode(const FrameHead& head, const RowFrame& frame) {
  Buffer out = head_of(head);
  Out(out).version(frame.row);
  return out;
}

bool parse(Reader& in, RowFrame& out) {
  In r(in);
  out.row = r.version();
  return r.end();
}

Buffer encode(const FrameHead& head, const BranchFrame& frame) {
  Buffer out = head_of(head);
  Out(out)
      .le(frame.from)
      .le(frame.chunk)
      .flag(frame.tail)
      .flag(frame.last)
      .history(frame.history)
      .records(frame.records);
  return out;
}

bool parse(Reader& in, BranchFrame& out) {
  In r(in);
  out.from = r.le<std::uint64_t>();
  out.chunk = r.le<std::uint32_t>();
  out.tail = r.flag();
  out.last = r.flag();
  out.history = r.history();
  out.records = r.records();
  return r.end();
}

Buffer encode(const FrameHead& head, const BranchedFrame& frame) {
  Buffer out = head_of(head);
  Out(out).le(frame.from).le(frame.chunk);
  return out;
}

bool parse(Reader& in, BranchedFrame& out) {
  In r(in);
  out.from = r.le<std::uint64_t>();
  out.chunk = r.le<std::uint32_t>();
  return r.end();
}

Buffer encode(const FrameHead& head, const PullFrame& frame) {
  Buffer out = head_of(head);
  Out w(out);
  w.le(frame.from).le(frame.number).le(static_cast<std::uint8_t>(frame.mode));
  switch (frame.mode) {
    case PullMode::Delta:
      w.position(frame.after);
      break;
    case PullMode::Hashes:
      for (const std::uint64_t hash : frame.hashes) w.le(hash);
      break;
    case PullMode::Range:
      w.flag(frame.from_top).digest(frame.below).digest(frame.low);
      w.le(static_cast<std::uint32_t>(frame.held.size()));
      for (const KeyPosition& held : frame.held) w.digest(held.digest).position(held.position);
      break;
  }
  return out;
}

bool parse(Reader& in, PullFrame& out) {
  In r(in);
  out.from = r.le<std::uint64_t>();
  out.number = r.le<std::uint32_t>();
  out.mode = r.one_of(PullMode::Range);
  switch (out.mode) {
    case PullMode::Delta:
      out.after = r.position();
      break;
    case PullMode::Hashes:
      for (std::uint64_t& hash : out.hashes) hash = r.le<std::uint64_t>();
      break;
    case PullMode::Range:
      out.from_top = r.flag();
      out.below = r.digest();
      out.low = r.digest();
      out.held.resize(r.count(r.le<std::uint32_t>(), Digest::kSize + 28));
      for (KeyPosition& held : out.held) {
        held.digest = r.digest();
        held.position = r.position();
      }
      for (std::size_t i = 1; i < out.held.size(); ++i)
        if (!(out.held[i].digest < out.held[i - 1].digest)) r.fail();
      break;
  }
  return r.end();
}

Buffer encode(const FrameHead& head, const CopiesFrame& frame) {
  Buffer out = head_of(head);
  Out w(out);
  w.le(frame.from).le(frame.number).le(static_cast<std::uint8_t>(frame.mode)).le(frame.as_of);
  w.flag(frame.possible).flag(frame.done).position(frame.reached).digest(frame.low);
  if (frame.mode == PullMode::Hashes)
    for (const std::uint8_t byte : frame.differing) w.le(byte);
  w.records(frame.records).le(static_cast<std::uint32_t>(frame.gone.size()));
  for (const Digest& digest : frame.gone) w.digest(digest);
  return out;
}

bool parse(Reader& in, CopiesFrame& out) {
  In r(in);
  out.from = r.le<std::uint64_t>();
  out.number = r.le<std::uint32_t>();
  out.mode = r.one_of(PullMode::Range);
  out.as_of = r.le<std::uint64_t>();
  out.possible = r.flag();
  out.done = r.flag();
  out.reached = r.position();
  out.low = r.digest();
  if (out.mode == PullMode::Hashes)
    for (std::uint8_t& byte : out.differing) byte = r.le<std::uint8_t>();
  out.records = r.records();
  out.gone.resize(r.count(r.le<std::uint32_t>(), Digest::kSize));
  for (Digest& digest : out.gone) digest = r.digest();
  return r.end();
}

Buffer encode(const FrameHead& head, const GrantFrame& frame) {
  Buffer out = head_of(head);
  Out(out).le(frame.base);
  write_row(out, frame.row);
  return out;
}

bool parse(Reader& in, GrantFrame& out) {
  out.base = in.le<std::uint64_t>();
  out.row = read_row(in);
  return in.ok() && in.left() == 0;
}

Buffer encode(const FrameHead& head, const WantFrame& frame) {
  Buffer out = head_of(head);
  Out w(out);
  w.le(static_cast<std::uint32_t>(frame.records.size()));
  for (const KeyPosition& each : frame.records) w.digest(each.digest).position(each.position);
  return out;
}

bool parse(Reader& in, WantFrame& out) {
  In r(in);
  out.records.resize(r.count(r.le<std::uint32_t>(), Digest::kSize + 28));
  for (KeyPosition& each : out.records) {
    each.digest = r.digest();
    each.position = r.position();
  }
  return r.end();
}

Buffer encode(const FrameHead& head, const HaveFrame& frame) {
  Buffer out = head_of(head);
  Out w(out);
  w.records(frame.records).le(static_cast<std::uint32_t>(frame.lacking.size()));
  for (const Digest& digest : frame.lacking) w.digest(digest);
  return out;
}

bool parse(Reader& in, HaveFrame& out) {
  In r(in);
  out.records = r.records();
  out.lacking.resize(r.count(r.le<std::uint32_t>(), Digest::kSize));
  for (Digest& digest : out.lacking) digest = r.digest();
  return r.end();
}

void write_history(Buffer& out, std::span<const HistoryEntry> history) {
  Out(out).history(history);
}

std::vector<HistoryEntry> read_history(Reader& in) {
  In r(in);
  auto history = r.history();
  if (!r.ok()) in.bytes(in.left() + 1);  // Latches the failure.
  return history;
}

void write_row(Buffer& out, const Row& row) {
  Out w(out);
  w.version(row.version).version(row.term).process(row.primary);
  w.le(static_cast<std::uint16_t>(row.in_sync.size()));
  for (const Process& process : row.in_sync) w.process(process);
  w.le(static_cast<std::uint16_t>(row.targets.size()));
  for (const Uuid& uuid : row.targets) append(out, Bytes(uuid));
  w.le(row.flags);
}

Row read_row(Reader& in) {
  In r(in);
  Row row;
  row.version = r.version();
  row.term = r.version();
  row.primary = r.process();
  row.in_sync.resize(r.count(r.le<std::uint16_t>(), kProcessSize));
  for (Process& process : row.in_sync) process = r.process();
  row.targets.resize(r.count(r.le<std::uint16_t>(), sizeof(Uuid)));
  for (Uuid& uuid : row.targets) {
    const Bytes bytes = in.bytes(uuid.size());
    if (!bytes.empty()) std::memcpy(uuid.data(), bytes.data(), bytes.size());
  }
  row.flags = r.le<std::uint8_t>();
  if (!r.ok()) in.bytes(in.left() + 1);
  return row;
}

}  // namespace flotilla::cluster
