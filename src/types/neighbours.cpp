#include "types/neighbours.hpp"

#include <algorithm>
#include <utility>

namespace cms {

void nearest(const Distances& distances, std::uint32_t k, Neighbours& out) {
  out.count = distances.count;
  out.k = distances.count == 0 ? 0 : std::min(k, distances.count - 1);
  out.slots.clear();
  out.lengths.clear();
  std::vector<std::pair<float, std::uint32_t>> others;
  for (std::uint32_t i = 0; i < out.count; ++i) {
    others.clear();
    for (std::uint32_t j = 0; j < out.count; ++j) {
      if (j != i) others.emplace_back(distances(i, j), j);
    }
    std::sort(others.begin(), others.end());
    for (std::uint32_t rank = 0; rank < out.k; ++rank) {
      out.lengths.push_back(others[rank].first);
      out.slots.push_back(static_cast<std::uint8_t>(others[rank].second));
    }
  }
}

}  // namespace cms
