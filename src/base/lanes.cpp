#include "base/lanes.hpp"

#include <algorithm>

namespace cms {

void put_row(std::span<std::int8_t> lanes, std::size_t row, std::span<const std::int8_t> values) {
  std::int8_t* pair = lanes.data() + lane_offset(row, values.size());
  for (std::size_t i = 0; i < values.size(); ++i) pair[i / 2 * 2 * kLanes + i % 2] = values[i];
}

void get_row(std::span<const std::int8_t> lanes, std::size_t row, std::span<std::int8_t> values) {
  const std::int8_t* pair = lanes.data() + lane_offset(row, values.size());
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = pair[i / 2 * 2 * kLanes + i % 2];
}

void products(std::span<const std::int8_t> lanes, std::span<const std::int8_t> query, std::span<std::int32_t> out) {
  const std::size_t pairs = (query.size() + 1) / 2;
  std::fill(out.begin(), out.end(), 0);
  for (std::size_t block = 0; block * kLanes < out.size(); ++block) {
    for (std::size_t i = 0; i < query.size(); ++i) {
      const std::int8_t* pair = lanes.data() + (block * pairs + i / 2) * 2 * kLanes + i % 2;
      for (std::size_t lane = 0; lane < kLanes; ++lane) out[block * kLanes + lane] += query[i] * pair[2 * lane];
    }
  }
}

}  // namespace cms
