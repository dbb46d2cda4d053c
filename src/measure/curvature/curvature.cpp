#include "measure/curvature/curvature.hpp"

#include <algorithm>

namespace cms::curvature {
namespace {

// Bits set in each byte of a word, side by side: at most 8 each. std::popcount is a call where the baseline lacks the
// instruction; up to 31 of these add up before their bytes have to be summed.
std::uint64_t byte_counts(std::uint64_t word) {
  word -= word >> 1 & 0x5555555555555555U;
  word = (word & 0x3333333333333333U) + (word >> 2 & 0x3333333333333333U);
  return (word + (word >> 4)) & 0x0F0F0F0F0F0F0F0FU;
}

std::uint64_t sum_of_bytes(std::uint64_t word) {
  word = (word & 0x00FF00FF00FF00FFU) + (word >> 8 & 0x00FF00FF00FF00FFU);
  return word * 0x0001000100010001U >> 48;
}

// Joins every point with its first `limit` neighbours; the number of edges, each entered once.
std::size_t join(const Neighbours& neighbours, std::uint32_t limit, std::size_t words, Scratch& scratch) {
  scratch.rows.assign(neighbours.count * words, 0);
  scratch.degrees.assign(neighbours.count, 0);
  scratch.edges.resize(2 * (std::size_t{neighbours.count} * limit + 1));  // one more, written and not kept
  // Pointers of our own: a byte that is written may be any byte, and the vectors would be asked again for theirs.
  std::uint64_t* rows = scratch.rows.data();
  std::uint32_t* degrees = scratch.degrees.data();
  std::uint8_t* edge = scratch.edges.data();
  for (std::uint32_t i = 0; i < neighbours.count; ++i) {
    const std::uint8_t* near = neighbours.slots_of(i);
    const std::uint64_t bit = std::uint64_t{1} << i % 64;
    std::uint64_t* column = rows + i / 64;
    std::uint32_t found = 0;
    for (std::uint32_t rank = 0; rank < limit; ++rank) {
      const std::uint32_t j = near[rank];
      std::uint64_t& word = rows[i * words + j / 64];
      const auto fresh = static_cast<std::uint32_t>(~word >> j % 64 & 1);
      word |= std::uint64_t{1} << j % 64;
      column[j * words] |= bit;
      degrees[j] += fresh;
      found += fresh;
      edge[0] = static_cast<std::uint8_t>(i);
      edge[1] = static_cast<std::uint8_t>(j);
      edge += 2 * fresh;
    }
    degrees[i] += found;
  }
  return static_cast<std::size_t>(edge - scratch.edges.data()) / 2;
}

// Sum over the edges of the vertices joined to both ends: three times the number of triangles.
template <std::size_t kWords>
std::uint64_t common(std::size_t edges, const Scratch& scratch) {
  constexpr std::size_t kBatch = 28 / kWords;  // at most 28 words of 8 a byte
  std::uint64_t total = 0;
  for (std::size_t first = 0; first < edges; first += kBatch) {
    std::uint64_t bytes = 0;
    const std::size_t last = std::min(edges, first + kBatch);
    for (std::size_t edge = first; edge < last; ++edge) {
      const std::uint64_t* a = scratch.rows.data() + scratch.edges[2 * edge] * kWords;
      const std::uint64_t* b = scratch.rows.data() + scratch.edges[2 * edge + 1] * kWords;
      for (std::size_t w = 0; w < kWords; ++w) bytes += byte_counts(a[w] & b[w]);
    }
    total += sum_of_bytes(bytes);
  }
  return total;
}

}  // namespace

std::optional<double> forman_ricci(const Neighbours& neighbours, Scratch& scratch, std::uint32_t limit) {
  // One, two or four words a row, so that the inner loop has a fixed length.
  const std::size_t words = neighbours.count <= 64 ? 1 : neighbours.count <= 128 ? 2 : 4;
  const std::size_t edges = join(neighbours, std::min(limit, neighbours.k), words, scratch);
  if (edges == 0) return std::nullopt;
  const std::uint64_t shared = words == 1   ? common<1>(edges, scratch)
                               : words == 2 ? common<2>(edges, scratch)
                                            : common<4>(edges, scratch);
  // Every edge takes off the degrees of its ends: every vertex its degree as often as it has edges.
  std::int64_t sum = 4 * static_cast<std::int64_t>(edges) + 3 * static_cast<std::int64_t>(shared);
  for (const std::int64_t degree : scratch.degrees) sum -= degree * degree;
  return static_cast<double>(sum) / static_cast<double>(edges);
}

std::optional<double> forman_ricci(const Distances& distances, std::uint32_t limit) {
  std::vector<float> values;
  Neighbours neighbours;
  nearest(distinct(distances, values), limit, neighbours);
  Scratch scratch;
  return forman_ricci(neighbours, scratch, limit);
}

}  // namespace cms::curvature
