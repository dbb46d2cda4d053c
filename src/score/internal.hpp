// Shared by the two sources of this stage; not for others.
#pragma once

#include "score/score.hpp"

namespace cms::score {

// Mean normal score of each channel's measures, before standardising; NaN = none was made.
std::array<double, kChannelCount> channel_values(const Calibration& calibration, const Observation& observation);

// The leak and the addition of update(), without the rank.
void accumulate(const Calibration& calibration, State& state, const Observation& observation, double time);

// Version 5: average deviation of each channel over its evaluations, weighted as they leak; 0 before the first.
std::array<double, kChannelCount> averages(const Options& options, const State& state);

// The age that a channel's evaluations are counted by: repetition's of all requests, of the others distinct ones.
std::uint64_t age_of(std::size_t channel, const State& state);

}  // namespace cms::score
