#include "lab/packed_tap.hpp"

#include <algorithm>
#include <cmath>
#include <deque>

namespace cms::lab {
namespace {

constexpr std::size_t kPast = 64;
constexpr double kFar = 2;  // the greatest chord

double chord(const Projected& a, const Projected& b) {
  std::int64_t ab = 0, aa = 0, bb = 0;
  for (std::size_t k = 0; k < a.point.size(); ++k) {
    ab += a.point[k] * b.point[k];
    aa += a.point[k] * a.point[k];
    bb += b.point[k] * b.point[k];
  }
  if (aa == 0 || bb == 0) return aa == bb ? 0 : kFar;
  const double cosine = static_cast<double>(ab) / std::sqrt(static_cast<double>(aa) * static_cast<double>(bb));
  return std::sqrt(std::max(0.0, 2 - 2 * cosine));
}

// The vectors of one request in the order they are chosen, farthest from `past` and those before first; all but the
// first farther than `bound`.
std::vector<std::uint32_t> novel(const std::vector<std::uint32_t>& request, const std::deque<std::uint32_t>& past,
                                 std::span<const Projected> projected, double bound) {
  std::vector<double> distances(request.size(), kFar);
  const auto approach = [&](std::uint32_t vector) {
    for (std::size_t i = 0; i < request.size(); ++i) {
      distances[i] = std::min(distances[i], chord(projected[request[i]], projected[vector]));
    }
  };
  for (const auto vector : past) approach(vector);
  std::vector<std::uint32_t> chosen;
  while (chosen.size() < request.size()) {
    const auto farthest = static_cast<std::size_t>(std::ranges::max_element(distances) - distances.begin());
    if (!chosen.empty() && distances[farthest] <= bound) break;
    chosen.push_back(request[farthest]);
    approach(chosen.back());
    distances[farthest] = -1;
  }
  return chosen;
}

// The place in `request` of the vector with the greatest sum of squared chords to the others; the last of equals.
std::size_t odd(const std::vector<std::uint32_t>& request, std::span<const Projected> projected) {
  std::vector<double> sums(request.size());
  for (std::size_t i = 0; i < request.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const double distance = chord(projected[request[i]], projected[request[j]]);
      sums[i] += distance * distance;
      sums[j] += distance * distance;
    }
  }
  return request.size() - 1 -
         static_cast<std::size_t>(std::max_element(sums.rbegin(), sums.rend()) - sums.rbegin());
}

}  // namespace

std::vector<std::string> sequences_of(const std::string& text, Cut cut) {
  if (cut == Cut::first) return {tap::cut_text(text, kSegment)};
  auto joined = text;
  if (cut == Cut::segments) std::ranges::replace(joined, '\n', ' ');
  auto sequences = tap::segments(joined, kSegment);
  if (sequences.size() > kSegmentsMax) sequences.resize(kSegmentsMax);
  return sequences;
}

std::vector<ShownPoint> show(std::span<const std::vector<std::uint32_t>> requests, const View& view,
                             std::span<const Projected> projected, Random& random) {
  std::vector<ShownPoint> shown;
  std::deque<std::uint32_t> past;
  for (std::uint32_t r = 0; r < requests.size(); ++r) {
    const auto& request = requests[r];
    auto chosen = request;
    if (view.choice == Choice::last) chosen = {request.back()};
    if (view.choice == Choice::odd) chosen = {request[odd(request, projected)]};
    if (view.choice == Choice::keyed) chosen = {request[random.below(request.size())]};
    if (view.choice == Choice::farthest) chosen = novel(request, past, projected, kFar);
    if (view.choice == Choice::novel) chosen = novel(request, past, projected, view.chord);
    for (const auto vector : chosen) {
      shown.push_back({vector, r});
      past.push_back(vector);
      if (past.size() > kPast) past.pop_front();
    }
  }
  return shown;
}

}  // namespace cms::lab
