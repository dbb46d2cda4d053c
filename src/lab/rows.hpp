// The requests of one account as rows of numbers, and what detectors that look through a window share.
//
// Threads: pure functions.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstdint>
#include <span>

#include "lab/corpus.hpp"

namespace cms::lab {

using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// The points of these rows of the corpus, n x rank.
Rows points_of(const Corpus& corpus, std::span<const std::uint32_t> rows);

// Inner products of all pairs of rows, n x n. Cost: n^2 d / 2, on the calling thread alone.
Eigen::MatrixXf products_of(const Rows& rows);

// Squared distances of all pairs of rows, n x n, from inner products. Cost: as those.
Eigen::MatrixXd squared_distances(const Rows& rows);

// The greatest of judge(first, size) over windows of `window` rows begun every `step`; fewer rows are one window. 0 for
// fewer than 2 rows.
template <typename Judge>
double greatest_over_windows(Eigen::Index rows, Eigen::Index window, Eigen::Index step, const Judge& judge) {
  if (rows < 2) return 0;
  const Eigen::Index size = std::min(rows, window);
  double greatest = judge(Eigen::Index{0}, size);
  for (Eigen::Index first = step; first + size <= rows; first += step) {
    greatest = std::max(greatest, judge(first, size));
  }
  return greatest;
}

}  // namespace cms::lab
