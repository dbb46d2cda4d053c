#include "measure/coherence/coherence.hpp"

#include <algorithm>
#include <cmath>

namespace cms::coherence {
namespace {

double square(double x) { return x * x; }

}  // namespace

std::optional<double> above_mean(const Distances& distances, std::span<const std::uint32_t> path,
                                 double mean_cosine) {
  if (path.size() < 3) return std::nullopt;
  double squares = 0;
  for (std::size_t i = 1; i < path.size(); ++i) squares += square(distances(path[i - 1], path[i]));
  return 1 - squares / (2 * static_cast<double>(path.size() - 1)) - mean_cosine;
}

std::optional<double> turning_angle(const Distances& distances, std::span<const std::uint32_t> path) {
  double angles = 0;
  std::uint32_t turns = 0;
  double step = 0;  // length of the last step; 0 before the first
  std::uint32_t a = 0;
  std::uint32_t b = path.empty() ? 0 : path[0];
  for (const std::uint32_t c : path) {
    const double next = distances(b, c);
    if (next == 0) continue;
    if (step > 0) {
      // <b - a, c - b> by the law of cosines in the triangle a, b, c.
      const double inner = (square(distances(a, c)) - square(step) - square(next)) / 2;
      angles += std::acos(std::clamp(inner / (step * next), -1.0, 1.0));
      ++turns;
    }
    a = b;
    b = c;
    step = next;
  }
  if (turns == 0) return std::nullopt;
  return angles / turns;
}

}  // namespace cms::coherence
