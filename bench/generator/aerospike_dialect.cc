#include <array>
#include <string_view>

#include "generator/dialect.h"

namespace flotilla::bench {
namespace {

constexpr std::size_t kProtoHeader = 8;
constexpr std::size_t kMessageHeader = 22;
constexpr std::size_t kDigestSize = wire::Digest::kSize;
/// No server of interest answers in larger frames; a length above it is noise.
constexpr std::uint64_t kFrameMax = 64ULL << 20;
constexpr std::string_view kBin = "b";

constexpr std::uint8_t kRead = 0x01;        // info1
constexpr std::uint8_t kGetAll = 0x02;      // info1
constexpr std::uint8_t kBatch = 0x08;       // info1
constexpr std::uint8_t kWrite = 0x01;       // info2
constexpr std::uint8_t kLast = 0x01;        // info3 of a reply
constexpr std::uint8_t kPartitions = 0x04;  // info3 of a query: the client knows about partitions
constexpr std::uint32_t kTimeoutMs = 10'000;

enum class Field : std::uint8_t {
  Namespace = 0,
  Set = 1,
  Digest = 4,
  TaskId = 7,
  PidArray = 11,
  Batch = 41
};

struct Header {
  std::uint8_t info1 = 0;
  std::uint8_t info2 = 0;
  std::uint8_t info3 = 0;
  std::uint16_t fields = 0;
  std::uint16_t ops = 0;
};

void append_header(Buffer& to, const Header& h) {
  append_be<std::uint64_t>(to, 0x0203ULL << 48);  // The size is patched in by finish().
  for (const std::uint8_t byte : {std::uint8_t{kMessageHeader}, h.info1, h.info2, h.info3})
    append_be<std::uint8_t>(to, byte);
  append_be<std::uint16_t>(to, 0);  // info4, result
  append_be<std::uint32_t>(to, 0);  // generation
  append_be<std::uint32_t>(to, 0);  // ttl
  append_be<std::uint32_t>(to, kTimeoutMs);
  append_be<std::uint16_t>(to, h.fields);
  append_be<std::uint16_t>(to, h.ops);
}

void append_field_header(Buffer& to, Field type, std::size_t size) {
  append_be<std::uint32_t>(to, static_cast<std::uint32_t>(size + 1));
  append_be<std::uint8_t>(to, static_cast<std::uint8_t>(type));
}

void append_field(Buffer& to, Field type, Bytes value) {
  append_field_header(to, type, value.size());
  append(to, value);
}

void finish(Buffer& message, std::size_t start = 0) {
  store_be<std::uint64_t, 6>(message.data() + start + 2, message.size() - start - kProtoHeader);
}

/// One message of a reply, as far as a benchmark looks at it.
struct Reply {
  std::uint8_t info3 = 0;
  std::uint8_t result = 0;
  std::uint32_t row = 0;
  std::uint16_t ops = 0;
  Bytes digest;
  Bytes value;  // Of the last bin.
};

/// Reads one message; the reader's ok() tells whether it was whole.
Reply read_message(Reader& r) {
  Reply reply;
  const Bytes header = r.bytes(kMessageHeader);
  if (!r.ok()) return reply;
  reply.info3 = std::to_integer<std::uint8_t>(header[3]);
  reply.result = std::to_integer<std::uint8_t>(header[5]);
  reply.row = load_be<std::uint32_t>(&header[14]);
  const auto fields = load_be<std::uint16_t>(&header[18]);
  reply.ops = load_be<std::uint16_t>(&header[20]);
  for (unsigned i = 0; i < fields && r.ok(); ++i) {
    const Bytes field = r.bytes(r.be<std::uint32_t>());
    if (!field.empty() && field[0] == std::byte{4}) reply.digest = field.subspan(1);
  }
  for (unsigned i = 0; i < reply.ops && r.ok(); ++i) {
    Reader op(r.bytes(r.be<std::uint32_t>()));
    op.bytes(3);
    op.bytes(op.be<std::uint8_t>());
    reply.value = op.rest();
  }
  return reply;
}

class AerospikeDialect : public Dialect {
 public:
  AerospikeDialect(const DialectOptions& options, const Keys& keys, const DigestTable& digests)
      : options_(options), keys_(keys), digests_(digests) {}

  Result<Taken> take(Bytes in, Ticket& ticket) const final {
    if (in.size() < kProtoHeader) return Taken{.missing = kProtoHeader - in.size()};
    const auto body = load_be<std::uint64_t, 6>(in.data() + 2);
    if (load_be<std::uint16_t>(in.data()) != 0x0203 || body < kMessageHeader || body > kFrameMax)
      return fail(Code::Unknown, "reply: not a message frame");
    const std::size_t size = kProtoHeader + body;
    if (in.size() < size) return Taken{.missing = size - in.size()};
    const auto is_last = take_body(in.subspan(kProtoHeader, body), ticket);
    if (!is_last) return tl::unexpected(is_last.error());
    return Taken{.bytes = size, .is_last = *is_last};
  }

 protected:
  /// Checks the body of one frame; true when it ends the reply.
  virtual Result<bool> take_body(Bytes body, Ticket& ticket) const = 0;

  void append_names(Buffer& to) const {
    append_field(to, Field::Namespace, as_bytes(options_.name_space));
    append_field(to, Field::Set, as_bytes(options_.set));
  }
  bool is_value_of_key(Bytes value, std::uint64_t key) const {
    const bool any_size = options_.value_bytes_most > options_.value_bytes &&
                          value.size() >= options_.value_bytes &&
                          value.size() <= options_.value_bytes_most;
    return is_value_of(value, any_size ? value.size() : options_.value_bytes, key);
  }

  DialectOptions options_;
  const Keys& keys_;
  const DigestTable& digests_;
};

/// Get and put: a template whose digest (and value) are patched.
class SingleRecord final : public AerospikeDialect {
 public:
  SingleRecord(Operation operation, const DialectOptions& options, const Keys& keys,
               const DigestTable& digests)
      : AerospikeDialect(options, keys, digests), is_put_(operation == Operation::Put) {
    Header header{.fields = 3};
    if (is_put_) {
      header.info2 = kWrite;
      header.ops = 1;
    } else {
      header.info1 = kRead | kGetAll;
    }
    append_header(template_, header);
    append_names(template_);
    append_field(template_, Field::Digest, wire::Digest().view());
    digest_at_ = template_.size() - kDigestSize;
    if (is_put_) append_write_op();
    finish(template_);
  }

  void append_request(Buffer& to, std::uint64_t request) const override {
    const std::size_t at = to.size();
    const std::uint64_t key = keys_.key(request);
    append(to, Bytes(template_));
    std::memcpy(to.data() + at + digest_at_, digests_[key].bytes.data(), kDigestSize);
    if (!is_put_) return;
    const std::size_t value_at = at + template_.size() - options_.value_bytes;
    store_be<std::uint64_t>(to.data() + value_at, key);
    if (options_.value_bytes_most > options_.value_bytes) resize_value(to, at, value_at, request);
  }

 private:
  void append_write_op() {
    append_be<std::uint32_t>(template_,
                             static_cast<std::uint32_t>(4 + kBin.size() + options_.value_bytes));
    append_be<std::uint8_t>(template_, 2);  // WRITE
    append_be<std::uint8_t>(template_, static_cast<std::uint8_t>(wire::ParticleType::Blob));
    append_be<std::uint8_t>(template_, 0);
    append_be<std::uint8_t>(template_, static_cast<std::uint8_t>(kBin.size()));
    append(template_, kBin);
    template_.resize(template_.size() + options_.value_bytes);
    fill_value(MutableBytes(template_).last(options_.value_bytes), 0);
  }

  /// Gives the put at `at` the value size of this request.
  void resize_value(Buffer& to, std::size_t at, std::size_t value_at, std::uint64_t request) const {
    const std::size_t size =
        size_of_value(request, options_.value_bytes, options_.value_bytes_most);
    to.resize(value_at + size, std::byte{'.'});
    store_be<std::uint32_t>(to.data() + value_at - kBin.size() - 8,
                            static_cast<std::uint32_t>(4 + kBin.size() + size));
    finish(to, at);
  }

  Result<bool> take_body(Bytes body, Ticket& ticket) const override {
    if (options_.echo_bytes != 0) {
      if (body.size() + kProtoHeader != options_.echo_bytes)
        return fail(Code::Unknown, "echo: size");
    } else {
      Reader r(body);
      const Reply reply = read_message(r);
      if (!r.ok() || r.left() != 0) return fail(Code::Unknown, "reply: malformed message");
      if (reply.result != 0) return fail(static_cast<Code>(reply.result), "reply: result code");
      if (!is_put_ && (reply.ops != 1 || !is_value_of_key(reply.value, keys_.key(ticket.request))))
        return fail(Code::Unknown, "get: not the value that was put");
    }
    ticket.records = 1;
    return true;
  }

  bool is_put_;
  Buffer template_;
  std::size_t digest_at_ = 0;
};

/// A request that was given, for one key after the other. Any answer is right whose result is OK.
class GivenMessage final : public AerospikeDialect {
 public:
  using AerospikeDialect::AerospikeDialect;

  bool has_digest() const { return digest_at() != 0; }

  void append_request(Buffer& to, std::uint64_t request) const override {
    const std::size_t at = to.size();
    append(to, Bytes(options_.message));
    std::memcpy(to.data() + at + digest_at_, digests_[keys_.key(request)].bytes.data(),
                kDigestSize);
  }

 private:
  /// Where the digest begins in the message; 0: there is none.
  std::size_t digest_at() const {
    Reader r(options_.message);
    r.bytes(kProtoHeader + kMessageHeader - 4);
    const auto fields = r.be<std::uint16_t>();
    r.bytes(2);
    for (unsigned i = 0; i < fields && r.ok(); ++i) {
      const std::size_t at = options_.message.size() - r.left();
      const Bytes field = r.bytes(r.be<std::uint32_t>());
      if (field.size() == 1 + kDigestSize && field[0] == static_cast<std::byte>(Field::Digest))
        return at + 5;
    }
    return 0;
  }

  Result<bool> take_body(Bytes body, Ticket& ticket) const override {
    Reader r(body);
    const Reply reply = read_message(r);
    if (!r.ok() || r.left() != 0) return fail(Code::Unknown, "reply: malformed message");
    if (reply.result != 0) return fail(static_cast<Code>(reply.result), "reply: result code");
    ticket.records = 1;
    return true;
  }

  std::size_t digest_at_ = digest_at();
};

/// A read of many records; rows after the first repeat its attributes, as clients send them.
class BatchRead final : public AerospikeDialect {
 public:
  BatchRead(const DialectOptions& options, const Keys& keys, const DigestTable& digests)
      : AerospikeDialect(options, keys, digests) {
    append_header(template_, {.info1 = kBatch | kRead, .fields = 1});
    append_field_header(template_, Field::Batch, 0);
    field_at_ = template_.size() - 5;
    append_be<std::uint32_t>(template_, keys.per_request());
    append_be<std::uint8_t>(template_, kInline | kRespondAll);
    for (std::uint32_t row = 0; row < keys.per_request(); ++row) append_row(row);
    store_be<std::uint32_t>(template_.data() + field_at_,
                            static_cast<std::uint32_t>(template_.size() - field_at_ - 4));
    finish(template_);
  }

  void append_request(Buffer& to, std::uint64_t request) const override {
    const std::size_t at = to.size();
    append(to, Bytes(template_));
    for (std::uint32_t row = 0; row < keys_.per_request(); ++row) {
      const wire::Digest& digest = digests_[keys_.key(request, row)];
      std::memcpy(to.data() + at + digests_at_[row], digest.bytes.data(), kDigestSize);
    }
  }

 private:
  static constexpr std::uint8_t kInline = 0x01;
  static constexpr std::uint8_t kRespondAll = 0x04;
  static constexpr std::uint8_t kRepeat = 0x01;

  void append_row(std::uint32_t row) {
    append_be<std::uint32_t>(template_, row);
    digests_at_.push_back(template_.size());
    append(template_, wire::Digest().view());
    append_be<std::uint8_t>(template_, row == 0 ? std::uint8_t{0} : kRepeat);
    if (row != 0) return;
    append_be<std::uint8_t>(template_, kRead | kGetAll);
    append_be<std::uint16_t>(template_, 2);
    append_be<std::uint16_t>(template_, 0);
    append_names(template_);
  }

  Result<bool> take_body(Bytes body, Ticket& ticket) const override {
    Reader r(body);
    while (r.left() != 0) {
      const Reply reply = read_message(r);
      if (!r.ok()) return fail(Code::Unknown, "batch: malformed message");
      if (reply.result != 0) return fail(static_cast<Code>(reply.result), "batch: result code");
      if ((reply.info3 & kLast) != 0) {
        if (ticket.records != keys_.per_request() || r.left() != 0)
          return fail(Code::Unknown, "batch: rows missing");
        return true;
      }
      if (reply.row >= keys_.per_request() ||
          !is_value_of_key(reply.value, keys_.key(ticket.request, reply.row)))
        return fail(Code::Unknown, "batch: not the value that was put");
      ++ticket.records;
    }
    return false;
  }

  Buffer template_;
  std::size_t field_at_ = 0;
  std::vector<std::size_t> digests_at_;
};

/// Every record of the set, from all partitions of the node.
class FullQuery final : public AerospikeDialect {
 public:
  FullQuery(const DialectOptions& options, const Keys& keys, const DigestTable& digests)
      : AerospikeDialect(options, keys, digests) {
    std::array<std::byte, 2 * wire::kPartitions> partitions;
    for (std::size_t i = 0; i < wire::kPartitions; ++i)
      store_le<std::uint16_t>(partitions.data() + 2 * i, static_cast<std::uint16_t>(i));
    append_header(template_, {.info1 = kRead, .info3 = kPartitions, .fields = 4});
    append_names(template_);
    append_field_header(template_, Field::TaskId, 8);
    task_at_ = template_.size();
    append_be<std::uint64_t>(template_, 0);
    append_field(template_, Field::PidArray, partitions);
    finish(template_);
  }

  void append_request(Buffer& to, std::uint64_t request) const override {
    const std::size_t at = to.size();
    append(to, Bytes(template_));
    store_be<std::uint64_t>(to.data() + at + task_at_, options_.query_id + request);
  }

 private:
  Result<bool> take_body(Bytes body, Ticket& ticket) const override {
    Reader r(body);
    while (r.left() != 0) {
      const Reply reply = read_message(r);
      if (!r.ok()) return fail(Code::Unknown, "query: malformed message");
      if (reply.result != 0) return fail(static_cast<Code>(reply.result), "query: result code");
      if ((reply.info3 & kLast) != 0) {
        if (options_.query_records != 0 && ticket.records != options_.query_records)
          return fail(Code::Unknown, "query: records missing");
        return true;
      }
      if (!is_record(reply)) return fail(Code::Unknown, "query: not a record that was put");
      ++ticket.records;
    }
    return false;
  }

  bool is_record(const Reply& reply) const {
    if (reply.value.size() < 8) return false;
    const auto key = load_be<std::uint64_t>(reply.value.data());
    return key < digests_.size() && is_value_of_key(reply.value, key) &&
           equal(reply.digest, digests_[key].view());
  }

  Buffer template_;
  std::size_t task_at_ = 0;
};

}  // namespace

std::unique_ptr<Dialect> make_aerospike_dialect(Operation operation, const DialectOptions& options,
                                                const Keys& keys, const DigestTable& digests) {
  switch (operation) {
    case Operation::Get:
    case Operation::Put:
      return std::make_unique<SingleRecord>(operation, options, keys, digests);
    case Operation::Batch:
      return std::make_unique<BatchRead>(options, keys, digests);
    case Operation::Query:
      return std::make_unique<FullQuery>(options, keys, digests);
    case Operation::Message: {
      auto message = std::make_unique<GivenMessage>(options, keys, digests);
      if (!message->has_digest()) return nullptr;
      return message;
    }
  }
  return nullptr;
}

}  // namespace flotilla::bench
