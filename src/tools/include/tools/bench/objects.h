#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tools/bench/object_spec.h"

namespace flotilla::tools::bench {

/// The objects of a run. They are made from its seed, so that who reads them later knows what is to
/// be there.
class Objects {
 public:
  struct Options {
    std::vector<ValueSpec> values;
    std::string bin;
    std::uint64_t seed = 1;
    bool varied = false;  // Each key and version has its own; else all are the same.
  };
  /// Of the varied objects of one key: enough that a write changes the record, few enough that a
  /// reader can know them all.
  static constexpr unsigned kVersions = 8;

  explicit Objects(Options options) : options_(std::move(options)) {}

  std::vector<client::Bin> make(std::int64_t key, unsigned version, const BinNumbers& which) const;
  /// Whether these are all of the bins `which`, each as one of the versions of the key has it. Maps
  /// are equal in whatever order their entries come: servers keep them in an order of their own.
  bool matches(std::int64_t key, const std::vector<client::Bin>& found,
               const BinNumbers& which) const;

 private:
  Options options_;
};

}  // namespace flotilla::tools::bench
