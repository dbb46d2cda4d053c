// Links between accounts that look like draws from one stream: near in what they ask, and strange together.
//
// Each account is a point: its mean point, and beside it its *outlyingness*, how unlike an honest account of its age it
// is by itself: broader, and of a lower own PoH. Approximate nearest neighbours (an inverted file, cells.hpp) propose
// pairs; each is scored by the unbiased distance of its signatures and the lesser outlyingness of the two. Ordinary
// accounts with one subject are linked too, but weakly: they are what honest teams are. An option links outlying ones
// by style as well, wherever they lie.
//
// Invariants: find_links() gives every pair once, a < b, in order of a and b; weights are above 0. Of neighbours
// equally far away the one of the lesser number is nearer, and sums of floats are in one order: the same accounts and
// options give the same links on every machine whose exp() is the same, with any number of threads.
// Threads: free functions; find_links uses OpenMP inside. Cost: docs/fleet.md.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "fleet/cells.hpp"
#include "fleet/signature.hpp"

namespace cms::fleet {

// How many charts honest accounts see in how many requests: log charts is a parabola in log requests.
struct BreadthNorm {
  std::array<double, 3> coefficients{};
  double scale = 1;  // standard deviation about it
};

// Accounts with fewer requests are neither linked nor judged.
inline constexpr std::uint32_t kRequestsMin = 16;
inline bool linkable(const Signature& account) { return account.requests >= kRequestsMin; }

// Fitted by least squares on the accounts with charts and kRequestsMin requests or more. Errors: `bad_input` when these
// are fewer than 20.
Result<BreadthNorm> fit_breadth(std::span<const Signature> accounts);

// Deviation of an account's log charts from honest ones of its age, in scales, held within -3..3.
double breadth_of(const BreadthNorm& norm, const Signature& account);

// Chosen on tune campaigns (docs/lab/fleet.md).
struct LinkOptions {
  std::uint32_t neighbours = 24;    // proposed for each account
  double distance_scale = .05;      // of squared distance: a link weighs exp(-distance / this) exp(outlyingness)
  double outlying_coordinate = .1;  // what one of outlyingness is worth as a distance when neighbours are sought
  double poh_decade = 1;            // outlyingness of a power of ten of the own PoH, in scales of breadth
  std::uint32_t probes = 16;        // cells of the inverted file that are looked through
  std::uint64_t seed = 1;           // of the cells
  // Links by style (style_evidence): how many nats make two accounts as near as one topic does; 0 = none. They join
  // accounts alone whose outlyingness lies above the second: honest people in general ask in one style. For the lab: no
  // calibration has them on file, and live fleets refuse them.
  double style = 0;
  double style_outlying = 2;
};

struct Link {
  std::uint32_t a = 0, b = 0;
  double weight = 0;

  bool operator==(const Link&) const = default;
};

// breadth_of, and poh_decade for each power of ten by which the account's own PoH lies below 1; at most
// kOutlyingnessMax, so that weights have a bound. An own PoH below kPohLeast counts as that; 1 where none is known.
inline constexpr float kPohLeast = .001F;
inline constexpr double kOutlyingnessMax = 6;
double outlyingness_of(const BreadthNorm& norm, const LinkOptions& options, const Signature& account, float poh);

// Whether an account of this outlyingness may have links by style.
inline bool linked_by_style(const LinkOptions& options, double outlyingness) {
  return options.style > 0 && outlyingness > options.style_outlying;
}

// How much likelier a shared style makes it than chance that two accounts' are so alike, in nats: z^2 / 2, the log of
// the generalised likelihood ratio over how strong the shared style is. By chance the cosine of two directions
// (style_direction) is 0 give or take 1 / sqrt(63), whatever either has sent, and z is the cosine in these; so it is at
// most 31.5, and 0 where they are not alike. No distance: honest people have hardly a style, and two of few requests
// none that is sure, so their mean residuals lie 0 apart give or take noise, which is no sign of one hand.
double style_evidence(const Signature& a, const Signature& b);

// What a link between two accounts weighs whose lesser outlyingness is this: a whole multiple of kWeightUnit, so that
// sums do not depend on their order. What weighs less than half of one weighs nothing, and is no link. By style it
// weighs exp(outlyingness), less by a factor of e for each nat that style_evidence() lacks of options.style, where that
// is more.
inline constexpr double kWeightUnit = 0x1p-23;
double link_weight(double outlyingness, const LinkOptions& options, const Signature& a, const Signature& b);

// Own PoHs of accounts, as long as these; or empty where none is known.
using Pohs = std::span<const float>;
inline float poh_of(Pohs pohs, std::size_t account) { return pohs.empty() ? 1 : pohs[account]; }

// Of each account.
std::vector<double> outlyingness_of(const BreadthNorm& norm, const LinkOptions& options,
                                    std::span<const Signature> accounts, Pohs pohs);

// Makes links of pairs of accounts: each pair once, a < b, in order, weighed. What weighs nothing is left out, and who
// is not linkable.
void weigh_links(std::vector<Link>& proposed, std::span<const Signature> accounts,
                 std::span<const double> outlyingness, const LinkOptions& options);

// Where an account lies among others when neighbours are sought. Who is not linkable lies where nobody else is, so as
// to take nobody's place among the nearest.
inline constexpr float kOutOfReach = 1e3F;
Place place_of(const Signature& account, double outlyingness, const LinkOptions& options);

// Links of `some` accounts, or of all, to their nearest neighbours among all; by style to their nearest among those who
// may have such links too, with style_direction() for a mean point. Cost of these: a search among as many as they are.
std::vector<Link> find_links(std::span<const Signature> accounts, Pohs pohs, const BreadthNorm& norm,
                             const LinkOptions& options, std::span<const std::uint32_t> some);
std::vector<Link> find_links(std::span<const Signature> accounts, Pohs pohs, const BreadthNorm& norm,
                             const LinkOptions& options);

}  // namespace cms::fleet
