#include "golden_replay.h"

namespace flotilla::model {
namespace {

/// Sends the exchanges of a file from one name to another, both included.
void replay_between(const std::string& file, const std::string& from, const std::string& to) {
  std::ifstream in(std::string(FLOTILLA_SOURCE_DIR) + "/tests/golden/" + file);
  golden::Server server;
  bool is_inside = false;
  std::size_t exchanges = 0;
  for (std::string line; std::getline(in, line);) {
    const auto exchange = nlohmann::json::parse(line);
    const std::string name = exchange["name"];
    is_inside = is_inside || name == from;
    if (!is_inside) continue;
    ++exchanges;
    const Buffer got = server.answer(from_hex(exchange["request"].get<std::string>()));
    EXPECT_EQ(to_hex(got), exchange["response"].get<std::string>()) << name;
    if (name == to) break;
  }
  EXPECT_GT(exchanges, 100U);
}

TEST(GoldenLists, EveryRecordedExchangeIsAnsweredByteForByte) { golden::replay("wire-list.jsonl"); }

TEST(GoldenMaps, EveryRecordedExchangeIsAnsweredByteForByte) { golden::replay("wire-map.jsonl"); }

TEST(GoldenParticles, EveryTypeIsStoredAndReadAsRecorded) {
  replay_between("wire-record.jsonl", "put int-1", "get ptype 16 empty");
}

TEST(GoldenParticles, ArithmeticIsAsRecorded) {
  replay_between("wire-record.jsonl", "setup incr int neg", "get prepend missing");
}

}  // namespace
}  // namespace flotilla::model
