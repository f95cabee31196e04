#include "client/bit_operations.h"
#include "client/collections.h"
#include "client/expression.h"
#include "client/hll_operations.h"
#include "server.h"

namespace flotilla::client::suite {
namespace {

using exp::Type;

/// What the server makes of an expression, about a record of this kind.
class ExpressionOf : public testing::Test {
 protected:
  ExpressionOf() {
    put(key_,
        {{"n", 7},
         {"d", 2.5},
         {"s", "Hello"},
         {"l", List{.items = {5, 3, 9}}},
         {"m", Map{.entries = {{"a", 1}, {"b", 2}}, .order = MapOrder::KeyOrdered}},
         {"b", Blob{.bytes = {std::byte{0x0F}}}}},
        {.ttl_seconds = 1000, .send_key = true});
  }
  Value eval(const Expression& expression) {
    return run(key_, op::read_expression("r", expression));
  }

  const Key key_ = new_key();
  const Expression n_ = exp::bin(Type::Integer, "n");
  const Expression l_ = exp::bin(Type::List, "l");
};

Expression number(int value) { return exp::value(value); }

TEST_F(ExpressionOf, TheRecord) {
  EXPECT_EQ(eval(n_), Value(7));
  EXPECT_EQ(eval(exp::bin_exists("n")), Value(true));
  EXPECT_EQ(eval(exp::bin_exists("none")), Value(false));
  EXPECT_EQ(eval(exp::bin_type("s")), Value(3));
  EXPECT_EQ(eval(exp::set_name()), Value("client_suite"));
  EXPECT_EQ(eval(exp::key(Type::String)), *key_.user_key);
  EXPECT_EQ(eval(exp::key_exists()), Value(true));
  EXPECT_EQ(eval(exp::is_tombstone()), Value(false));
  EXPECT_NEAR(static_cast<double>(*eval(exp::ttl_seconds()).get_if<std::int64_t>()), 1000, 5);
  EXPECT_GT(*eval(exp::record_bytes()).get_if<std::int64_t>(), 0);
  EXPECT_GT(*eval(exp::last_update_ns()).get_if<std::int64_t>(), 0);
  EXPECT_GE(*eval(exp::since_update_ms()).get_if<std::int64_t>(), 0);
  EXPECT_GT(*eval(exp::void_time_ns()).get_if<std::int64_t>(), 0);
  EXPECT_LT(*eval(exp::digest_modulo(3)).get_if<std::int64_t>(), 3);
}

TEST_F(ExpressionOf, Comparisons) {
  EXPECT_EQ(eval(exp::eq(n_, number(7))), Value(true));
  EXPECT_EQ(eval(exp::ne(n_, number(7))), Value(false));
  EXPECT_EQ(eval(exp::gt(n_, number(6))), Value(true));
  EXPECT_EQ(eval(exp::ge(n_, number(7))), Value(true));
  EXPECT_EQ(eval(exp::lt(n_, number(7))), Value(false));
  EXPECT_EQ(eval(exp::le(n_, number(7))), Value(true));
  EXPECT_EQ(eval(exp::regex(2, "^hel", exp::bin(Type::String, "s"))), Value(true));
  EXPECT_EQ(eval(exp::in_list(number(9), l_)), Value(true));
  EXPECT_EQ(eval(exp::geo_within(
                exp::value(GeoJson{R"({"type":"Point","coordinates":[0.0,0.0]})"}),
                exp::value(GeoJson{R"({"type":"AeroCircle","coordinates":[[0.0,0.0],1000]})"}))),
            Value(true));
}

TEST_F(ExpressionOf, Conditions) {
  const std::vector<Expression> both = {exp::gt(n_, number(1)), exp::lt(n_, number(3))};
  EXPECT_EQ(eval(exp::all(both)), Value(false));
  EXPECT_EQ(eval(exp::any(both)), Value(true));
  EXPECT_EQ(eval(exp::exactly_one(both)), Value(true));
  EXPECT_EQ(eval(exp::negate(both[0])), Value(false));
  EXPECT_EQ(eval(exp::conditional(std::vector<exp::Branch>{{both[1], exp::value("small")}},
                                  exp::value("large"))),
            Value("large"));
}

TEST_F(ExpressionOf, Numbers) {
  const std::vector<Expression> two = {n_, number(3)};
  EXPECT_EQ(eval(exp::add(two)), Value(10));
  EXPECT_EQ(eval(exp::subtract(two)), Value(4));
  EXPECT_EQ(eval(exp::multiply(two)), Value(21));
  EXPECT_EQ(eval(exp::divide(two)), Value(2));
  EXPECT_EQ(eval(exp::modulo(n_, number(3))), Value(1));
  EXPECT_EQ(eval(exp::least(two)), Value(3));
  EXPECT_EQ(eval(exp::greatest(two)), Value(7));
  EXPECT_EQ(eval(exp::absolute(number(-4))), Value(4));
  const Expression d = exp::bin(Type::Double, "d");
  EXPECT_EQ(eval(exp::floor(d)), Value(2.0));
  EXPECT_EQ(eval(exp::ceil(d)), Value(3.0));
  EXPECT_EQ(eval(exp::to_integer(d)), Value(2));
  EXPECT_EQ(eval(exp::to_double(n_)), Value(7.0));
  EXPECT_EQ(eval(exp::power(exp::value(2.0), exp::value(3.0))), Value(8.0));
  EXPECT_EQ(eval(exp::logarithm(exp::value(8.0), exp::value(2.0))), Value(3.0));
}

TEST_F(ExpressionOf, BitsOfIntegers) {
  const std::vector<Expression> two = {number(12), number(10)};
  EXPECT_EQ(eval(exp::bit_and(two)), Value(8));
  EXPECT_EQ(eval(exp::bit_or(two)), Value(14));
  EXPECT_EQ(eval(exp::bit_xor(two)), Value(6));
  EXPECT_EQ(eval(exp::bit_not(number(0))), Value(-1));
  EXPECT_EQ(eval(exp::shift_left(number(1), number(4))), Value(16));
  EXPECT_EQ(eval(exp::shift_right(number(-1), number(63))), Value(1));
  EXPECT_EQ(eval(exp::shift_right_signed(number(-4), number(1))), Value(-2));
  EXPECT_EQ(eval(exp::bit_count(number(7))), Value(3));
}

TEST_F(ExpressionOf, Names) {
  const std::vector<std::pair<std::string_view, Expression>> names = {
      {"x", n_}, {"y", exp::add(std::vector{exp::variable("x"), number(1)})}};
  EXPECT_EQ(
      eval(exp::let(names, exp::multiply(std::vector{exp::variable("x"), exp::variable("y")}))),
      Value(56));
}

TEST_F(ExpressionOf, OperationsOnCollectionsBitsAndSketches) {
  EXPECT_EQ(eval(exp::call(Type::Integer, op::list::size(""), l_)), Value(3));
  EXPECT_EQ(eval(exp::call(Type::List, op::list::get("", Selector::values({.items = {3, 9}})), l_)),
            Value(List{.items = {3, 9}}));
  EXPECT_EQ(eval(exp::call(Type::List, op::list::append("", 1), l_)),
            Value(List{.items = {5, 3, 9, 1}}));
  EXPECT_EQ(stored(key_, "l"), Value(List{.items = {5, 3, 9}}));
  const Expression m = exp::bin(Type::Map, "m");
  EXPECT_EQ(eval(exp::call(Type::Integer, op::map::get("", Selector::key("b")), m)), Value(2));
  EXPECT_EQ(eval(exp::map_keys(m)), Value(List{.items = {"a", "b"}}));
  EXPECT_EQ(eval(exp::map_values(m)), Value(List{.items = {1, 2}}));
  EXPECT_EQ(eval(exp::call(Type::Integer, op::bits::count("", {0, 8}), exp::bin(Type::Blob, "b"))),
            Value(4));
  const Key sketch = new_key();
  run(sketch, op::hll::add("h", {.items = {1, 2, 3}}, {.index_bits = 8}));
  EXPECT_EQ(run(sketch, op::read_expression("r", exp::call(Type::Integer, op::hll::get_count(""),
                                                           exp::bin(Type::Hll, "h")))),
            Value(3));
}

TEST_F(ExpressionOf, NestedCollections) {
  put(key_, {{"t", Map{.entries = {{"in", List{.items = {1, 2}}}}}}});
  EXPECT_EQ(eval(exp::call(Type::Integer, op::list::size("", Context().map_key("in")),
                           exp::bin(Type::Map, "t"))),
            Value(2));
}

TEST_F(ExpressionOf, WhatIsUnknownFailsUnlessThatIsNoFailure) {
  const Expression missing = exp::bin(Type::Integer, "none");
  EXPECT_THAT(server().operate(key_, std::vector{op::read_expression("r", missing)}),
              fails_with(Code::OpNotApplicable));
  EXPECT_TRUE(run(key_, op::read_expression("r", missing, true)).is_nil());
  EXPECT_FALSE(server().operate(key_, std::vector{op::read_expression("r", exp::unknown())}));
}

TEST_F(ExpressionOf, AWriteStoresItsResult) {
  run(key_, op::write_expression("sum", exp::add(std::vector{n_, number(1)})));
  EXPECT_EQ(stored(key_, "sum"), Value(8));
  EXPECT_THAT(
      server().operate(key_, std::vector{op::write_expression("sum", n_, {.create_only = true})}),
      fails_with(Code::BinExists));
  run(key_, op::write_expression("sum", exp::value(Nil{}), {.allow_delete = true}));
  EXPECT_TRUE(stored(key_, "sum").is_nil());
}

}  // namespace
}  // namespace flotilla::client::suite
