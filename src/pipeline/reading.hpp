// Takes a reading: hands the window and what the atlas knows to every measure. The one list of what is measured how.
#pragma once

#include <vector>

#include "atlas/atlas.hpp"
#include "measure/homology/homology.hpp"
#include "measure/mixture/mixture.hpp"
#include "types/reading.hpp"
#include "window/window.hpp"

namespace cms::pipeline {

// Working memory of one worker, reused between windows; holds nothing between calls that a result depends on.
struct Scratch {
  std::vector<float> distances;
  std::vector<std::uint32_t> path;
  std::vector<float> log_densities;
  std::vector<std::uint16_t> nearest;
  homology::Scratch homology;
  mixture::Workspace mixture;
  Diagrams diagrams;
};

// Fewest distinct points for which the window's geometry is measured; repetition needs none.
inline constexpr std::uint32_t kPointsMin = 16;

// Everything that can be measured on the window as it stands. Measures that cannot be are left unset.
// Cost: about W^2 (rank + some) operations, from scratch; docs/performance.md has the split.
Reading take_reading(const atlas::Atlas& atlas, const window::State& window, Scratch& scratch);

}  // namespace cms::pipeline
