#include <algorithm>

#include "grammar.h"
#include "text.h"

namespace flotilla::tools::sql::grammar {
namespace {

using client::IndexRange;
using client::Value;

void digest_from(const Buffer& bytes, TokenReader& in, RecordAddress& address) {
  if (bytes.size() != wire::Digest::kSize) return in.meaningless("a digest has 20 bytes");
  address.digest = wire::Digest::load(bytes.data());
}

Condition condition(TokenReader& in) {
  Condition condition{.bin = in.name("a bin name")};
  if (in.take('=')) {
    condition.low = in.value();
  } else if (in.take("between")) {
    condition.kind = Condition::Kind::Between;
    condition.low = in.integer("an integer");
    in.expect("AND");
    condition.high = in.integer("an integer");
  } else if (in.take("contains")) {
    condition.kind = Condition::Kind::Contains;
    condition.low = in.value();
  } else if (in.take("within")) {
    condition.kind = Condition::Kind::Within;
    condition.low = in.value();
  } else {
    in.unexpected("=, BETWEEN, CONTAINS, or WITHIN");
  }
  return condition;
}

IndexRange::Elements elements(TokenReader& in) {
  if (in.take("list")) return IndexRange::Elements::List;
  if (in.take("mapkeys")) return IndexRange::Elements::MapKeys;
  if (in.take("mapvalues")) return IndexRange::Elements::MapValues;
  in.unexpected("LIST, MAPKEYS, or MAPVALUES");
  return IndexRange::Elements::Default;
}

void bins_of(TokenReader& in, Select& select) {
  if (in.take('*')) return;
  if (in.next_is("count") && in.peek(1).text == "(" && in.peek(2).text == "*") {
    in.take("count");
    in.expect('(');
    in.expect('*');
    in.expect(')');
    select.counts = true;
    return;
  }
  do select.bins.push_back(in.name("* or a bin name"));
  while (in.take(','));
}

void limit_of(TokenReader& in, Select& select) {
  if (select.limit || !in.take("limit")) return;
  const std::int64_t limit = in.integer("a number of records");
  if (limit <= 0) return in.meaningless("LIMIT wants a number above zero");
  select.limit = static_cast<std::uint64_t>(limit);
}

void where_of(TokenReader& in, Select& select) {
  if (!in.take("where")) return;
  if (next_is_address(in)) {
    select.address = address(in);
    if (select.elements != IndexRange::Elements::Default)
      in.meaningless("IN does not go together with a primary key");
    return;
  }
  select.conditions.push_back(condition(in));
  if (!in.take("and")) return;
  select.conditions.push_back(condition(in));
  const bool two_equalities = std::ranges::all_of(
      select.conditions, [](const Condition& c) { return c.kind == Condition::Kind::Equal; });
  if (!two_equalities) in.meaningless("AND joins two conditions with = only");
  if (select.elements != IndexRange::Elements::Default)
    in.meaningless("IN does not go together with two conditions");
}

void order_of(TokenReader& in, Select& select) {
  if (!in.take("order")) return;
  in.expect("BY");
  select.order = Select::Order{.bin = in.name("a bin name"), .descending = false};
  if (in.take("desc"))
    select.order->descending = true;
  else
    in.take("asc");
}

/// Behind SELECT.
Select whole_select(TokenReader& in) {
  Select select;
  bins_of(in, select);
  in.expect("FROM");
  select.target = in.target();
  limit_of(in, select);
  if (in.take("in")) select.elements = elements(in);
  where_of(in, select);
  order_of(in, select);
  limit_of(in, select);
  return select;
}

/// (PK, a, b) VALUES (1, 2, 3): names and values must be as many.
void columns_and_values(TokenReader& in, Insert& insert) {
  in.expect('(');
  in.expect("PK");
  std::vector<std::string> names;
  do {
    if (names.empty()) in.expect(',');
    names.push_back(in.name("a bin name"));
  } while (in.take(','));
  in.expect(')');
  in.expect("VALUES");
  in.expect('(');
  insert.key = in.value();
  for (std::string& name : names) {
    in.expect(',');
    insert.bins.push_back({std::move(name), in.value()});
  }
  in.expect(')');
}

Operate::Step step(TokenReader& in) {
  Operate::Step step{
      .name = upper(in.name("an operation")), .bin = {}, .arguments = {}, .policy = {}};
  in.expect('(');
  if (!in.take(')')) {
    step.bin = in.name("a bin name");
    while (in.take(',')) step.arguments.push_back(in.value());
    in.expect(')');
  }
  if (in.take("with_policy")) {
    in.expect('(');
    step.policy = upper(in.name("a map policy"));
    in.expect(')');
  }
  return step;
}

}  // namespace

bool next_is_address(const TokenReader& in) {
  const bool equals = in.peek(1).kind == TokenKind::Symbol && in.peek(1).text == "=";
  return equals && (in.next_is("pk") || in.next_is("digest") || in.next_is("edigest"));
}

RecordAddress address(TokenReader& in) {
  RecordAddress address;
  Buffer bytes;
  if (in.take("digest")) {
    address.kind = RecordAddress::Kind::Digest;
    in.expect('=');
    bytes = from_hex(in.quoted("40 hexadecimal digits in quotes"));
    digest_from(bytes, in, address);
  } else if (in.take("edigest")) {
    address.kind = RecordAddress::Kind::Base64Digest;
    in.expect('=');
    const std::string text = in.quoted("a digest in base64 in quotes");
    if (!from_base64(text, bytes)) bytes.clear();
    digest_from(bytes, in, address);
  } else {
    in.expect("PK");
    in.expect('=');
    address.user_key = in.value();
  }
  return address;
}

Statement insert(TokenReader& in) {
  Insert insert;
  in.expect("INTO");
  insert.target = in.target();
  columns_and_values(in, insert);
  return insert;
}

Statement update(TokenReader& in) {
  Insert update{.must_exist = true};
  update.target = in.target();
  in.expect("SET");
  do {
    std::string name = in.name("a bin name");
    in.expect('=');
    update.bins.push_back({std::move(name), in.value()});
  } while (in.take(','));
  in.expect("WHERE");
  in.expect("PK");
  in.expect('=');
  update.key = in.value();
  return update;
}

Statement remove(TokenReader& in) {
  Delete statement;
  in.expect("FROM");
  statement.target = in.target();
  in.expect("WHERE");
  statement.address = address(in);
  return statement;
}

Statement select(TokenReader& in) { return whole_select(in); }

Statement explain(TokenReader& in) {
  in.expect("SELECT");
  return Explain{whole_select(in)};
}

Statement operate(TokenReader& in) {
  Operate operate;
  do operate.steps.push_back(step(in));
  while (in.take(','));
  in.expect("ON");
  operate.target = in.target();
  in.expect("WHERE");
  operate.address = address(in);
  return operate;
}

}  // namespace flotilla::tools::sql::grammar
