// Takes a reading: hands the window and what the atlas knows to every measure. The one list of what is measured how.
//
// What sums over pairs of points, and the order of the edges, is kept from request to request (Kept) and changed by
// what one request changes. All of it is exact: whole-number sums, an integer order. So what is kept, what was left out
// for a while, and what is made anew from the points give the same reading, bit for bit.
#pragma once

#include <vector>

#include "atlas/atlas.hpp"
#include "measure/coherence/coherence.hpp"
#include "measure/coverage/coverage.hpp"
#include "measure/curvature/curvature.hpp"
#include "measure/dimension/dimension.hpp"
#include "measure/dispersion/dispersion.hpp"
#include "measure/divergence/divergence.hpp"
#include "measure/homology/homology.hpp"
#include "measure/mixture/isolation.hpp"
#include "measure/mixture/mixture.hpp"
#include "measure/repetition/repetition.hpp"
#include "types/projected.hpp"
#include "types/reading.hpp"
#include "window/window.hpp"

namespace cms::pipeline {

// What follows from the points of a window and is kept because one request changes little of it. Never written: made
// anew when it is missing.
struct Kept {
  // It, and the account's reading but for repetition, is of the window with this many distinct requests; 0 = of none.
  std::uint64_t distinct = 0;
  dispersion::State dispersion;
  divergence::State divergence;
  coherence::State coherence;
  repetition::State repetition;
  homology::State homology;
};

// Working memory of one worker, reused between windows; holds nothing between calls that a result depends on.
struct Scratch {
  std::vector<float> raws;  // of a batch, one after the other
  std::vector<Projected> projected;
  atlas::ProjectScratch project;
  window::Matrix matrix;
  std::vector<std::uint32_t> path;
  std::vector<std::uint16_t> charts;
  std::vector<float> values;
  std::vector<std::uint16_t> multiplicities;
  Neighbours neighbours;
  coverage::Counts counts;
  coverage::Scratch coverage;
  curvature::Scratch curvature;
  dimension::Scratch dimension;
  divergence::Scratch divergence;
  homology::Scratch homology;
  mixture::Workspace mixture;
  Diagrams diagrams;
};

// Fewest distinct points for which the window's geometry is measured; repetition needs none.
inline constexpr std::uint32_t kPointsMin = 16;

// Follows one push that is not read: what is kept of repetition goes on through a repeat, the rest is left behind.
void follow(const window::State& window, const window::Change& change, const window::Matrix& matrix, Kept& kept,
            Scratch& scratch);

// How much is measured. Under load H1, which costs most, is left out: its measures keep the values they had, and count
// as held. What is kept of the window goes on, so the next full reading is what it would have been.
enum class Effort : std::uint8_t { full, without_h1 };  // in records of the store: never renumber

// Everything that can be measured on the window after `change`; measures that cannot be are left unset. `reading` is
// the account's last, and is overwritten; `scratch.matrix` follows the window. Cost: docs/performance.md has the split.
void take_reading(const atlas::Atlas& atlas, const window::State& window, const window::Change& change, Kept& kept,
                  Scratch& scratch, Reading& reading, Effort effort = Effort::full);

}  // namespace cms::pipeline
