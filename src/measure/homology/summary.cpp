#include <algorithm>
#include <cmath>

#include "measure/homology/homology.hpp"

namespace cms::homology {
namespace {

double length(const Bar& bar) { return double{bar.death} - double{bar.birth}; }

// Index of the first scale at or above `length`, kScales if there is none. Exact: the step is a power of two.
std::size_t first_scale(float length) {
  return static_cast<std::size_t>(std::min(std::ceil(length / kScaleStep), static_cast<double>(kScales)));
}

Persistence with_betti(const std::vector<Bar>& bars) {
  Persistence result = persistence(bars);
  for (const Bar& bar : bars) {
    for (std::size_t s = first_scale(bar.birth); s < first_scale(bar.death); ++s) ++result.betti[s];
  }
  return result;
}

Landscape landscape(const std::vector<Bar>& bars) {
  Landscape result;
  for (const Bar& bar : bars) {
    for (std::size_t s = first_scale(bar.birth); s < first_scale(bar.death); ++s) {
      const double scale = kScaleStep * static_cast<double>(s);
      double height = std::min(scale - bar.birth, bar.death - scale);
      // Insertion among the few highest, highest first.
      for (auto& layer : result.values) {
        if (height > layer[s]) std::swap(height, layer[s]);
      }
    }
  }
  return result;
}

}  // namespace

Persistence persistence(std::span<const Bar> bars) {
  Persistence result;
  result.bars = static_cast<std::uint32_t>(bars.size());
  for (const Bar& bar : bars) {
    result.total += length(bar);
    result.max = std::max(result.max, length(bar));
  }
  for (const Bar& bar : bars) result.entropy += length(bar) / result.total * std::log(result.total / length(bar));
  return result;
}

Summary summarise(const Diagrams& diagrams) {
  Summary summary;
  summary.h0 = with_betti(diagrams.h0);
  for (auto& components : summary.h0.betti) ++components;
  if (!diagrams.truncated) {
    summary.h1 = with_betti(diagrams.h1);
    summary.h1_landscape = landscape(diagrams.h1);
  }
  return summary;
}

}  // namespace cms::homology
