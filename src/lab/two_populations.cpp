#include "lab/two_populations.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <utility>

namespace cms::lab {
namespace {

constexpr double kHalfLives[] = {2, 8, 32, 128};
constexpr double kMovesPrior = 10;  // requests of the base rate in every row of moves
constexpr int kRounds = 30;
constexpr std::size_t kIntervalMin = 4;

// What each part of the law says of one request.
struct Said {
  double own = 0, moved = 0, base = 0;
};

// Calls told(said, first) for each request in turn; moved(from, to) is the probability of that move.
template <typename Moved, typename Told>
void follow(const PredictiveLaw& law, std::span<const std::uint16_t> charts, const Moved& moved, const Told& told) {
  std::vector<double> recent(law.base.size());
  double weight = 0;
  const double kept = std::exp2(-1 / law.half_life);
  for (std::size_t t = 0; t < charts.size(); ++t) {
    const auto chart = charts[t];
    if (t == 0) {
      told(Said{0, 0, law.base[chart]}, true);
    } else {
      told(Said{recent[chart] / weight, moved(charts[t - 1], chart), law.base[chart]}, false);
    }
    for (auto& one : recent) one *= kept;
    recent[chart] += 1;
    weight = weight * kept + 1;
  }
}

double probability(const PredictiveLaw& law, const Said& said) {
  return law.own * said.own + law.moved * said.moved + (1 - law.own - law.moved) * said.base;
}

using Counts = std::vector<std::vector<double>>;

double move_probability(const PredictiveLaw& law, double counted, double left, std::uint16_t to) {
  return (counted + kMovesPrior * law.base[to]) / (left + kMovesPrior);
}

// Fits the two weights at the law's half-life; gives the log likelihood. An account's own moves do not predict it.
double fit_weights(PredictiveLaw& law, std::span<const std::vector<std::uint16_t>> honest, const Counts& counts,
                   const std::vector<double>& left) {
  std::vector<Said> all;
  for (const auto& charts : honest) {
    std::map<std::pair<std::uint16_t, std::uint16_t>, double> own;
    std::map<std::uint16_t, double> own_left;
    for (std::size_t t = 1; t < charts.size(); ++t) own[{charts[t - 1], charts[t]}] += 1, own_left[charts[t - 1]] += 1;
    const auto moved = [&](std::uint16_t from, std::uint16_t to) {
      return move_probability(law, counts[from][to] - own[{from, to}], left[from] - own_left[from], to);
    };
    follow(law, charts, moved, [&](const Said& said, bool first) {
      if (!first) all.push_back(said);
    });
  }
  law.own = law.moved = 1.0 / 3;
  double likelihood = 0;
  for (int round = 0; round < kRounds && !all.empty(); ++round) {
    double own = 0, moved = 0;
    likelihood = 0;
    for (const auto& said : all) {
      const double p = probability(law, said);
      own += law.own * said.own / p;
      moved += law.moved * said.moved / p;
      likelihood += std::log(p);
    }
    law.own = own / static_cast<double>(all.size());
    law.moved = moved / static_cast<double>(all.size());
  }
  return likelihood;
}

double log_sum(double a, double b) {
  const double most = std::max(a, b);
  return std::isinf(most) ? most : most + std::log(std::exp(a - most) + std::exp(b - most));
}

// Mean over shares of exp(log detector), greatest over time, as a log. step(before) gives what is multiplied.
template <typename Before>
double detector(std::span<const double> log_ratios, const Before& before) {
  std::array<double, std::size(kShares)> log_values{};
  log_values.fill(-std::numeric_limits<double>::infinity());
  double greatest = 0;
  for (const double ratio : log_ratios) {
    double sum = -std::numeric_limits<double>::infinity();
    for (std::size_t s = 0; s < std::size(kShares); ++s) {
      const double share = kShares[s];
      const double likelihood = log_sum(share < 1 ? std::log(1 - share) : -std::numeric_limits<double>::infinity(),
                                        std::log(share) + ratio);
      log_values[s] = before(log_values[s]) + likelihood;
      sum = log_sum(sum, log_values[s]);
    }
    greatest = std::max(greatest, sum - std::log(static_cast<double>(std::size(kShares))));
  }
  return greatest;
}

// Knots of the greatest convex function below the points (sign 1) or the least concave one above them (sign -1).
std::vector<std::size_t> hull(std::span<const double> x, std::span<const double> y, double sign) {
  std::vector<std::size_t> knots;
  for (std::size_t i = 0; i < x.size(); ++i) {
    while (knots.size() >= 2) {
      const auto a = knots[knots.size() - 2], b = knots.back();
      if (sign * ((y[b] - y[a]) * (x[i] - x[a]) - (y[i] - y[a]) * (x[b] - x[a])) < 0) break;
      knots.pop_back();
    }
    knots.push_back(i);
  }
  return knots;
}

std::vector<double> line_through(std::span<const std::size_t> knots, std::span<const double> x,
                                 std::span<const double> y) {
  std::vector<double> line(x.size());
  for (std::size_t k = 0; k + 1 < knots.size(); ++k) {
    const auto a = knots[k], b = knots[k + 1];
    for (auto i = a; i <= b; ++i) line[i] = y[a] + (y[b] - y[a]) * (x[i] - x[a]) / (x[b] - x[a]);
  }
  if (knots.size() == 1) line[knots[0]] = y[knots[0]];
  return line;
}

}  // namespace

PredictiveLaw fit_predictive_law(std::span<const std::vector<std::uint16_t>> honest, std::size_t chart_count) {
  PredictiveLaw law;
  law.base.assign(chart_count, .5);
  Counts counts(chart_count, std::vector<double>(chart_count));
  std::vector<double> left(chart_count);
  for (const auto& charts : honest) {
    for (std::size_t t = 0; t < charts.size(); ++t) {
      law.base[charts[t]] += 1;
      if (t > 0) counts[charts[t - 1]][charts[t]] += 1, left[charts[t - 1]] += 1;
    }
  }
  const double total = std::accumulate(law.base.begin(), law.base.end(), 0.0);
  for (auto& one : law.base) one /= total;
  law.moves = counts;
  for (std::size_t from = 0; from < chart_count; ++from) {
    for (std::size_t to = 0; to < chart_count; ++to) {
      law.moves[from][to] = move_probability(law, counts[from][to], left[from], static_cast<std::uint16_t>(to));
    }
  }
  PredictiveLaw best = law;
  double most = -std::numeric_limits<double>::infinity();
  for (const double half_life : kHalfLives) {
    law.half_life = half_life;
    if (const double likelihood = fit_weights(law, honest, counts, left); likelihood > most) {
      most = likelihood;
      best = law;
    }
  }
  return best;
}

std::vector<double> log_ratios(const PredictiveLaw& law, std::span<const std::uint16_t> charts) {
  std::vector<double> ratios;
  const double alike = -std::log(static_cast<double>(law.base.size()));
  const auto moved = [&](std::uint16_t from, std::uint16_t to) { return law.moves[from][to]; };
  follow(law, charts, moved, [&](const Said& said, bool first) {
    ratios.push_back(alike - std::log(first ? said.base : probability(law, said)));
  });
  return ratios;
}

double shiryaev_roberts(std::span<const double> log_ratios) {
  return detector(log_ratios, [](double log_value) { return log_sum(0, log_value); });
}

double cusum(std::span<const double> log_ratios) {
  return detector(log_ratios, [](double log_value) { return std::max(0.0, log_value); });
}

double higher_criticism(std::vector<double> p_values) {
  std::sort(p_values.begin(), p_values.end());
  const auto n = static_cast<double>(p_values.size());
  double greatest = 0;
  for (std::size_t i = 1; i <= p_values.size() / 2; ++i) {
    const double p = p_values[i - 1];
    if (p < 1 / n || p >= 1) continue;
    greatest = std::max(greatest, std::sqrt(n) * (static_cast<double>(i) / n - p) / std::sqrt(p * (1 - p)));
  }
  return greatest;
}

double berk_jones(std::vector<double> p_values) {
  std::sort(p_values.begin(), p_values.end());
  const auto n = static_cast<double>(p_values.size());
  double greatest = 0;
  for (std::size_t i = 1; i < p_values.size(); ++i) {
    const double p = p_values[i - 1], share = static_cast<double>(i) / n;
    if (p >= share) continue;
    greatest = std::max(greatest, n * (share * std::log(share / p) + (1 - share) * std::log((1 - share) / (1 - p))));
  }
  return greatest;
}

double interval_scan(std::span<const double> values) {
  double greatest = -std::numeric_limits<double>::infinity();
  for (std::size_t first = 0; first < values.size(); ++first) {
    double sum = 0;
    for (std::size_t last = first; last < values.size(); ++last) {
      sum += values[last];
      const auto length = last - first + 1;
      if (length >= kIntervalMin) greatest = std::max(greatest, sum / std::sqrt(static_cast<double>(length)));
    }
  }
  return greatest;
}

// The distribution function runs through (x_i, i) and (x_i, i - 1) in units of 1 / n. Between the modal interval's ends
// convex and concave hull are compared; where they are furthest apart, the interval narrows to the knots around.
double dip(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  std::vector<double> x, below, above;  // at each distinct value: how many lie before it, how many up to it
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (x.empty() || values[i] > x.back()) {
      x.push_back(values[i]);
      below.push_back(static_cast<double>(i));
      above.push_back(0);
    }
    above.back() = static_cast<double>(i + 1);
  }
  const auto n = static_cast<double>(values.size());
  double found = 1;
  for (std::size_t low = 0, high = x.size() - 1; low < high;) {
    const auto part = [&](const std::vector<double>& all) { return std::span(all).subspan(low, high - low + 1); };
    const auto convex = hull(part(x), part(below), 1), concave = hull(part(x), part(above), -1);
    const auto lower = line_through(convex, part(x), part(below)), upper = line_through(concave, part(x), part(above));
    double apart = 0;
    std::size_t left = 0, right = high - low;
    for (const auto knot : convex) {
      if (upper[knot] - lower[knot] <= apart) continue;
      apart = upper[knot] - lower[knot];
      left = knot;
      right = *std::lower_bound(concave.begin(), concave.end(), knot);
    }
    for (const auto knot : concave) {
      if (upper[knot] - lower[knot] <= apart) continue;
      apart = upper[knot] - lower[knot];
      right = knot;
      left = *std::prev(std::upper_bound(convex.begin(), convex.end(), knot));
    }
    if (apart <= found) break;
    for (std::size_t i = 0; i <= left; ++i) found = std::max(found, part(above)[i] - lower[i]);
    for (std::size_t i = right; i <= high - low; ++i) found = std::max(found, upper[i] - part(below)[i]);
    if (left == 0 && right == high - low) break;
    high = low + right;
    low += left;
  }
  return found / (2 * n);
}

double energy_of_halves(std::span<const float> distances, std::size_t n) {
  if (n < 4) return 0;
  const std::size_t half = n / 2;
  double between = 0, first = 0, second = 0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      const double distance = distances[i * n + j];
      if ((i < half) != (j < half)) between += distance / 2;
      else (i < half ? first : second) += distance;
    }
  }
  const auto a = static_cast<double>(half), b = static_cast<double>(n - half);
  return a * b / (a + b) * (2 * between / (a * b) - first / (a * a) - second / (b * b));
}

double scattered_share(std::span<const std::uint16_t> charts) {
  std::map<std::uint16_t, double> counts;
  for (const auto chart : charts) counts[chart] += 1;
  if (counts.size() < 2) return 0;
  // Counts above 0 alone: zero-truncated laws.
  double low = .1, high = 2 * static_cast<double>(charts.size()) / static_cast<double>(counts.size()), share = .5;
  double scattered = 0;
  for (int round = 0; round < 4 * kRounds; ++round) {
    double many = 0, requests_low = 0, requests_high = 0;
    for (const auto& [chart, count] : counts) {
      const auto log_of = [&, k = count](double rate) { return k * std::log(rate) - std::log(std::expm1(rate)); };
      const double a = std::log(share) + log_of(low), b = std::log1p(-share) + log_of(high);
      const double of_low = 1 / (1 + std::exp(b - a));
      many += of_low;
      requests_low += of_low * count;
      requests_high += (1 - of_low) * count;
    }
    const auto rate_of = [](double mean, double rate) {  // mean of a zero-truncated law: rate / (1 - exp(-rate))
      for (int turn = 0; turn < 8; ++turn) rate = mean * -std::expm1(-rate);
      return std::clamp(rate, 1e-3, 1e6);
    };
    const auto charts_high = static_cast<double>(counts.size()) - many;
    if (many > 0) low = rate_of(requests_low / many, low);
    if (charts_high > 0) high = rate_of(requests_high / charts_high, high);
    share = std::clamp(many / static_cast<double>(counts.size()), 1e-6, 1 - 1e-6);
    scattered = requests_low / static_cast<double>(charts.size());
  }
  return low <= high ? scattered : 1 - scattered;
}

}  // namespace cms::lab
