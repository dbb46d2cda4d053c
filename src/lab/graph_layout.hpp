// Where the dots of a graph lie so that those that are linked lie together: Fruchterman and Reingold's forces, by
// igraph.
//
// Equal links, equal places. Threads: as fleet/communities.hpp, one source of chance in a process; it is seeded here.
// Cost: squares of dots times some hundred rounds: for a thousand dots at most.
// Reference: Fruchterman, Reingold, Graph drawing by force-directed placement, 1991.
#pragma once

#include <cstdint>
#include <span>
#include <utility>

#include "base/result.hpp"
#include "lab/outcome.hpp"

namespace cms::lab {

// Puts `graph.dots` at places in 0..1, the whole of it filled. Errors: `failed` when igraph fails; `bad_input` when a
// link names a dot that is not there.
Result<void> lay_out(Graph& graph);

}  // namespace cms::lab
