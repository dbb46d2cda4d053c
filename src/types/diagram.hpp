// Persistence diagrams of a Vietoris-Rips filtration.
#pragma once

#include <compare>
#include <vector>

namespace cms {

// One class of homology: it appears at scale `birth` and is filled at scale `death` (chord lengths).
struct Bar {
  float birth = 0;
  float death = 0;
  auto operator<=>(const Bar&) const = default;
};

// Finite bars of positive length, Z/2 coefficients; the one infinite H0 bar is left out. H1 has none.
struct Diagrams {
  std::vector<Bar> h0;
  std::vector<Bar> h1;
  bool truncated = false;  // bars of H1 are missing: a work budget ended, or H0 alone was asked for
};

}  // namespace cms
