#include "measure/curvature/curvature.hpp"

#include <algorithm>
#include <bit>
#include <utility>
#include <vector>

namespace cms::curvature {
namespace {

// A symmetric graph without loops; row i is the set of neighbours of i, one bit a vertex.
class Graph {
 public:
  explicit Graph(std::size_t count) : count_(count), words_((count + 63) / 64), bits_(count * words_) {}

  void join(std::size_t i, std::size_t j) {
    bits_[i * words_ + j / 64] |= std::uint64_t{1} << (j % 64);
    bits_[j * words_ + i / 64] |= std::uint64_t{1} << (i % 64);
  }
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] bool joined(std::size_t i, std::size_t j) const {
    return (bits_[i * words_ + j / 64] >> (j % 64) & 1) != 0;
  }
  // Vertices joined to both; the degree when i = j, the triangles on the edge when i and j are joined.
  [[nodiscard]] std::int64_t common(std::size_t i, std::size_t j) const {
    std::int64_t sum = 0;
    for (std::size_t w = 0; w < words_; ++w) sum += std::popcount(bits_[i * words_ + w] & bits_[j * words_ + w]);
    return sum;
  }

 private:
  std::size_t count_;
  std::size_t words_;
  std::vector<std::uint64_t> bits_;
};

Graph neighbour_graph(const Distances& distances, std::uint32_t neighbours) {
  const auto slots = distinct_slots(distances);
  Graph graph(slots.size());
  std::vector<std::pair<float, std::size_t>> others;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    others.clear();
    for (std::size_t j = 0; j < slots.size(); ++j) {
      if (j != i) others.emplace_back(distances(slots[i], slots[j]), j);
    }
    const auto near = std::min<std::size_t>(neighbours, others.size());
    std::partial_sort(others.begin(), others.begin() + static_cast<std::ptrdiff_t>(near), others.end());
    for (std::size_t rank = 0; rank < near; ++rank) graph.join(i, others[rank].second);
  }
  return graph;
}

}  // namespace

std::optional<double> forman_ricci(const Distances& distances, std::uint32_t neighbours) {
  const Graph graph = neighbour_graph(distances, neighbours);
  std::vector<std::int64_t> degree(graph.count());
  for (std::size_t i = 0; i < graph.count(); ++i) degree[i] = graph.common(i, i);

  std::int64_t sum = 0;
  std::int64_t edges = 0;
  for (std::size_t i = 0; i < graph.count(); ++i) {
    for (std::size_t j = i + 1; j < graph.count(); ++j) {
      if (!graph.joined(i, j)) continue;
      sum += 4 - degree[i] - degree[j] + 3 * graph.common(i, j);
      ++edges;
    }
  }
  if (edges == 0) return std::nullopt;
  return static_cast<double>(sum) / static_cast<double>(edges);
}

}  // namespace cms::curvature
