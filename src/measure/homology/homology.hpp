// Exact persistent homology of one window: H0 and H1 of its Vietoris-Rips filtration, Z/2 coefficients, and what is
// read off the diagrams.
//
// No triangle is ever made. Edges are walked in a total order (edges.hpp); the *lune* of an edge is the set of points
// joined to both its ends before it. An empty lune means the edge joins two components (a bar of H0 ends) or opens a
// class of H1; a lune of several components closes classes, which the annotations of one cycle for each further
// component tell (annotations.hpp).
// One point replaced changes few lunes: replace() keeps the sorted edges and what is known of their lunes from event to
// event, merges the new row in, and looks again only where the point that went or the point that came lies.
// Invariants
//  1. Permuting the points permutes nothing of the result: bars are sorted, sums run over sorted bars.
//  2. A window whose work stays within the budget is exact; beyond it the result says `truncated`.
//  3. replace() and start() of the same length give the same bars, the same Work and the same truncation, bit for bit;
//     diagrams() the same bars. What a unit of work is depends on the length that a window may reach.
// Threads: pure functions of their arguments; a Scratch has one owner.
// Cost and reference: docs/measures/homology.md; arXiv 2307.16333 (relative neighbourhoods); Ripser, J. Appl. Comput.
// Topology 5:391 (enclosing radius).
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "measure/homology/annotations.hpp"
#include "measure/homology/edges.hpp"
#include "measure/homology/order.hpp"
#include "types/diagram.hpp"
#include "types/distances.hpp"
#include "types/neighbours.hpp"
#include "types/row_change.hpp"

namespace cms::homology {

struct Options {
  // Units of Budget that one window may cost; unlimited by default, work_budget() for what is served.
  std::uint64_t work_budget = std::numeric_limits<std::uint64_t>::max();
  // 1, or 0: H0 alone, as exact as ever; `truncated` says whether there is a class of H1, of which nothing more is
  // told. Takes a fraction of the time (docs/measures/homology.md).
  std::uint32_t dimension_max = 1;
};

// The budget for windows of up to `length` points: above what any ordinary window costs, far below what windows made to
// be slow would (docs/measures/homology.md has the table).
constexpr std::uint64_t work_budget(std::uint32_t length) {
  return length <= 64 ? 32'000 : length <= 128 ? 128'000 : 400'000;
}

// What is kept of a window from event to event. A cache: made anew from the distances by start().
struct State {
  std::uint32_t length = 0;  // greatest number of points
  std::uint32_t count = 0;   // points now
  Order order;               // all count (count - 1) / 2 edges
};

// Working memory, reused from window to window. Its first window of a size gets room for any window of that size
// within work_budget(): from then on nothing is allocated, whatever the distances are.
struct Scratch {
  std::uint32_t reserved = 0;  // points there is room for
  std::vector<Edge> edges;
  std::vector<Edge> spare;
  Annotations annotations;
  std::vector<float> births;       // of every class of H1, in order
  std::vector<float> deaths;       // of the same
  std::vector<float> open_births;  // of the classes whose death was not found
  State state;                     // of a window that is not kept
  Order order;                     // the order being made
  std::vector<std::uint8_t> arriving;    // other ends of the new point's edges, in order
  std::vector<std::uint32_t> positions;  // how many old edges come before each of them
};

// What a window cost, and how far its pairs are known.
struct Work {
  std::uint64_t units = 0;
  std::uint32_t classes = 0;  // of H1, those of length 0 included; exact even when truncated
  float radius = 0;           // enclosing radius: no class of H1 outlives it
  // Every bar of H1 with death < exact_below is in the diagram. The radius and more when not truncated.
  float exact_below = std::numeric_limits<float>::max();
  // Births, ascending, of the classes that are not in the diagram because the budget ended first. Each dies in
  // [max(birth, exact_below), radius]. Lies in the Scratch; valid until its next use.
  std::span<const float> open_births;
};

// Bars of positive length of the window, ascending, into `out` (cleared, its memory reused).
// Requires at most kPointsMax points and what Distances promises, but for the bound 2: any finite lengths >= 0 that
// check() accepts, metric or not. Fewer than 2 points have no bars.
// Beyond the budget `out.truncated` is set: H0 stays exact, every bar of H1 is a true one, those that end late are
// missing; which, depends on the order of the points too. Of dimension_max 0 Work tells the radius and exact_below.
Work diagrams(const Distances& distances, const Options& options, Scratch& scratch, Diagrams& out);

// The same, and keeps the order in `state` for replace(). `length` <= kPointsMax is the greatest number of points
// that the window will have.
Work start(const Distances& distances, std::uint32_t length, const Options& options, State& state, Scratch& scratch,
           Diagrams& out);

// One point came: `distances` are those after `change`, `state` is of the window before it. Equal to start() on the
// same distances. Nothing is allocated once the scratch has met a window of this length.
Work replace(const Distances& distances, const RowChange& change, const Options& options, State& state,
             Scratch& scratch, Diagrams& out);

// The k nearest neighbours of every point, read off the order: those of types/neighbours.hpp. Cost: the edges up to the
// longest that is wanted.
void nearest(const State& state, const Distances& distances, std::uint32_t k, Neighbours& out);

// For matrices from outside: bad_input, naming the entry, unless there are at most kPointsMax points, `values` holds
// them all, the diagonal is 0 and every length is finite, >= 0 and equal both ways. Cost: one pass.
[[nodiscard]] Result<void> check(const Distances& distances);

// Scales s = index / 32 of curves and landscapes: 0 to 2, all chord lengths of a unit sphere.
inline constexpr std::size_t kScales = 65;
inline constexpr double kScaleStep = 1.0 / 32;
inline constexpr std::size_t kLandscapes = 3;

// One dimension of homology in numbers. Lengths are in the unit of the distances.
struct Persistence {
  std::uint32_t bars = 0;
  double total = 0;    // sum of lengths
  double max = 0;      // longest; 0 without bars
  double entropy = 0;  // -sum p log p with p = length / total, nats, in [0, log bars]; the empty sum 0 without bars
  // Betti number at each scale: classes with birth <= s < death. H0 counts the one infinite bar, so it is >= 1.
  std::array<std::uint32_t, kScales> betti{};
};

// The three upper layers of H1: values[k][s] is the (k+1)-th largest of max(0, min(s - birth, death - s)).
struct Landscape {
  std::array<std::array<double, kScales>, kLandscapes> values{};
};

struct Summary {
  Persistence h0;
  // Not measured (nullopt) for a truncated window: bars are missing.
  std::optional<Persistence> h1;
  std::optional<Landscape> h1_landscape;
};

// Numbers of one dimension without its Betti curve: bars, total, max and entropy. Cost: one logarithm a bar.
[[nodiscard]] Persistence persistence(std::span<const Bar> bars);

// Requires the bars of `diagrams` sorted, as diagrams() leaves them, of a window with at least one point.
// Cost: bars x scales. References: persistent entropy, Rucco et al. 2016; landscapes, Bubenik, JMLR 16:77.
[[nodiscard]] Summary summarise(const Diagrams& diagrams);

}  // namespace cms::homology
