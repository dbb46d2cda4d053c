// Random accounts for the tests of the fleet: points around a few directions, charts by nearest direction.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "base/random.hpp"
#include "fleet/signature.hpp"

namespace cms::fleet {

inline constexpr std::uint32_t kExampleCharts = 96;

struct ExampleWorld {
  std::vector<std::vector<float>> centres;

  explicit ExampleWorld(std::uint64_t seed) {
    Random random(seed);
    for (std::uint32_t c = 0; c < kExampleCharts; ++c) centres.push_back(direction(random));
  }
  static std::vector<float> direction(Random& random) {
    std::vector<float> made;
    double squares = 0;
    for (std::size_t d = 0; d < kSignatureDimensions; ++d) {
      made.push_back(static_cast<float>(random.normal()));
      squares += static_cast<double>(made.back()) * made.back();
    }
    for (float& value : made) value /= static_cast<float>(std::sqrt(squares));
    return made;
  }
  // A point near the centre of `chart`, off it by `style` too where there is one; always said to lie in that chart.
  [[nodiscard]] Projected near(std::size_t chart, Random& random, std::span<const float> style = {}) const {
    Projected made;
    made.chart = static_cast<std::uint16_t>(chart);
    for (std::size_t d = 0; d < kSignatureDimensions; ++d) {
      const double off = style.empty() ? 0 : 1.5 * static_cast<double>(style[d]);
      const double moved = 60.0 * (4 * static_cast<double>(centres[chart][d]) + random.normal() / 4 + off);
      made.point.push_back(static_cast<std::int8_t>(std::lround(std::clamp(moved, -127.0, 127.0))));
    }
    return made;
  }
  void give(Signature& account, std::size_t chart, Random& random, std::span<const float> style = {}) const {
    add(account, near(chart, random, style), centres[chart]);
  }
  // `requests` requests, each in one of `charts`.
  [[nodiscard]] Signature account(const std::vector<std::uint32_t>& charts, std::uint32_t requests, Random& random,
                                  std::span<const float> style = {}) const {
    Signature made;
    for (std::uint32_t i = 0; i < requests; ++i) give(made, charts[random.below(charts.size())], random, style);
    return made;
  }
  // `count` different charts.
  static std::vector<std::uint32_t> some(std::uint32_t count, Random& random) {
    std::vector<std::uint32_t> all;
    for (std::uint32_t c = 0; c < kExampleCharts; ++c) all.push_back(c);
    random.shuffle(all);
    all.resize(count);
    return all;
  }
};

// Honest accounts of 3 to 12 charts each, `least` to `least` + 70 requests.
inline std::vector<Signature> honest_accounts(const ExampleWorld& world, std::size_t count, std::uint32_t least,
                                              Random& random) {
  std::vector<Signature> accounts;
  for (std::size_t i = 0; i < count; ++i) {
    const auto charts = ExampleWorld::some(3 + static_cast<std::uint32_t>(random.below(10)), random);
    accounts.push_back(world.account(charts, least + static_cast<std::uint32_t>(random.below(71)), random));
  }
  return accounts;
}

}  // namespace cms::fleet
