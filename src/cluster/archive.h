#pragma once

// Structs to bytes and back, by one list of fields for both directions:
//
//   struct Beat { ...; template <class A> void fields(A& a) { a(seq, view, size); } };
//
// Integers are LEB128. A Process, Uuid, or Epoch is an index into a table that grows along the
// message: written in full where it first occurs, so a row costs about 20 bytes.

#include <concepts>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "cluster/view.h"

namespace flotilla::cluster {

template <class T>
struct IsStrong : std::false_type {};
template <class Tag, std::unsigned_integral Rep>
struct IsStrong<Strong<Tag, Rep>> : std::true_type {};

template <class A, class T>
concept HasFields = requires(A& a, T& t) { t.fields(a); };

/// Values that occur again and again within a message.
template <class T>
struct Seen {
  std::map<T, std::size_t> index;
  std::vector<T> values;
};

class Encoder {
 public:
  template <class... T>
  void operator()(const T&... values) {
    (put(values), ...);
  }
  Buffer out;

 private:
  template <class T>
  void put(const T& value) {
    if constexpr (std::same_as<T, bool> || std::unsigned_integral<T>)
      number(value);
    else if constexpr (std::same_as<T, std::int64_t>)
      number(static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63));
    else if constexpr (std::is_enum_v<T>)
      number(static_cast<std::uint64_t>(value));
    else if constexpr (IsStrong<T>::value)
      number(value.raw());
    else
      const_cast<T&>(value).fields(*this);  // Shared with the decoder; writes nothing here.
  }
  void put(const std::string& text) { blob(flotilla::as_bytes(text)); }
  void put(const Buffer& bytes) { blob(bytes); }
  void put(const Uuid& uuid) {
    if (!known(uuids_, uuid)) append(out, Bytes(uuid));
  }
  void put(const Process& process) {
    if (known(processes_, process)) return;
    put(process.node);
    append_be(out, process.boot);
  }
  void put(const Epoch& epoch) {
    if (known(epochs_, epoch)) return;
    number(epoch.number);
    append_be(out, epoch.tag);
  }
  void put(const RowVersion& version) { (*this)(version.epoch, version.n); }
  void put(const Endpoint& at) { (*this)(at.host, at.port); }
  void put(const HistoryEntry& entry) { (*this)(entry.term, entry.end, entry.absorbed); }
  void put(const Row& row) {
    (*this)(row.version, row.term, row.primary, row.in_sync, row.targets, row.flags);
  }
  void put(const CopyReport& copy) {
    (*this)(copy.row, copy.row_from_disk, copy.history, copy.ever_full, copy.records, copy.durable);
  }
  void put(const NodeInfo::NamespaceInfo& ns) {
    (*this)(ns.name, ns.replication_factor, ns.rack, ns.durable);
  }
  void put(const NodeInfo& node) {
    (*this)(node.process, node.id, node.heartbeat, node.fabric, node.service, node.alternate,
            node.quiesced, node.leaving, node.namespaces);
  }
  void put(const Away& away) { (*this)(away.node, away.id, away.last_seen_ms, away.partitions); }
  template <class T>
  void put(const std::vector<T>& list) {
    number(list.size());
    for (const T& each : list) put(each);
  }
  template <class T>
  void put(const std::optional<T>& value) {
    number(value.has_value());
    if (value) put(*value);
  }
  template <class A, class B>
  void put(const std::pair<A, B>& value) {
    (*this)(value.first, value.second);
  }

  void number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out.push_back(static_cast<std::byte>(value | 0x80));
    out.push_back(static_cast<std::byte>(value));
  }
  void blob(Bytes bytes) {
    number(bytes.size());
    append(out, bytes);
  }
  template <class T>
  bool known(Seen<T>& seen, const T& value) {
    const auto [at, fresh] = seen.index.try_emplace(value, seen.index.size());
    number(at->second);
    return !fresh;
  }

  Seen<Uuid> uuids_;
  Seen<Process> processes_;
  Seen<Epoch> epochs_;
};

/// Takes any bytes; asks memory for at most a few times their size. What does not parse yields
/// zeros and latches ok() to false.
class Decoder {
 public:
  explicit Decoder(Bytes in) : in_(in) {}

  template <class... T>
  void operator()(T&... values) {
    (get(values), ...);
  }
  bool ok() const { return ok_ && in_.ok(); }
  /// Everything was read, and nothing is left.
  bool done() const { return ok() && in_.left() == 0; }

 private:
  template <class T>
  void get(T& value) {
    if constexpr (std::same_as<T, bool>) {
      const std::uint64_t n = number();
      if (n > 1) ok_ = false;
      value = n == 1;
    } else if constexpr (std::unsigned_integral<T>) {
      const std::uint64_t n = number();
      value = static_cast<T>(n);
      if (value != n) ok_ = false;
    } else if constexpr (std::same_as<T, std::int64_t>) {
      const std::uint64_t n = number();
      value = static_cast<std::int64_t>(n >> 1 ^ (~(n & 1) + 1));
    } else if constexpr (std::is_enum_v<T>) {
      const std::uint64_t n = number();
      if (n > 0xFF) ok_ = false;
      value = static_cast<T>(n & 0xFF);
    } else if constexpr (IsStrong<T>::value) {
      typename T::rep raw{};
      get(raw);
      value = T(raw);
    } else {
      value.fields(*this);
    }
  }
  void get(std::string& text) { text = as_text(in_.bytes(size(1))); }
  void get(Buffer& bytes) {
    const Bytes from = in_.bytes(size(1));
    bytes.assign(from.begin(), from.end());
  }
  void get(Uuid& uuid) {
    if (known(uuids_, uuid)) return;
    const Bytes from = in_.bytes(uuid.size());
    if (from.size() == uuid.size()) std::copy(from.begin(), from.end(), uuid.begin());
    learn(uuids_, uuid);
  }
  void get(Process& process) {
    if (known(processes_, process)) return;
    get(process.node);
    process.boot = in_.be<std::uint64_t>();
    learn(processes_, process);
  }
  void get(Epoch& epoch) {
    if (known(epochs_, epoch)) return;
    epoch.number = number();
    epoch.tag = in_.be<std::uint64_t>();
    learn(epochs_, epoch);
  }
  void get(RowVersion& version) { (*this)(version.epoch, version.n); }
  void get(Endpoint& at) { (*this)(at.host, at.port); }
  void get(HistoryEntry& entry) { (*this)(entry.term, entry.end, entry.absorbed); }
  void get(Row& row) {
    (*this)(row.version, row.term, row.primary, row.in_sync, row.targets, row.flags);
  }
  void get(CopyReport& copy) {
    (*this)(copy.row, copy.row_from_disk, copy.history, copy.ever_full, copy.records, copy.durable);
  }
  void get(NodeInfo::NamespaceInfo& ns) {
    (*this)(ns.name, ns.replication_factor, ns.rack, ns.durable);
  }
  void get(NodeInfo& node) {
    (*this)(node.process, node.id, node.heartbeat, node.fabric, node.service, node.alternate,
            node.quiesced, node.leaving, node.namespaces);
  }
  void get(Away& away) { (*this)(away.node, away.id, away.last_seen_ms, away.partitions); }
  template <class T>
  void get(std::vector<T>& list) {
    list.clear();
    const std::size_t count = size(1);
    for (std::size_t i = 0; i < count && ok(); ++i) get(list.emplace_back());
  }
  template <class T>
  void get(std::optional<T>& value) {
    bool has = false;
    get(has);
    value.reset();
    if (has) get(value.emplace());
  }
  template <class A, class B>
  void get(std::pair<A, B>& value) {
    (*this)(value.first, value.second);
  }

  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = in_.be<std::uint8_t>();
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    ok_ = false;
    return 0;
  }
  /// A count of things of at least `each` bytes.
  std::size_t size(std::size_t each) {
    const std::uint64_t n = number();
    if (n <= in_.left() / each) return static_cast<std::size_t>(n);
    ok_ = false;
    return 0;
  }
  template <class T>
  bool known(Seen<T>& seen, T& value) {
    const std::uint64_t n = number();
    value = T{};
    if (n < seen.values.size()) {
      value = seen.values[n];
      return true;
    }
    if (n > seen.values.size()) ok_ = false;
    return !ok();
  }
  template <class T>
  void learn(Seen<T>& seen, const T& value) {
    if (ok()) seen.values.push_back(value);
  }

  Reader in_;
  bool ok_ = true;
  Seen<Uuid> uuids_;
  Seen<Process> processes_;
  Seen<Epoch> epochs_;
};

}  // namespace flotilla::cluster
