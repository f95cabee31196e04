#include "peer_book.h"

#include <gtest/gtest.h>

namespace flotilla::server {
namespace {

cluster::NodeInfo node(unsigned number, std::string host) {
  cluster::NodeInfo out;
  out.process.boot = number;
  out.id = wire::NodeId(number);
  out.service = {{std::move(host), 3000}};
  return out;
}

TEST(PeerBook, ItsGenerationRisesOnlyWithAChange) {
  PeerBook book;
  const auto empty = book.generation();
  book.update({});
  EXPECT_EQ(book.generation(), empty);
  book.update({node(1, "a")});
  const auto one = book.generation();
  EXPECT_GT(one, empty);
  book.update({node(1, "a")});
  EXPECT_EQ(book.generation(), one);
  book.update({});
  EXPECT_GT(book.generation(), one);
}

TEST(PeerBook, APeerCarriesTheGenerationOfItsLastChange) {
  PeerBook book;
  book.update({node(1, "a")});
  const auto came = book.peers()[0].generation;
  book.update({node(1, "a"), node(2, "b")});
  EXPECT_EQ(book.peers()[0].generation, came);
  EXPECT_EQ(book.peers()[1].generation, book.generation());
  book.update({node(1, "elsewhere"), node(2, "b")});
  EXPECT_EQ(book.peers()[0].generation, book.generation());
}

TEST(PeerBook, WhoWentIsAnAlumnusUntilForgotten) {
  PeerBook book;
  book.update({node(1, "a"), node(2, "b")});
  book.update({node(2, "b")});
  EXPECT_EQ(book.alumni().size(), 2U);
  const auto before = book.generation();
  book.forget_alumni();
  EXPECT_EQ(book.alumni().size(), 1U);
  EXPECT_GT(book.generation(), before);
}

TEST(PeerBook, ANewLifeIsShownOnlyOnceClientsHaveSeenTheEndOfTheLast) {
  PeerBook book;
  const Instant start{std::chrono::seconds(100)};
  const auto after = [&](std::int64_t ms) { return start + std::chrono::milliseconds(ms); };
  const cluster::NodeInfo first = node(1, "a");
  cluster::NodeInfo second = node(2, "a");
  book.follow({first}, start);
  EXPECT_TRUE(book.may_show(first.process, start));
  const auto before = book.generation();
  book.follow({second}, after(10));
  EXPECT_GT(book.generation(), before);
  EXPECT_FALSE(book.may_show(second.process, after(1000)));
  book.follow({second}, after(1000));
  EXPECT_TRUE(book.may_show(second.process, after(1510)));
}

TEST(PeerBook, ALifeThatGoesOnIsShownAtOnce) {
  PeerBook book;
  const Instant start{std::chrono::seconds(100)};
  book.follow({node(1, "a")}, start);
  book.follow({}, start);
  book.follow({node(1, "a")}, start);
  EXPECT_TRUE(book.may_show(node(1, "a").process, start));
}

}  // namespace
}  // namespace flotilla::server
