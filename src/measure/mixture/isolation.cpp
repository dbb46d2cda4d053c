#include "measure/mixture/isolation.hpp"

#include <algorithm>
#include <cmath>

namespace cms::mixture {

double isolation(const Distances& distances, std::span<const std::uint32_t> path, std::size_t place) {
  const std::size_t first = place < kNeighboursInTime ? 0 : place - kNeighboursInTime;
  const std::size_t last = std::min(path.size() - 1, place + kNeighboursInTime);
  const float* row = distances.row(path[place]);
  float nearest = 2;
  for (std::size_t other = first; other <= last; ++other) {
    if (other != place) nearest = std::min(nearest, row[path[other]]);
  }
  const double square = double{nearest} * nearest;
  return square * square * square;
}

std::optional<double> isolation_covariance(const Distances& distances, std::span<const std::uint32_t> path,
                                           std::span<const float> surprisals) {
  if (path.size() < 3) return std::nullopt;
  double products = 0, isolations = 0, surprise = 0;
  for (std::size_t place = 0; place < path.size(); ++place) {
    const double alone = isolation(distances, path, place);
    const double strange = surprisals[path[place]];
    products += alone * strange;
    isolations += alone;
    surprise += strange;
  }
  const auto count = static_cast<double>(path.size());
  const double covariance = products / count - isolations / count * (surprise / count);
  if (!std::isfinite(covariance)) return std::nullopt;
  return covariance;
}

}  // namespace cms::mixture
