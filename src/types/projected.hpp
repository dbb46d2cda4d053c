// One activation as the atlas sees it: everything later stages need, the raw vector left behind.
//
// `point` lies on the unit sphere of the whitened space, rounded once to int8 with one scale; its direction is all
// that counts, so every cosine starts from exact integer dot products and is the same on every machine.
#pragma once

#include <cstdint>
#include <vector>

namespace cms {

struct Projected {
  std::vector<std::int8_t> point;   // rank r (64 by default)
  std::vector<std::int8_t> sketch;  // seeded random projection of the normalised raw activation, 64
  std::uint16_t chart = 0;          // nearest chart
  float tangent_residual = 0;       // share of the offset from the chart's centre outside its tangent frame, [0, 1]
  float benign_knn = 0;             // chord distance to the k-th nearest benign reference point
  float benign_kernel = 0;          // weighted mean kernel to the benign reference
};

}  // namespace cms
