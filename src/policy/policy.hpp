// The ladder: what follows from a score. A score is never an accusation; the mildest rung that fits is taken.
#pragma once

#include "types/score.hpp"

namespace cms::policy {

// Greatest PoH at which each rung applies; descending. Review at the bottom, allow above `observe`.
struct Ladder {
  double observe = 0.10;
  double price = 0.05;
  double limit = 0.01;
  double review = 0.001;
};

// The rung of a score; an account of which nothing is known yet is allowed. Cost: four comparisons.
Action decide(const Ladder& ladder, const Score& score);

}  // namespace cms::policy
