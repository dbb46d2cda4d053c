#include "fleet/community_reading.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace cms::fleet {
namespace {

// Members that have seen each chart.
std::vector<double> visits_of(std::span<const Signature> accounts, std::span<const std::uint32_t> members) {
  std::vector<double> visits(kChartsMax);
  for (const auto member : members) {
    const auto charts = charts_of(accounts[member]);
    for (std::size_t word = 0; word < kChartWords; ++word) {
      for (auto left = charts[word]; left != 0; left &= left - 1) visits[64 * word + std::countr_zero(left)] += 1;
    }
  }
  return visits;
}

// Mean over pairs of distance_squared, in one pass: the mean of norms less the mean product of different means.
double mean_distance(std::span<const Signature> accounts, std::span<const std::uint32_t> members) {
  const auto count = static_cast<double>(members.size());
  if (members.size() < 2) return 0;
  std::array<double, kSignatureDimensions> sum{};
  double norms = 0, squares = 0;
  for (const auto member : members) {
    const auto& account = accounts[member];
    const auto mean = mean_point(account);
    double square = 0;
    for (std::size_t d = 0; d < mean.size(); ++d) {
      sum[d] += mean[d];
      square += static_cast<double>(mean[d]) * mean[d];
    }
    // Own terms removed: the square of a mean of n unit vectors holds 1 / n of their own.
    const double requests = std::max(1.0 + 1e-9, effective_requests(account));
    norms += (square - 1 / requests) / (1 - 1 / requests);
    squares += square;
  }
  double whole = 0;
  for (const double value : sum) whole += value * value;
  return 2 * (norms / count - (whole - squares) / (count * (count - 1)));
}

}  // namespace

CommunityReading read_community(std::span<const Signature> accounts, std::span<const std::uint32_t> members,
                                const BreadthNorm& norm, Pohs pohs) {
  CommunityReading reading;
  if (!pohs.empty()) {
    reading.suspects = static_cast<std::uint32_t>(
        std::count_if(members.begin(), members.end(), [&](std::uint32_t member) { return pohs[member] <= kSuspect; }));
  }
  reading.accounts = static_cast<std::uint32_t>(members.size());
  for (const auto member : members) {
    reading.requests += chart_requests(accounts[member]);
    reading.breadth += breadth_of(norm, accounts[member]) / static_cast<double>(members.size());
  }
  double total = 0, entropy = 0, shared = 0;
  const auto visits = visits_of(accounts, members);
  for (const double count : visits) total += count, shared += count * (count - 1);
  for (const double count : visits) {
    if (count == 0) continue;
    reading.charts += 1;
    entropy -= count / total * std::log(count / total);
  }
  reading.effective_charts = total > 0 ? std::exp(entropy) : 0;
  reading.distance = mean_distance(accounts, members);
  // By chance members would share charts as if each spread its visits evenly over the union.
  double squares = 0;
  for (const auto member : members) squares += std::pow(chart_count(charts_of(accounts[member])), 2);
  const double chance = reading.charts > 0 ? (total * total - squares) / reading.charts : 0;
  reading.overlap = chance > 0 ? shared / chance : 1;
  return reading;
}

std::vector<std::pair<std::uint32_t, std::uint32_t>> chart_visits(std::span<const Signature> accounts,
                                                                  std::span<const std::uint32_t> members) {
  const auto visits = visits_of(accounts, members);
  std::vector<std::pair<std::uint32_t, std::uint32_t>> seen;
  for (std::uint32_t c = 0; c < kChartsMax; ++c) {
    if (visits[c] > 0) seen.emplace_back(c, static_cast<std::uint32_t>(visits[c]));
  }
  return seen;
}

double style_distance(std::span<const Signature> accounts, std::span<const std::uint32_t> members) {
  members = members.first(std::min<std::size_t>(members.size(), 100));
  double sum = 0, pairs = 0;
  for (std::size_t i = 0; i < members.size(); ++i) {
    for (std::size_t j = i + 1; j < members.size(); ++j, ++pairs) {
      sum += style_distance_squared(accounts[members[i]], accounts[members[j]]);
    }
  }
  return pairs > 0 ? sum / pairs : 0;
}

}  // namespace cms::fleet
