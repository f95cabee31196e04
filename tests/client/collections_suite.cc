#include "client/collections.h"
#include "server.h"

namespace flotilla::client::suite {
namespace {

namespace list = op::list;
namespace map = op::map;

Value items(std::vector<Value> values) { return List{.items = std::move(values)}; }

Key with_list(std::vector<Value> values) {
  const Key key = new_key();
  put(key, {{"l", items(std::move(values))}});
  return key;
}

TEST(ListOperation, AppendsInsertsAndSets) {
  const Key key = new_key();
  EXPECT_EQ(run(key, list::append("l", 1)), Value(1));
  EXPECT_EQ(run(key, list::append_items("l", {.items = {2, 3}})), Value(3));
  EXPECT_EQ(run(key, list::insert("l", 0, "zero")), Value(4));
  EXPECT_EQ(run(key, list::insert_items("l", -1, {.items = {8, 9}})), Value(6));
  run(key, list::set("l", 1, "one"));
  EXPECT_EQ(run(key, list::increment("l", 2, 10)), Value(12));
  EXPECT_EQ(stored(key, "l"), items({"zero", "one", 12, 8, 9, 3}));
  EXPECT_EQ(run(key, list::size("l")), Value(6));
}

TEST(ListOperation, PopsTrimsSortsAndClears) {
  const Key key = with_list({5, 3, 9, 3, 1});
  EXPECT_EQ(run(key, list::pop("l", 0)), Value(5));
  EXPECT_EQ(run(key, list::pop_range("l", 3)), items({1}));
  run(key, list::sort("l"));
  EXPECT_EQ(stored(key, "l"), items({3, 3, 9}));
  run(key, list::sort("l", false, true));
  run(key, list::sort("l", true));
  EXPECT_EQ(stored(key, "l"), items({9, 3}));
  EXPECT_EQ(run(key, list::trim("l", 0, 1)), Value(1));
  run(key, list::clear("l"));
  EXPECT_EQ(stored(key, "l"), items({}));
}

TEST(ListOperation, HonoursItsPolicy) {
  const Key key = new_key();
  const list::Policy unique{.is_ordered = true, .add_unique = true};
  run(key, list::append_items("l", {.items = {3, 1, 2}}, unique));
  EXPECT_EQ(stored(key, "l"), Value(List{.items = {1, 2, 3}, .is_ordered = true}));
  EXPECT_THAT(server().operate(key, std::vector{list::append("l", 1, unique)}),
              fails_with(Code::ElementExists));
  const list::Policy some{.add_unique = true, .no_fail = true, .partial = true};
  EXPECT_EQ(run(key, list::append_items("l", {.items = {1, 7}}, some)), Value(4));
}

TEST(ListOperation, SelectsByIndexRankAndValue) {
  const Key key = with_list({5, 3, 9, 3});
  EXPECT_EQ(run(key, list::get("l", Selector::index(-1))), Value(3));
  EXPECT_EQ(run(key, list::get("l", Selector::rank(-1))), Value(9));
  EXPECT_EQ(run(key, list::get("l", Selector::indexes(1, 2))), items({3, 9}));
  EXPECT_EQ(run(key, list::get("l", Selector::value(3), Returned::Index)), items({1, 3}));
  EXPECT_EQ(run(key, list::get("l", Selector::first_value(9), Returned::Rank)), Value(3));
  EXPECT_EQ(run(key, list::get("l", Selector::value_interval(3, 6), Returned::Count)), Value(3));
  EXPECT_EQ(run(key, list::get("l", Selector::values({.items = {5, 7}}), Returned::Exists)),
            Value(true));
  EXPECT_EQ(run(key, list::get("l", Selector::value(3).inverted())), items({5, 9}));
  EXPECT_EQ(run(key, list::get("l", Selector::ranks_from_value(5, 0, 1))), items({5}));
  EXPECT_EQ(run(key, list::get("l", Selector::ranks(0, 1))), items({3}));
}

TEST(ListOperation, RemovesWhatIsSelected) {
  const Key key = with_list({5, 3, 9, 3});
  EXPECT_EQ(run(key, list::remove("l", Selector::value(3), Returned::Count)), Value(2));
  run(key, list::remove("l", Selector::index(0)));
  EXPECT_EQ(stored(key, "l"), items({9}));
}

TEST(ListOperation, MatchesWildcardsAndOpenEnds) {
  const Key key = with_list({items({"a", 1}), items({"a", 2}), items({"b", 1})});
  EXPECT_EQ(
      run(key, list::get("l", Selector::value(items({"a", Marker::Wildcard})), Returned::Count)),
      Value(2));
  EXPECT_EQ(run(key, list::get("l",
                               Selector::value_interval(items({"a", Nil{}}),
                                                        items({"a", Marker::Infinity})),
                               Returned::Count)),
            Value(2));
  EXPECT_FALSE(server().put(key, std::vector<Bin>{{"w", Marker::Wildcard}}));
}

TEST(MapOperation, PutsAndCounts) {
  const Key key = new_key();
  const map::Policy ordered{.order = MapOrder::KeyOrdered};
  EXPECT_EQ(run(key, map::put("m", "b", 2, ordered)), Value(1));
  EXPECT_EQ(run(key, map::put_items("m", {.entries = {{"a", 1}, {"c", 3}}})), Value(3));
  EXPECT_EQ(run(key, map::increment("m", "a", 10)), Value(11));
  EXPECT_EQ(run(key, map::decrement("m", "c")), Value(2));
  EXPECT_EQ(run(key, map::size("m")), Value(3));
  EXPECT_EQ(stored(key, "m"),
            Value(Map{.entries = {{"a", 11}, {"b", 2}, {"c", 2}}, .order = MapOrder::KeyOrdered}));
  run(key, map::clear("m"));
  EXPECT_EQ(run(key, map::size("m")), Value(0));
}

TEST(MapOperation, HonoursItsPolicy) {
  const Key key = new_key();
  run(key, map::put("m", "a", 1));
  EXPECT_THAT(server().operate(key, std::vector{map::put("m", "a", 2, {.create_only = true})}),
              fails_with(Code::ElementExists));
  EXPECT_THAT(server().operate(key, std::vector{map::put("m", "b", 2, {.update_only = true})}),
              fails_with(Code::ElementNotFound));
  EXPECT_EQ(run(key, map::put("m", "b", 2, {.update_only = true, .no_fail = true})), Value(1));
}

TEST(MapOperation, SelectsByKeyIndexRankAndValue) {
  const Key key = new_key();
  put(key, {{"m", Map{.entries = {{0, 17}, {4, 2}, {5, 15}, {9, 10}}}}});
  const auto get = [&](const Selector& which, Returned returned) {
    return run(key, map::get("m", which, returned));
  };
  EXPECT_EQ(get(Selector::key(5), Returned::Value), Value(15));
  EXPECT_EQ(get(Selector::keys({.items = {4, 9, 100}}), Returned::Key), items({4, 9}));
  EXPECT_EQ(get(Selector::key_interval(4, 9), Returned::Key), items({4, 5}));
  EXPECT_EQ(get(Selector::key_interval(5), Returned::Count), Value(2));
  EXPECT_EQ(get(Selector::indexes_from_key(5, -1), Returned::Key), items({4, 5, 9}));
  EXPECT_EQ(get(Selector::index(0), Returned::Key), Value(0));
  EXPECT_EQ(get(Selector::rank(0), Returned::Key), Value(4));
  EXPECT_EQ(get(Selector::ranks(-2), Returned::Key), items({5, 0}));
  EXPECT_EQ(get(Selector::ranks_from_value(11, 1), Returned::Value), items({17}));
  EXPECT_EQ(get(Selector::value(10), Returned::Key), items({9}));
  EXPECT_EQ(get(Selector::keys({.items = {4}}).inverted(), Returned::Count), Value(3));
  EXPECT_EQ(run(key, map::remove("m", Selector::value_interval(10), Returned::Count)), Value(3));
  EXPECT_EQ(run(key, map::size("m")), Value(1));
}

TEST(Context, LeadsIntoNestedContainersAndMakesThem) {
  const Key key = new_key();
  run(key, map::put("m", "k", 1, {},
                    Context()
                        .map_key_or_create("a", MapOrder::KeyOrdered)
                        .list_index_or_create(0, Context::NewList::Unordered)));
  EXPECT_EQ(run(key, map::get("m", Selector::key("k"), Returned::Value,
                              Context().map_key("a").list_index(0))),
            Value(1));
  EXPECT_EQ(run(key, list::append("m", 2, {}, Context().map_key("a"))), Value(2));
  EXPECT_THAT(server().operate(key, std::vector{list::size("m", Context().map_key("missing"))}),
              fails_with(Code::OpNotApplicable));
}

}  // namespace
}  // namespace flotilla::client::suite
