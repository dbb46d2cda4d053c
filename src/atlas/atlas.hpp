// The atlas: the fitted reference against which every account is seen.
//
// It holds the projection (centring, whitening, rank r), the charts with their geometry, and the benign reference.
// Calibration is another stage's (score); both lie in one file (atlas/file.hpp).
//
// Invariants
//  1. Centroids and reference points have unit length (up to float rounding); log densities are finite.
//  2. An atlas never changes after fit() or decode(): any number of threads may read it.
//  3. project() is a pure function; the same vector gives the same bytes on every machine.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "atlas/layouts.hpp"
#include "base/aligned.hpp"
#include "base/bytes.hpp"
#include "base/result.hpp"
#include "types/activation.hpp"
#include "types/projected.hpp"

namespace cms::atlas {

// One cell of the atlas.
struct Chart {
  float benign_mass = 0;          // share of honest traffic
  float log_density = 0;          // natural log of the smoothed share
  std::array<float, 3> radius{};  // chord distance of its rows to the centroid: median, 90%, greatest
  std::uint32_t frame_dimension = 0;
  std::optional<float> dimension;         // Levina-Bickel
  std::optional<float> two_nn;            // TwoNN
  std::optional<float> scalar_curvature;  // Gauss' equation; empty = not computed
};

// Benign reference points an atlas may have: what is derived from them costs their square.
inline constexpr std::uint32_t kReferenceMax = 8192;

struct Atlas {
  Manifest manifest;  // of the sets it was fitted on
  std::uint32_t rank = 0;
  std::uint32_t sketch_dimension = 0;
  std::vector<float> mean;        // d
  std::vector<float> projection;  // rank x d: whitened principal directions
  std::vector<float> sketch;      // sketch_dimension x d: Gaussian random projection
  std::vector<float> centroids;   // K x rank, unit length
  std::vector<Chart> charts;      // K
  std::vector<float> frames;      // K x kFrameDimensionMax x rank; rows beyond frame_dimension are 0

  // Benign reference: honest points with weights that sum to 1, for kernel statistics.
  std::vector<std::int8_t> reference;    // N x rank
  std::vector<float> reference_weights;  // N
  std::uint32_t knn_k = 0;
  float bandwidth = 0;       // of the Gaussian kernel exp(-d^2 / (2 h^2)), chord lengths
  float reference_self = 0;  // unbiased mean kernel between two different reference points

  std::string provenance;  // JSON text: what it was fitted on, when asked to say so

  Layouts layouts;  // derived from the above, for project()

  [[nodiscard]] std::uint32_t chart_count() const { return static_cast<std::uint32_t>(charts.size()); }
  [[nodiscard]] std::span<const float> centroid(std::size_t chart) const {
    return {centroids.data() + chart * rank, rank};
  }
  [[nodiscard]] std::span<const float> frame(std::size_t chart) const;
};

// Memory that the functions below reuse; what it holds says nothing. One a thread.
struct NearestScratch {
  std::vector<std::int8_t> rounded;
  std::vector<float> errors;
  AlignedVector<std::int32_t> products;
  std::vector<std::uint32_t> near;
};
struct ProjectScratch {
  AlignedVector<float> centred, outputs, squares;
  std::vector<float> points;
  std::vector<std::int8_t> rounded;
  std::vector<double> offset;
  AlignedVector<std::int32_t> products;
  NearestScratch nearest;
};

// Projects one raw vector of `manifest.dimension` finite floats, or out.size() of them one after the other; the same
// bytes for any number at once. Cost: (rank + sketch_dimension) * d + (K + N) * rank multiply-adds each. Allocates
// only when `scratch` or a result is new. Requires finite input (readers refuse other) and derive() before.
void project(const Atlas& atlas, std::span<const float> raw, ProjectScratch& scratch, Projected& out);
void project(const Atlas& atlas, std::span<const float> raws, ProjectScratch& scratch, std::span<Projected> out);

// The same with memory of its own, for those who are in no hurry.
Projected project(const Atlas& atlas, std::span<const float> raw);

// The same point before rounding: unit vector of `rank` floats (all 0 when the raw vector is the mean itself).
std::vector<float> project_point(const Atlas& atlas, std::span<const float> raw);

// Nearest chart of each of charts.size() points of `rank` finite floats: the greatest dot() (base/kernels.hpp) with a
// centroid, the lowest number wins ties; the same for any number of points at once. Cost: K * rank int8 multiply-adds
// and a few float products for points of about unit length, K float products for others (src/atlas/nearest.cpp).
void nearest_charts(const Atlas& atlas, std::span<const float> points, NearestScratch& scratch,
                    std::span<std::uint16_t> charts);
std::uint16_t nearest_chart(const Atlas& atlas, std::span<const float> point);

// Layout: docs/formats/atlas.md, section "geometry".
void encode(const Atlas& atlas, ByteWriter& out);
// Errors: `bad_input` when the bytes end early or an invariant fails.
Result<Atlas> decode(ByteReader& in);

}  // namespace cms::atlas
