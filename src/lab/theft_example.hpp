// What the tests of both thefts are made of.
#pragma once

#include <Eigen/Core>

#include "base/random.hpp"

namespace cms::lab {

// Independent normal entries.
inline Eigen::MatrixXd noise(Random& random, Eigen::Index rows, Eigen::Index columns, double scale = 1) {
  Eigen::MatrixXd result(rows, columns);
  for (Eigen::Index i = 0; i < rows; ++i) {
    for (Eigen::Index k = 0; k < columns; ++k) result(i, k) = scale * random.normal();
  }
  return result;
}

}  // namespace cms::lab
