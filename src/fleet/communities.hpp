// Communities: groups of accounts with heavier links among them than chance would give, by the Leiden algorithm.
//
// Quality is modularity with a resolution (Reichardt and Bornholdt 2006) and a null model that may be of other fleets:
// one that divides by the weight of all links at hand puts everybody else together beside a few heavy ones, and takes
// what is most of them apart (docs/decisions/0031-*.md). An account without links is a community of
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

// What chance would give: a link between two accounts weighs the product of their strengths (the sums of their links'
// weights) over twice the whole, the weight of all links. The whole is that of an honest fleet of as many accounts, and
// who is stronger than honest accounts counts for so much less than one: so others are beside a heavy group what they
// are without it. Beyond that strength chance grows with the fourth root: squares would take a heavy group apart, no
// growth at all would draw everybody near into it (docs/decisions/0031-*.md).
struct NullModel {
  double mean = 0;      // strength over presence; 0 = the whole is of the links at hand, strengths are as they are
  double strength = 0;  // beyond which an account's counts less

  bool operator==(const NullModel&) const = default;
};
inline constexpr double kStrengthShare = .9;

// Of honest fleets' links: the strength that kStrengthShare of the accounts with links do not exceed, and all strengths
// over all presence. The default where there are no links. Cost: as sorting the accounts.
NullModel fit_null(std::span<const std::vector<Link>> fleets);

// What a strength counts in the null model.
double counted(double strength, const NullModel& null);

// What an account counts in the whole: 1 with links no stronger than honest ones, 0 without links, in 2^-20 so that
// sums are exact.
inline constexpr std::int64_t kPresent = 1 << 20;
std::int64_t presence(double strength, const NullModel& null);

// The whole of the null model where the accounts' presence comes to this.
double whole_of(const NullModel& null, std::int64_t presence);

// Chosen on tune campaigns (docs/lab/fleet.md).
struct CommunityOptions {
  double resolution = 2;
  std::uint32_t iterations = 3;
  std::uint64_t seed = 1;
  NullModel null;
};

using Members = std::vector<std::uint32_t>;  // of a community, ascending

// Members of every community of accounts 0 .. count - 1, by first member. Errors: `bad_input` when a link
// names another account or weighs nothing; `failed` when igraph fails or it is told to stop.
Result<std::vector<Members>> find_communities(std::uint32_t count, std::span<const Link> links,
                                              const CommunityOptions& options, const Stop& stop = {});

// The modularity of a partition, as Leiden maximises it, over the null model's whole. For tests and reports.
double modularity(std::uint32_t count, std::span<const Link> links, std::span<const Members> communities,
                  double resolution, const NullModel& null = {});

}  // namespace cms::fleet
