#pragma once

#include <cstdint>
#include <functional>

/// Schedules of a simulation: which seeds it takes, how many events they had, which marks they
/// reached. By the environment:
///
///   FLOTILLA_SIM_SEED=17       this seed alone; with one of the others, from it on
///   FLOTILLA_SIM_ROUNDS=10     ten times as many as usual
///   FLOTILLA_SIM_RUNS=500      so many
///   FLOTILLA_SIM_SECONDS=60    until so much time is over
///   FLOTILLA_SIM_FAULTS=3      at most so many faults in each; to make one that fails smaller
///   FLOTILLA_SIM_NODES=3       at most so many nodes, for the same
///   FLOTILLA_SIM_MARKS=1       says at the end which marks were reached how often
///
/// After each test its schedules and events are printed, also of one that failed.
namespace flotilla::sim {

/// Of a world that ends: one schedule.
void count_schedule(std::uint64_t events);

/// Runs `body` for `usual` seeds from `first` on, or as the environment says, until one fails. What
/// repeats that is printed with the failure.
void for_each_seed(std::uint64_t first, std::uint64_t usual,
                   const std::function<void(std::uint64_t seed)>& body);

/// An unsigned number from the environment.
std::uint64_t number_of(const char* name, std::uint64_t otherwise);

/// What was drawn, or less if the environment says so.
std::uint64_t at_most_faults(std::uint64_t drawn);
std::uint64_t at_most_nodes(std::uint64_t drawn);

}  // namespace flotilla::sim
