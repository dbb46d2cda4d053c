// Fitting an atlas from activations: the one place where BLAS and faiss work. Not on the hot path.
#pragma once

#include <cstdint>
#include <span>

#include "atlas/atlas.hpp"

namespace cms::atlas {

struct FitOptions {
  std::uint32_t rank = 64;              // directions kept; fewer separate less, more are noise (docs/decisions)
  std::uint32_t chart_count = 0;        // 0 = clamp(rows / 20, 32, 1024)
  std::uint32_t sketch_dimension = 32;  // of the random projection that the mixture measure reads
  std::uint32_t reference_max = 2048;   // benign reference points kept
  std::uint32_t knn_k = 5;              // neighbour whose distance `divergence` reads
  std::uint64_t seed = 1;               // of k-means and of the sketch
};

// Rows a manifold needs at least: the covariance must have more rows than directions kept, charts some rows each.
inline constexpr std::uint32_t kManifoldRowsMin = 640;
inline constexpr std::uint32_t kBenignRowsMin = 200;

// Fits projection and charts on `manifold` (texts that span what the model can do) and masses, densities and the
// reference on `benign` (honest traffic). Whitening: covariance shrunk by OAS (Chen et al. 2010, eq. 23), leading
// `rank` eigenvectors, unit variance, then the unit sphere. Charts: spherical k-means (faiss).
// Errors: `bad_input` when there are too few rows or no spread (says how many are needed), `refused` when the sets
// are of different models, layers or dimensions. Cost: seconds for 10,000 rows of 576.
Result<Atlas> fit(std::span<const ActivationSet> manifold, std::span<const ActivationSet> benign,
                  const FitOptions& options);

}  // namespace cms::atlas
