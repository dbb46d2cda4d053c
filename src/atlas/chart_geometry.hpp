// The shape of the manifold around one chart: tangent frame, intrinsic dimension, scalar curvature, radius.
//
// Everything is taken in the tangent space of the unit sphere S^(r-1) at the chart's centroid, by the logarithm map.
// The *local rows* are as many of the nearest distinct rows as the chart owns, at least kLocalMin (neighbouring
// charts fill up small ones) and at most kLocalMax; the curvature fit takes the kFitMax nearest; neighbours of local
// rows are sought among four times as many (at least kFitMax), so that no edge cuts their neighbourhoods. Invariants
//  1. the frame is orthonormal, orthogonal to the centroid, and the largest entry of each direction is positive;
//  2. no value is NaN or infinite: what the rows do not determine is empty.
// Threads: pure functions. Cost of a chart: at most 4 x local^2 x r, and one r x r eigenproblem.
// Reference: docs/measures/curvature.md, docs/measures/dimension.md.
#pragma once

#include <Eigen/Dense>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace cms::atlas {

inline constexpr std::uint32_t kFrameDimensionMax = 6;
inline constexpr std::size_t kLocalMin = 16;
inline constexpr std::size_t kLocalMax = 256;
// Rows of the quadratic fit where there are as many. Fewer give noise: docs/measures/curvature.md has the table.
inline constexpr std::size_t kFitMax = 256;

// One chart seen from the set of rows it was fitted on. Nothing is owned.
struct ChartRows {
  std::span<const float> values;  // n x rank, row-major, finite unit rows of the whole set
  std::uint32_t rank = 0;
  std::span<const std::uint32_t> own;      // rows of the chart, in any order
  std::span<const std::uint32_t> nearest;  // rows of the set, nearest to the centroid first: all of them, or at least
                                           // max(kFitMax, 4 x own) distinct ones
};

struct ChartGeometry {
  std::vector<float> frame;           // frame_dimension x rank, row-major, by falling variance
  std::uint32_t frame_dimension = 0;  // 1..kFrameDimensionMax; 0 when the local rows are all one point
  std::optional<double> dimension;    // Levina-Bickel over the local rows; empty on fewer than 3 distinct rows
  std::optional<double> two_nn;       // TwoNN over the same
  // Intrinsic scalar curvature, the ambient sphere's share included, in 1/radian^2: m(m-1) for a great sphere,
  // m(m-1)/R^2 for a small one of chord radius R, 0 for a flat torus. Empty: too few rows for the fit.
  std::optional<double> scalar_curvature;
  std::array<float, 3> radius{};      // chord distance of 50%, 90%, 100% of the own rows to the centroid
};

// `centroid` holds rank floats, not all 0; it is normalised here.
[[nodiscard]] ChartGeometry chart_geometry(const ChartRows& rows, std::span<const float> centroid);

// The extrinsic part of the scalar curvature of a graph over its tangent plane, by Gauss' equation: the sum over
// i != j of <II(e_i, e_i), II(e_j, e_j)> - |II(e_i, e_j)|^2 (for a surface in flat space: twice Gauss' curvature).
// `tangent` is N x m, `normal` N x q, in the same unit of length around the point of interest; II is the quadratic
// part of a ridge fit of normal over tangent, and what noise in `normal` adds to the products on average is taken
// off. 0 for m = 1. Empty: N < 3 m(m+1)/2, or points that leave some quadratic coefficient undetermined.
[[nodiscard]] std::optional<double> extrinsic_scalar_curvature(const Eigen::MatrixXd& tangent,
                                                               const Eigen::MatrixXd& normal);

// Share in [0, 1] of the logarithm of `point` at `centroid` that lies outside the frame (rows orthonormal and
// orthogonal to the centroid). 0 at the centroid, 1 at its antipode, where the logarithm has no direction; `point`
// counts by its direction only. Each sum has eight partial ones, added in one order: the same bits on every machine.
// Cost: 2 x frame entries. `offset` is memory for rank doubles; without it, it is allocated.
[[nodiscard]] double tangent_residual(std::span<const float> point, std::span<const float> centroid,
                                      std::span<const float> frame, std::span<double> offset);
[[nodiscard]] double tangent_residual(std::span<const float> point, std::span<const float> centroid,
                                      std::span<const float> frame);

}  // namespace cms::atlas
