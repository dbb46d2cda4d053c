// Distance matrices of points in flat space, for the tests of measures that read nothing but distances.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "types/distances.hpp"

namespace cms {

// Rows of coordinates.
using Points = std::vector<std::vector<double>>;

// A square matrix that owns what Distances looks at; one column more than needed, to catch a mixed-up stride.
struct Matrix {
  std::vector<float> values;
  std::uint32_t count;

  [[nodiscard]] Distances view() const { return {values, count, count + 1}; }
};

// Distances of all pairs, in double before rounding.
inline Matrix euclidean(const Points& points) {
  const auto n = points.size();
  Matrix matrix{std::vector<float>(n * (n + 1), -1.0F), static_cast<std::uint32_t>(n)};
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      double sum = 0;
      for (std::size_t c = 0; c < points[i].size(); ++c) sum += std::pow(points[i][c] - points[j][c], 2);
      matrix.values[i * (n + 1) + j] = static_cast<float>(std::sqrt(sum));
    }
  }
  return matrix;
}

}  // namespace cms
