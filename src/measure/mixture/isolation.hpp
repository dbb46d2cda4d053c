// Isolation: whether the requests that stand alone in time are those that honest traffic would not send.
//
// Honest people stay with a subject: what they ask lies near what they asked just before or ask just after, strange or
// not. Requests of an extractor between those of a person stand alone *and* are strange, so over the window the two go
// together. A covariance within the account does not see that the whole account is strange (a field that nobody was
// calibrated on) nor that the whole account is out of order (a batch job), which is what makes dilution hard to see.
// Threads: pure functions. Cost: four distances a point. Page: docs/measures/mixture.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "types/distances.hpp"

namespace cms::mixture {

// How many requests before and after one are its neighbours in time.
inline constexpr std::uint32_t kNeighboursInTime = 2;

// Isolation of the point at `place` of a path (slots in order of arrival, all below distances.count): sixth power of
// the chord to the nearest of the kNeighboursInTime points before it and after it on the path, in [0, 64]. Requires a
// path of at least 2.
double isolation(const Distances& distances, std::span<const std::uint32_t> path, std::size_t place);

// Covariance, over the path, of isolation and of the surprisal of the same points, nats times chord^6. surprisals[slot]
// is -log of the conformal p-value of the point's distance to honest traffic. nullopt for fewer than 3 points or when a
// surprisal is not finite.
std::optional<double> isolation_covariance(const Distances& distances, std::span<const std::uint32_t> path,
                                           std::span<const float> surprisals);

}  // namespace cms::mixture
