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

}  // namespace
}  // namespace flotilla::server
