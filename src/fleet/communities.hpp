// Communities: groups of accounts with heavier links among them than chance would give, by the Leiden algorithm.
//
// Quality is modularity with a resolution (Reichardt and Bornholdt 2006). An account without links is a community of
// its own. Numbers are given by first member. Errors of igraph come back as values.
// Threads: one call at a time in a process, because igraph has one global source of chance; it is seeded here.
// Cost: about linear in links. Reference: Traag, Waltman, van Eck, From Louvain to Leiden: guaranteeing well-connected
// communities, Scientific Reports 9, 2019.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "fleet/links.hpp"
#include "fleet/stop.hpp"

namespace cms::fleet {

// Chosen on tune campaigns (docs/lab/fleet.md).
struct CommunityOptions {
  double resolution = 2;
  std::uint32_t iterations = 3;
  std::uint64_t seed = 1;
  double whole_weight = 0;  // of all links of the graph that these are some whole components of; 0 = of these alone
};

using Members = std::vector<std::uint32_t>;  // of a community, ascending

// Members of every community of accounts 0 .. count - 1, by first member. Errors: `bad_input` when a link
// names another account or weighs nothing; `failed` when igraph fails or it is told to stop.
Result<std::vector<Members>> find_communities(std::uint32_t count, std::span<const Link> links,
                                              const CommunityOptions& options, const Stop& stop = {});

// The modularity of a partition, as Leiden maximises it. For tests and reports.
double modularity(std::uint32_t count, std::span<const Link> links, std::span<const Members> communities,
                  double resolution);

}  // namespace cms::fleet
