// What is measured on a community: what its members cover together, how far apart they are, how they stand.
//
// Threads: pure functions. Cost: linear in the members.
// References: Hill, Diversity and evenness, Ecology 54, 1973.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "fleet/links.hpp"
#include "fleet/signature.hpp"

namespace cms::fleet {

// What is measured on a community.
struct CommunityReading {
  std::uint32_t accounts = 0;
  std::uint64_t requests = 0;     // those the charts are of
  std::uint32_t charts = 0;       // that any member has seen
  double effective_charts = 0;    // exp of the entropy of members' visits: as many, were they visited evenly
  double distance = 0;            // mean unbiased squared distance over pairs of members; 0 = all draw from one stream
  double breadth = 0;             // mean of breadth_of
  double overlap = 0;             // charts two members share over what independent visits would make them share; < 1:
                                  // they avoid one another's. 1 where chance shares none
  std::optional<std::uint32_t> suspects;  // members whose own PoH is at most kSuspect; none where PoH is not told
};
inline constexpr float kSuspect = .03F;

// The sums over members that a reading is made of. Whole numbers (docs/decisions/0016-sums-are-integers.md): members
// come and go in any order, and what is left is the same to the bit.
// Invariants: of at most 2^20 members no sum overflows; remove() only what was added, as it was then.
class CommunitySums {
 public:
  void add(const Signature& account, const BreadthNorm& norm) { put(account, norm, 1); }
  void remove(const Signature& account, const BreadthNorm& norm) { put(account, norm, -1); }

  // Requires a member.
  [[nodiscard]] CommunityReading reading() const;
  // The charts that any member has seen, in order, and how many of them have.
  [[nodiscard]] std::vector<std::pair<std::uint32_t, std::uint32_t>> visits() const;

 private:
  void put(const Signature& account, const BreadthNorm& norm, std::int64_t sign);
  [[nodiscard]] double mean_distance() const;

  std::array<std::uint32_t, kChartsMax> visits_{};                // members that have seen each chart
  std::array<std::int64_t, kSignatureDimensions> means_{};        // of mean points, units of 2^-30
  std::int64_t norms_ = 0, squares_ = 0;                          // their squared lengths, unbiased and not; 2^-32
  std::int64_t breadth_ = 0;                                      // 2^-32
  std::int64_t requests_ = 0, chart_squares_ = 0, accounts_ = 0;  // the second: of the numbers of charts each has seen
};

// Requires a member. `members` are indices into `accounts`, and `pohs`, which may be empty, are these accounts' own at
// their last requests.
CommunityReading read_community(std::span<const Signature> accounts, std::span<const std::uint32_t> members,
                                const BreadthNorm& norm, Pohs pohs = {});
CommunitySums sums_of(std::span<const Signature> accounts, std::span<const std::uint32_t> members,
                      const BreadthNorm& norm);
// How many members are suspects; none where PoH is not told.
std::optional<std::uint32_t> suspects_among(std::span<const std::uint32_t> members, Pohs pohs);

// What members have covered together, as CommunitySums::visits().
std::vector<std::pair<std::uint32_t, std::uint32_t>> chart_visits(std::span<const Signature> accounts,
                                                                  std::span<const std::uint32_t> members);

// Mean style_distance_squared over pairs of the first hundred members: how unlike they ask within charts, and something
// of topic. For an analyst; no evidence (docs/decisions/0027). 0 of one member.
double style_distance(std::span<const Signature> accounts, std::span<const std::uint32_t> members);

}  // namespace cms::fleet
