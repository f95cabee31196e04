#include "golden_replay.h"

namespace flotilla::model {
namespace {

TEST(GoldenLists, EveryRecordedExchangeIsAnsweredByteForByte) { golden::replay("wire-list.jsonl"); }

TEST(GoldenMaps, EveryRecordedExchangeIsAnsweredByteForByte) { golden::replay("wire-map.jsonl"); }

}  // namespace
}  // namespace flotilla::model
