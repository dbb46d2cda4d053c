// The generalised Pareto law, for what lies beyond a threshold.
//
// References: Pickands, Statistical inference using extreme order statistics, Annals of Statistics 3, 1975; Hosking and
// Wallis, Parameter and quantile estimation for the generalized Pareto distribution, Technometrics 29, 1987 (their k is
// minus the shape here). Threads: pure functions.
#pragma once

#include <span>

namespace cms {

struct Pareto {
  double scale = 1;  // > 0
  double shape = 0;  // >= 0; 0 = exponential, the greater the heavier
};

// By probability-weighted moments, the shape held within 0..shape_max (< 1). `excesses`: two or more, at least 0,
// rising. The scale may come out as 0 where all are. Cost: linear.
Pareto fit_pareto(std::span<const double> excesses, double shape_max);

// P(excess > x) and minus its logarithm, for x >= 0.
double survival(const Pareto& law, double excess);
double log_rarity(const Pareto& law, double excess);
// The excess of this log_rarity(), >= 0.
double excess_of(const Pareto& law, double rarity);

}  // namespace cms
