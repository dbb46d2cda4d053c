// Several looks at the same accounts while they go on.
//
// Threads: pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "fleet/communities.hpp"

namespace cms::fleet {

struct Campaign;

// Of `requests` that an account sends in all, those that look number `look` of `looks` sees, from 0: an equal share
// more each time, rounded up. Requires look < looks.
std::size_t sent_at(std::size_t look, std::size_t looks, std::size_t requests);

// Communities over several looks at the same accounts. `numbers[l][c]` says which of `count` community c of look l is.
// It has become that community of the next look with any of its members in one that most of these are in, of equals the
// one with the lowest account. Where no later look has any of them in a community it ends.
// Requires members ascending, disjoint within a look. It depends on who is with whom alone. Cost: linear in members.
struct Followed {
  std::vector<std::vector<std::uint32_t>> numbers;
  std::uint32_t count = 0;
};
Followed follow_communities(std::uint32_t accounts, std::span<const std::vector<Members>> looks);

// The lowest PoH and the most evidence that each followed community ever has. Requires campaigns as find_campaigns()
// gives them, one vector a look.
struct LeastStanding {
  double poh = 1;
  double evidence = -std::numeric_limits<double>::infinity();
};
std::vector<LeastStanding> least_standings(std::uint32_t accounts, std::span<const std::vector<Campaign>> looks);

}  // namespace cms::fleet
