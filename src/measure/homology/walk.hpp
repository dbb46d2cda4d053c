// The walk over the edges of a window in their order. Inner header of this folder; the rules are those of homology.hpp.
#pragma once

#include "measure/homology/homology.hpp"

namespace cms::homology {

// Sorts all edges of `distances` into `state`, nothing known of their lunes.
void keep_order(const Distances& distances, State& state, Scratch& scratch);

// Walks the kept edges; with a `change` those before it, the new point's merged in and the old one's left out. The
// order in `state` is afterwards that of `distances`. Requires 2 points or more.
Work walk_kept(const Distances& distances, const RowChange* change, const Options& options, State& state,
               Scratch& scratch, Diagrams& out);

}  // namespace cms::homology
