#include "types/distances.hpp"

#include <algorithm>

namespace cms {

std::vector<std::uint32_t> distinct_slots(const Distances& distances) {
  std::vector<std::uint32_t> kept;
  for (std::uint32_t i = 0; i < distances.count; ++i) {
    const auto repeats = [&](std::uint32_t j) { return distances(i, j) == 0; };
    if (std::none_of(kept.begin(), kept.end(), repeats)) kept.push_back(i);
  }
  return kept;
}

}  // namespace cms
