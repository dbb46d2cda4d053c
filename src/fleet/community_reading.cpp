#include "fleet/community_reading.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace cms::fleet {
namespace {

constexpr double kMeanUnit = 1.0 / (1 << 30), kSquareUnit = 1.0 / (1LL << 32);

std::int64_t units(double value, double unit) { return std::llround(value / unit); }

}  // namespace

void CommunitySums::put(const Signature& account, const BreadthNorm& norm, std::int64_t sign) {
  std::int64_t charts = 0;
  const auto seen = charts_of(account);
  for (std::size_t word = 0; word < kChartWords; ++word) {
    for (auto left = seen[word]; left != 0; left &= left - 1, ++charts) {
      visits_[64 * word + static_cast<std::size_t>(std::countr_zero(left))] += static_cast<std::uint32_t>(sign);
    }
  }
  double square = 0;
  const auto mean = mean_point(account);
  for (std::size_t d = 0; d < mean.size(); ++d) {
    means_[d] += sign * units(mean[d], kMeanUnit);
    square += static_cast<double>(mean[d]) * mean[d];
  }
  // Own terms removed: the square of a mean of n unit vectors holds 1 / n of their own.
  const double own = 1 / std::max(1.001, effective_requests(account));
  norms_ += sign * units((square - own) / (1 - own), kSquareUnit);
  squares_ += sign * units(square, kSquareUnit);
  breadth_ += sign * units(breadth_of(norm, account), kSquareUnit);
  requests_ += sign * static_cast<std::int64_t>(chart_requests(account));
  chart_squares_ += sign * charts * charts;
  accounts_ += sign;
}

// Mean over pairs of distance_squared: the mean of norms less the mean product of different means.
double CommunitySums::mean_distance() const {
  if (accounts_ < 2) return 0;
  const auto count = static_cast<double>(accounts_);
  double whole = 0;
  for (const auto sum : means_) whole += std::pow(kMeanUnit * static_cast<double>(sum), 2);
  const double norms = kSquareUnit * static_cast<double>(norms_), squares = kSquareUnit * static_cast<double>(squares_);
  return 2 * (norms / count - (whole - squares) / (count * (count - 1)));
}

CommunityReading CommunitySums::reading() const {
  CommunityReading reading;
  reading.accounts = static_cast<std::uint32_t>(accounts_);
  reading.requests = static_cast<std::uint64_t>(requests_);
  reading.breadth = kSquareUnit * static_cast<double>(breadth_) / static_cast<double>(accounts_);
  reading.distance = mean_distance();
  double total = 0, entropy = 0, shared = 0;
  for (const double count : visits_) total += count, shared += count * (count - 1);
  for (const double count : visits_) {
    if (count == 0) continue;
    reading.charts += 1;
    entropy -= count / total * std::log(count / total);
  }
  reading.effective_charts = total > 0 ? std::exp(entropy) : 0;
  // By chance members would share charts as if each spread its visits evenly over the union.
  const auto squares = static_cast<double>(chart_squares_);
  const double chance = reading.charts > 0 ? (total * total - squares) / reading.charts : 0;
  reading.overlap = chance > 0 ? shared / chance : 1;
  return reading;
}

std::vector<std::pair<std::uint32_t, std::uint32_t>> CommunitySums::visits() const {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> seen;
  for (std::uint32_t c = 0; c < kChartsMax; ++c) {
    if (visits_[c] > 0) seen.emplace_back(c, visits_[c]);
  }
  return seen;
}

CommunitySums sums_of(std::span<const Signature> accounts, std::span<const std::uint32_t> members,
                      const BreadthNorm& norm) {
  CommunitySums sums;
  for (const auto member : members) sums.add(accounts[member], norm);
  return sums;
}

std::optional<std::uint32_t> suspects_among(std::span<const std::uint32_t> members, Pohs pohs) {
  if (pohs.empty()) return std::nullopt;
  return static_cast<std::uint32_t>(
      std::ranges::count_if(members, [&](std::uint32_t member) { return pohs[member] <= kSuspect; }));
}

CommunityReading read_community(std::span<const Signature> accounts, std::span<const std::uint32_t> members,
                                const BreadthNorm& norm, Pohs pohs) {
  auto reading = sums_of(accounts, members, norm).reading();
  reading.suspects = suspects_among(members, pohs);
  return reading;
}

std::vector<std::pair<std::uint32_t, std::uint32_t>> chart_visits(std::span<const Signature> accounts,
                                                                  std::span<const std::uint32_t> members) {
  return sums_of(accounts, members, {}).visits();
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
