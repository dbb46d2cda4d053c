#include "measure/homology/edges.hpp"

#include <array>
#include <limits>
#include <utility>

namespace cms::homology {
namespace {

constexpr std::uint32_t kDigitBits = 11;  // three digits cover the 32 bits of a length
constexpr std::uint32_t kDigits = 3;
constexpr std::uint32_t kDigitValues = 1U << kDigitBits;

std::uint32_t digit(Edge edge, std::uint32_t place) {
  return edge >> (16 + place * kDigitBits) & (kDigitValues - 1);
}

// In (i, j) order, so that a stable sort by length alone gives the whole order.
void collect(const Distances& distances, float length_max, std::vector<Edge>& edges) {
  edges.resize(std::size_t{distances.count} * (distances.count - 1) / 2);
  std::size_t kept = 0;
  for (std::uint32_t i = 0; i < distances.count; ++i) {
    const float* row = distances.row(i);
    for (std::uint32_t j = i + 1; j < distances.count; ++j) {
      edges[kept] = make_edge(row[j], i, j);
      kept += row[j] <= length_max;
    }
  }
  edges.resize(kept);
}

}  // namespace

void sort_edges(const Distances& distances, float length_max, std::vector<Edge>& edges, std::vector<Edge>& spare) {
  edges.clear();
  if (distances.count < 2) return;
  collect(distances, length_max, edges);
  spare.resize(edges.size());

  std::array<std::array<std::uint32_t, kDigitValues>, kDigits> starts{};
  for (const Edge edge : edges) {
    for (std::uint32_t place = 0; place < kDigits; ++place) ++starts[place][digit(edge, place)];
  }
  for (std::uint32_t place = 0; place < kDigits; ++place) {
    auto& start = starts[place];
    if (start[digit(edges[0], place)] == edges.size()) continue;
    std::uint32_t sum = 0;
    for (auto& entry : start) sum += std::exchange(entry, sum);
    for (const Edge edge : edges) spare[start[digit(edge, place)]++] = edge;
    edges.swap(spare);
  }
}

}  // namespace cms::homology
