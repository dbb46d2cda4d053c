#include "lab/two_populations.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/random.hpp"

namespace cms::lab {
namespace {

// Whether some unimodal law with its mode at x[mode] lies nowhere further than d from the distribution function of
// distinct values (in counts): bounds on every pair and triple of places, which is what convex and concave functions
// between bounds come to.
bool unimodal_within(const std::vector<double>& x, std::size_t mode, double d) {
  const auto n = x.size();
  const auto below = [&](std::size_t i) { return static_cast<double>(i) + d; };      // left of the mode, G is at most
  const auto above = [&](std::size_t i) { return static_cast<double>(i + 1) - d; };  // and at least
  const auto convex = [&](const auto& most, const auto& least, const auto& at, std::size_t count, double& reached) {
    reached = 0;  // least the function can be at the last place
    for (std::size_t j = 0; j + 1 < count; ++j) {
      reached = std::max(reached, least(j));
      if (least(j) > most(j)) return false;
      for (std::size_t i = 0; i < j; ++i) {
        const double slope = std::max(0.0, (least(j) - most(i)) / (at(j) - at(i)));
        for (std::size_t k = j + 1; k < count; ++k) {
          if (least(j) + slope * (at(k) - at(j)) > most(k) + 1e-9) return false;
        }
        reached = std::max(reached, least(j) + slope * (at(count - 1) - at(j)));
      }
      for (std::size_t k = j + 1; k < count; ++k) {
        if (least(j) > most(k) + 1e-9) return false;
      }
    }
    return reached <= most(count - 1) + 1e-9;
  };
  double left = 0, right = 0;
  const auto total = static_cast<double>(n);
  const bool fits_left = convex(below, above, [&](std::size_t i) { return x[i]; }, mode + 1, left);
  // The right side is the left one seen from behind.
  const bool fits_right = convex(below, above, [&](std::size_t i) { return -x[n - 1 - i]; }, n - mode, right);
  return fits_left && fits_right && left <= total - right + 1e-9;
}

double dip_by_bisection(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  double low = 0, high = static_cast<double>(values.size());
  for (int round = 0; round < 60; ++round) {
    const double middle = (low + high) / 2;
    bool fits = false;
    for (std::size_t mode = 0; mode < values.size() && !fits; ++mode) fits = unimodal_within(values, mode, middle);
    (fits ? high : low) = middle;
  }
  return high / static_cast<double>(values.size());
}

TEST(TwoPopulations, dip_is_the_least_distance_from_a_unimodal_law) {
  Random random(5);
  for (int round = 0; round < 60; ++round) {
    std::vector<double> values;
    const auto n = 4 + random.below(14);
    for (std::uint64_t i = 0; i < n; ++i) values.push_back(random.uniform() + (random.below(2) == 0 ? 0 : round % 5));
    EXPECT_NEAR(dip(values), dip_by_bisection(values), 1e-6) << "round " << round << ", " << n << " values";
  }
}

TEST(TwoPopulations, dip_of_even_values_is_the_least_and_of_two_far_heaps_the_greatest) {
  std::vector<double> even, heaps;
  for (int i = 0; i < 100; ++i) even.push_back(i), heaps.push_back(i % 2 == 0 ? 1e-6 * i : 1 + 1e-6 * i);
  EXPECT_NEAR(dip(even), .005, 1e-12);
  EXPECT_NEAR(dip(heaps), .25, .01);
  EXPECT_EQ(dip({}), 0);
  EXPECT_NEAR(dip({3}), .5, 1e-12);
}

// R_t by its definition: the sum over every beginning of the product of ratios since.
TEST(TwoPopulations, the_e_detector_is_a_sum_over_beginnings_and_cusum_their_greatest) {
  Random random(6);
  std::vector<double> ratios;
  for (int i = 0; i < 40; ++i) ratios.push_back(random.normal());
  double greatest_sum = 0, greatest = 0;
  for (std::size_t t = 0; t < ratios.size(); ++t) {
    double sums = 0, best = 0;
    for (const double share : kShares) {
      double sum = 0, most = 0;
      for (std::size_t begin = 0; begin <= t; ++begin) {
        double product = 1;
        for (std::size_t i = begin; i <= t; ++i) product *= 1 - share + share * std::exp(ratios[i]);
        sum += product;
        most = std::max(most, product);
      }
      sums += sum / std::size(kShares);
      best += most / std::size(kShares);
    }
    greatest_sum = std::max(greatest_sum, std::log(sums));
    greatest = std::max(greatest, std::log(best));
  }
  EXPECT_NEAR(shiryaev_roberts(ratios), greatest_sum, 1e-9);
  EXPECT_NEAR(cusum(ratios), greatest, 1e-9);
}

TEST(TwoPopulations, small_p_values_raise_higher_criticism_and_berk_jones) {
  std::vector<double> even, some_small;
  for (int i = 1; i <= 100; ++i) even.push_back(i / 101.0), some_small.push_back(i <= 10 ? .01 : i / 101.0);
  EXPECT_LT(higher_criticism(even), 1);
  EXPECT_GT(higher_criticism(some_small), 5);
  EXPECT_NEAR(higher_criticism(some_small), 10 * (.1 - .01) / std::sqrt(.01 * .99), 1e-9);
  EXPECT_NEAR(berk_jones(some_small), 100 * (.1 * std::log(10) + .9 * std::log(.9 / .99)), 1e-9);
  EXPECT_EQ(higher_criticism({}), 0);
  EXPECT_EQ(berk_jones({1}), 0);
}

TEST(TwoPopulations, the_scan_finds_a_stretch_that_a_mean_does_not) {
  std::vector<double> values(100, -.1);
  std::fill(values.begin() + 40, values.begin() + 49, 1);
  EXPECT_NEAR(interval_scan(values), 3, 1e-12);
  EXPECT_LT(interval_scan(std::vector<double>(3, 5)), 0);
}

TEST(TwoPopulations, energy_tells_halves_apart_and_is_nothing_where_they_are_equal) {
  const std::vector<float> alike(16, 0), apart = {0, 0, 1, 1, 0, 0, 1, 1, 1, 1, 0, 0, 1, 1, 0, 0};
  EXPECT_EQ(energy_of_halves(alike, 4), 0);
  EXPECT_NEAR(energy_of_halves(apart, 4), 2, 1e-12);
}

TEST(TwoPopulations, scattered_requests_among_a_subject_are_counted) {
  std::vector<std::uint16_t> charts;
  for (int i = 0; i < 80; ++i) charts.push_back(static_cast<std::uint16_t>(i % 4));
  for (int i = 0; i < 40; ++i) charts.push_back(static_cast<std::uint16_t>(100 + i));
  EXPECT_NEAR(scattered_share(charts), 1.0 / 3, .02);
  EXPECT_EQ(scattered_share(std::vector<std::uint16_t>(50, 3)), 0);
}

TEST(TwoPopulations, the_law_gives_most_to_where_honest_accounts_go) {
  Random random(7);
  std::vector<std::vector<std::uint16_t>> honest;
  for (int account = 0; account < 40; ++account) {
    auto& charts = honest.emplace_back();
    const auto home = static_cast<std::uint16_t>(random.below(20));
    for (int i = 0; i < 60; ++i) {
      charts.push_back(random.below(10) == 0 ? static_cast<std::uint16_t>(random.below(20)) : home);
    }
  }
  const auto law = fit_predictive_law(honest, 20);
  EXPECT_GT(law.own + law.moved, .8);
  double base = 0;
  for (const double one : law.base) base += one;
  EXPECT_NEAR(base, 1, 1e-12);
  const std::vector<std::uint16_t> stays = {3, 3, 3, 3}, roams = {3, 9, 14, 1};
  EXPECT_LT(log_ratios(law, stays).back(), -2);
  EXPECT_GT(log_ratios(law, roams).back(), 1);
  EXPECT_NEAR(log_ratios(law, stays).front(), -std::log(20) - std::log(law.base[3]), 1e-12);
}

}  // namespace
}  // namespace cms::lab
