#include <algorithm>

#include "choose_index.h"
#include "client/codec.h"
#include "context.h"
#include "record_row.h"

namespace flotilla::tools::sql {
namespace {

using client::IndexRange;
using client::Record;
using client::Value;

client::ScanPolicy scan_policy(const Context& context) {
  // The timeout of the settings is for single records: a scan may take as long as it needs.
  client::ScanPolicy policy;
  if (context.settings.socket_timeout_ms >= 0)
    policy.command.socket_timeout = client::Milliseconds(context.settings.socket_timeout_ms);
  policy.records_per_second = static_cast<std::uint32_t>(
      std::max<std::int64_t>(context.settings.scan_records_per_second, 0));
  policy.with_bins = !context.settings.no_bins;
  return policy;
}

/// Ends of the range that a condition means.
IndexRange range_of(const Condition& condition, IndexRange::Elements elements) {
  IndexRange range{
      .bin = condition.bin, .begin = condition.low, .end = condition.low, .elements = elements};
  if (condition.kind == Condition::Kind::Between) range.end = condition.high;
  const bool is_geo =
      condition.kind == Condition::Kind::Contains || condition.kind == Condition::Kind::Within;
  if (const auto* text = condition.low.get_if<std::string>(); is_geo && text != nullptr)
    range.begin = range.end = client::GeoJson{*text};
  return range;
}

/// Rows in the order of a bin; records without it come last. The whole result is kept for it.
class Collected {
 public:
  Collected(const Context& context, const Select& statement)
      : context_(context), statement_(statement) {}

  /// False: no more are wanted.
  bool add(Record&& record) {
    was_interrupted_ = context_.is_interrupted && context_.is_interrupted();
    if (was_interrupted_) return false;
    ++count_;
    if (statement_.counts) return true;
    if (statement_.order) {
      kept_.push_back(std::move(record));
      return true;
    }
    write(record);
    // Nobody reads on when the output has been closed.
    return context_.streams.out.good() && (!statement_.limit || count_ < *statement_.limit);
  }

  bool was_interrupted() const { return was_interrupted_; }

  void finish() {
    if (statement_.counts) context_.writer.row({{"count", static_cast<std::int64_t>(count_)}});
    if (!statement_.order) return;
    sort();
    std::uint64_t left = statement_.limit.value_or(UINT64_MAX);
    for (const Record& record : kept_)
      if (left-- > 0)
        write(record);
      else
        break;
  }

 private:
  void write(const Record& record) const {
    context_.writer.row(row_of(record, context_.settings, !statement_.bins.empty()));
  }

  void sort() {
    const bool descending = statement_.order->descending;
    std::ranges::stable_sort(kept_, [&](const Record& a, const Record& b) {
      const Value* const x = a.find(statement_.order->bin);
      const Value* const y = b.find(statement_.order->bin);
      if (x == nullptr || y == nullptr) return x != nullptr && y == nullptr;
      return descending ? is_less(*y, *x) : is_less(*x, *y);
    });
  }

  /// Numbers by value, texts by bytes; different types by their kind.
  static bool is_less(const Value& a, const Value& b) {
    if (a.variant().index() != b.variant().index())
      return a.variant().index() < b.variant().index();
    if (const auto* number = a.get_if<std::int64_t>()) return *number < *b.get_if<std::int64_t>();
    if (const auto* real = a.get_if<double>()) return *real < *b.get_if<double>();
    if (const auto* text = a.get_if<std::string>()) return *text < *b.get_if<std::string>();
    if (const auto* truth = a.get_if<bool>()) return !*truth && *b.get_if<bool>();
    return false;
  }

  const Context& context_;
  const Select& statement_;
  std::uint64_t count_ = 0;
  bool was_interrupted_ = false;
  std::vector<Record> kept_;
};

/// Puts the conditions into what is asked for; false: they cannot be, and that was told.
bool take_conditions(const Context& context, const Select& statement, client::ScanSpec& spec,
                     client::ScanPolicy& policy) {
  const auto& conditions = statement.conditions;
  if (conditions.empty()) return true;
  std::size_t indexed = 0;
  if (conditions.size() > 1) {
    const auto chosen = choose_index(context, statement);
    if (!chosen) return context.fail(chosen.error());
    if (!*chosen)
      return context.fail_without_code("at least one bin needs a secondary index defined");
    indexed = **chosen;
    policy.command.filter = filter_of(conditions[1 - indexed]).bytes();
  }
  spec.where = range_of(conditions[indexed], statement.elements);
  return true;
}

bool select_one(const Context& context, const Select& statement) {
  const auto key = key_of(statement.target, *statement.address);
  if (!key) return context.fail(key.error());
  const double start = context.clock();
  const client::ReadPolicy policy{.command = context.read_command()};
  if (context.settings.no_bins) {
    const auto header = context.client.get_header(*key, policy);
    if (!header) return context.fail(header.error());
    constexpr auto kNotFound = static_cast<std::int16_t>(Code::NotFound);
    if (!*header) return context.fail(kNotFound, client::status_name(kNotFound));
    context.writer.begin({});
    context.writer.row(row_of(**header, context.settings, false));
  } else {
    const auto record = context.client.get(*key, statement.bins, policy);
    if (!record) return context.fail(record.error());
    context.writer.begin(statement.bins);
    context.writer.row(row_of(*record, context.settings, !statement.bins.empty()));
  }
  context.writer.end_rows({}, context.clock() - start);
  return context.succeed();
}

}  // namespace

bool run(const Context& context, const Select& statement) {
  if (statement.address) {
    if (!statement.counts) return select_one(context, statement);
    return context.fail(-1, "COUNT(*) does not go together with a primary key");
  }
  client::ScanSpec spec{
      .ns = statement.target.ns, .set = statement.target.set, .bin_names = statement.bins};
  // What is sorted by must be read, also when it is not shown.
  if (statement.order && !spec.bin_names.empty() &&
      std::ranges::find(spec.bin_names, statement.order->bin) == spec.bin_names.end())
    return context.fail(-1, "ORDER BY wants a bin that is selected");
  client::ScanPolicy policy = scan_policy(context);
  if (!take_conditions(context, statement, spec, policy)) return false;
  if (statement.counts) policy.with_bins = false;
  if (statement.limit && !statement.order && !statement.counts)
    policy.max_records = *statement.limit;
  const double start = context.clock();
  context.writer.begin(statement.counts ? std::vector<std::string>() : statement.bins);
  Collected collected(context, statement);
  client::ScanCursor cursor;
  const auto scanned = context.client.scan(
      spec, cursor, [&](Record&& record) { return collected.add(std::move(record)); }, policy);
  if (!scanned) return context.fail(scanned.error());
  collected.finish();
  context.writer.end_rows({}, context.clock() - start);
  if (collected.was_interrupted()) return context.fail(-1, "interrupted");
  return context.succeed();
}

}  // namespace flotilla::tools::sql
