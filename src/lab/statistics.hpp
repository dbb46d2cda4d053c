// Small statistics of the lab: how well scores separate, and how sure a rate is.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace cms::lab {

// Area under the ROC curve: P(positive > negative) + P(equal) / 2 (Mann and Whitney 1947). 0.5 when either is empty.
// Cost: n log n.
double area_under_curve(std::span<const double> positives, std::span<const double> negatives);

// Share of `positives` above the least threshold that at most `rate` of `negatives` exceed: a point of the ROC curve,
// the true-positive rate at a false-positive rate. Rises with `rate`. 0 when either is empty. Cost: n log n.
double caught_at(std::span<const double> positives, std::span<const double> negatives, double rate);

// Conformal p-value of `value` among those that rank, rising: (1 + how many are at least as great) / (1 + how many).
double conformal_p_value(std::span<const double> rising, double value);

// The value that half of them or more are not above; of two in the middle the greater. 0 of none.
double upper_median(std::vector<double> values);

// Pearson's correlation; 0 for fewer than 2 pairs or when either side is constant.
double correlation(std::span<const double> a, std::span<const double> b);

// One-sided Clopper-Pearson bounds (1934) of a rate of which `hits` of `trials` were seen, at `confidence`.
double rate_lower_bound(std::uint64_t hits, std::uint64_t trials, double confidence);
double rate_upper_bound(std::uint64_t hits, std::uint64_t trials, double confidence);

}  // namespace cms::lab
