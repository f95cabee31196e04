#include <fmt/format.h>

#include "generator/dialect.h"

namespace flotilla::bench {
namespace {

constexpr std::string_view kEol = "\r\n";

std::string key_text(std::uint64_t key) { return fmt::format("{:020}", key); }

/// Reads lines and counted values of the text protocols; ok() is false once something was not there
/// yet.
class Lines {
 public:
  explicit Lines(Bytes in) : text_(as_text(in)) {}

  std::string_view line() {
    const std::size_t end = text_.find(kEol, at_);
    ok_ = ok_ && end != std::string_view::npos;
    if (!ok_) return {};
    const std::string_view found = text_.substr(at_, end - at_);
    at_ = end + kEol.size();
    return found;
  }
  Bytes value(std::size_t size) {
    ok_ = ok_ && text_.size() - at_ >= size + kEol.size();
    if (!ok_) return {};
    const Bytes found = as_bytes(text_.substr(at_, size));
    at_ += size + kEol.size();
    return found;
  }
  bool ok() const { return ok_; }
  std::size_t used() const { return at_; }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

class TextDialect : public Dialect {
 public:
  TextDialect(Operation operation, const DialectOptions& options, const Keys& keys)
      : operation_(operation), options_(options), keys_(keys) {}

  Result<Taken> take(Bytes in, Ticket& ticket) const final {
    Lines lines(in);
    const bool is_right =
        operation_ == Operation::Put ? take_stored(lines) : take_values(lines, ticket.request);
    if (!lines.ok()) return Taken{.missing = 1};
    if (!is_right) return fail(Code::Unknown, "reply: not what was asked for");
    ticket.records = rows();
    return Taken{.bytes = lines.used(), .is_last = true};
  }

 protected:
  std::uint32_t rows() const { return operation_ == Operation::Batch ? keys_.per_request() : 1; }
  void append_value(Buffer& to, std::uint64_t key) const {
    const std::size_t at = to.size();
    to.resize(at + options_.value_bytes);
    fill_value(MutableBytes(to).subspan(at), key);
    append(to, kEol);
  }
  bool is_next_value(Lines& lines, std::uint64_t key) const {
    return is_value_of(lines.value(options_.value_bytes), options_.value_bytes, key);
  }

  virtual bool take_stored(Lines& lines) const = 0;
  virtual bool take_values(Lines& lines, std::uint64_t request) const = 0;

  Operation operation_;
  DialectOptions options_;
  const Keys& keys_;
};

class RedisDialect final : public TextDialect {
 public:
  using TextDialect::TextDialect;

  void append_request(Buffer& to, std::uint64_t request) const override {
    if (operation_ == Operation::Put) {
      const std::uint64_t key = keys_.key(request);
      append(to, fmt::format("*3\r\n$3\r\nSET\r\n$20\r\n{}\r\n${}\r\n", key_text(key),
                             options_.value_bytes));
      append_value(to, key);
      return;
    }
    append(to, fmt::format("*{}\r\n", rows() + 1));
    append(to,
           std::string_view(operation_ == Operation::Batch ? "$4\r\nMGET\r\n" : "$3\r\nGET\r\n"));
    for (std::uint32_t row = 0; row < rows(); ++row)
      append(to, fmt::format("$20\r\n{}\r\n", key_text(keys_.key(request, row))));
  }

 private:
  bool take_stored(Lines& lines) const override { return lines.line() == "+OK"; }
  bool take_values(Lines& lines, std::uint64_t request) const override {
    const std::string size = fmt::format("${}", options_.value_bytes);
    if (operation_ == Operation::Batch && lines.line() != fmt::format("*{}", rows())) return false;
    for (std::uint32_t row = 0; row < rows() && lines.ok(); ++row)
      if (lines.line() != size || !is_next_value(lines, keys_.key(request, row))) return false;
    return true;
  }
};

class MemcachedDialect final : public TextDialect {
 public:
  using TextDialect::TextDialect;

  void append_request(Buffer& to, std::uint64_t request) const override {
    if (operation_ == Operation::Put) {
      const std::uint64_t key = keys_.key(request);
      append(to, fmt::format("set {} 0 0 {}\r\n", key_text(key), options_.value_bytes));
      append_value(to, key);
      return;
    }
    append(to, std::string_view("get"));
    for (std::uint32_t row = 0; row < rows(); ++row)
      append(to, fmt::format(" {}", key_text(keys_.key(request, row))));
    append(to, kEol);
  }

 private:
  bool take_stored(Lines& lines) const override { return lines.line() == "STORED"; }
  bool take_values(Lines& lines, std::uint64_t request) const override {
    for (std::uint32_t row = 0; row < rows() && lines.ok(); ++row) {
      const std::uint64_t key = keys_.key(request, row);
      if (lines.line() != fmt::format("VALUE {} 0 {}", key_text(key), options_.value_bytes))
        return false;
      if (!is_next_value(lines, key)) return false;
    }
    return lines.line() == "END";
  }
};

}  // namespace

std::unique_ptr<Dialect> make_redis_dialect(Operation operation, const DialectOptions& options,
                                            const Keys& keys) {
  if (operation == Operation::Query || operation == Operation::Message) return nullptr;
  return std::make_unique<RedisDialect>(operation, options, keys);
}

std::unique_ptr<Dialect> make_memcached_dialect(Operation operation, const DialectOptions& options,
                                                const Keys& keys) {
  if (operation == Operation::Query || operation == Operation::Message) return nullptr;
  return std::make_unique<MemcachedDialect>(operation, options, keys);
}

}  // namespace flotilla::bench
