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

Distances distinct(const Distances& distances, std::vector<float>& values) {
  const auto slots = distinct_slots(distances);
  const auto count = static_cast<std::uint32_t>(slots.size());
  if (count == distances.count) return distances;
  values.clear();
  for (const auto i : slots) {
    for (const auto j : slots) values.push_back(distances(i, j));
  }
  return {values, count, count};
}

}  // namespace cms
