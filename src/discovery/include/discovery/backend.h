#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "discovery/options.h"
#include "discovery/plan.h"
#include "discovery/reconciler.h"

namespace flotilla::discovery {

/// Wires members up: looks, has a pure function say what is to be done, and does it. Used by one
/// thread.
class Backend {
 public:
  virtual ~Backend() = default;

  /// What it plans by; it outlives the planner.
  virtual Planner planner() const = 0;
  /// Never fails as a whole: who does not answer is in it with the reason.
  virtual Observation observe(std::span<const Desired> members) = 0;
  virtual Reconciler::Outcome carry_out(const Step& step) = 0;
};

/// One kind of backend, as `--plugin` calls it.
struct BackendKind {
  std::string_view name;
  std::string_view version;
  std::string_view help;
  std::string_view url;
  /// Problem: the options do not fit together.
  Expected<std::unique_ptr<Backend>> (*make)(const Options& options);
};
std::span<const BackendKind> backend_kinds();

}  // namespace flotilla::discovery
