// A window's symmetric matrix of chord distances, seen without owning it.
//
// values is row-major with `stride` floats a row; (i, j) and (j, i) hold the same bits, the diagonal is 0, every
// entry is finite and in [0, 2]. Slots 0..count-1 are in use. Threads: read-only view.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace cms {

struct Distances {
  std::span<const float> values;
  std::uint32_t count = 0;
  std::uint32_t stride = 0;

  float operator()(std::uint32_t i, std::uint32_t j) const { return values[std::size_t{i} * stride + j]; }
  [[nodiscard]] const float* row(std::uint32_t i) const { return values.data() + std::size_t{i} * stride; }
};

// Slots that differ from all before them, ascending: of points at distance 0 from one another only the first.
// Cost: count^2 comparisons at most.
std::vector<std::uint32_t> distinct_slots(const Distances& distances);

// The distances of those slots alone, in the same order. `values` is storage that the result views, unless no slot is
// left out: then it is `distances` itself. Cost: as distinct_slots.
Distances distinct(const Distances& distances, std::vector<float>& values);

}  // namespace cms
