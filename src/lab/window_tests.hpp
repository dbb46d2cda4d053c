// Two-sample statistics: how unlike a reference of benign requests a window of others is, as a sample.
//
// Each is prepared once for all rows of a table and a reference among them, and then says one number a window, higher
// for less alike. Constants of the reference are left out where they are the same for every window: they change no
// rank.
// Invariants: a statistic does not depend on the order of a window's rows.
// Threads: pure functions; what was prepared is read-only. Rows are given by their number in the table.
// References: Gretton et al., A kernel two-sample test, JMLR 13, 2012 (MMD, lemma 6); Harchaoui, Bach, Moulines,
// Testing for homogeneity with kernel Fisher discriminant analysis, 2008 (means beside a shrunk covariance); Ledoit and
// Wolf, JMVA 88, 2004 (why it is shrunk). Page: docs/lab/mmd.md.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lab/baselines.hpp"

namespace cms::lab {

using RowNumbers = std::span<const std::uint32_t>;

// Maximum mean discrepancy with a mean of Gaussian kernels.
struct KernelTest {
  Rows points;                       // n x d
  std::vector<double> scales;        // 1 / (2 h^2) for each bandwidth h
  std::vector<double> to_reference;  // mean kernel of each row to the reference
};

// Bandwidths are `factors` times the median distance within the reference (at most 500 rows of it, the first).
// Requires 2 reference rows that differ. Cost: n reference d multiply-adds.
KernelTest make_kernel_test(Rows points, RowNumbers reference, std::span<const double> factors);

// Unbiased squared MMD between window and reference, less the reference's own term. 0 below 2 rows.
// Cost: window^2 (d + bandwidths) / 2.
double kernel_discrepancy(const KernelTest& test, RowNumbers window);

// Unbiased squared distance between the means of window and reference: MMD with a linear kernel. `points` are centred
// on the reference's mean. 0 below 2 rows. Cost: window d.
double mean_discrepancy(const Rows& points, RowNumbers window);

// Of each row, the mean distance to its `neighbours` nearest reference rows, itself left out.
// Cost: as make_kernel_test.
std::vector<double> nearest_distances(const Rows& points, RowNumbers reference, std::uint32_t neighbours);

// Mean of a value over the window; 0 of none.
double mean_over(std::span<const double> values, RowNumbers window);

// Rows divided by their length; a row of zeros stays.
Rows unit_rows(const Rows& rows);

// `rows` centred on the reference and scaled by the inverse root of its covariance plus `ridge` times its mean
// variance: directions in which the reference hardly varies count most, but not without bound. mean_discrepancy() of
// these is a Hotelling T^2 that is defined for fewer reference rows than dimensions. Requires 2 reference rows that
// differ. Cost: (rows + reference) d^2 + d^3.
Rows shrunk_points(const Rows& rows, RowNumbers reference, double ridge);

}  // namespace cms::lab
