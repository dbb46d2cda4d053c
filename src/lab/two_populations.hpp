// Tests of one population against two, on one account's requests: does somebody extract between what a person asks?
//
// Each gives a number that rises with evidence of a second population. None knows what honest accounts come to: that is
// for who ranks them (mixtures.hpp). Threads: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace cms::lab {

// What an honest account asks next, by chart: `own` times the charts it asked before, each counting half as much every
// `half_life` requests, `moves` times where honest accounts go from its last chart, the rest times what they all ask.
// At an account's first request the base rate alone speaks.
struct PredictiveLaw {
  std::vector<double> base;                // by chart, smoothed by half a request each
  std::vector<std::vector<double>> moves;  // [from][to]: ten requests of the base rate, and what was counted
  double own = 0, moved = 0;               // weights; the base rate has the rest
  double half_life = 16;                   // requests
};

// By expectation and maximisation of the weights at each of a few half-lives, on predictions of what came next in an
// account by the moves of the others; the half-life of greatest likelihood is kept. Requires charts below
// `chart_count`. Cost: requests x 30 x half-lives.
PredictiveLaw fit_predictive_law(std::span<const std::vector<std::uint16_t>> honest, std::size_t chart_count);

// log(1 / charts) - log P(chart) of each request: how much likelier it is that somebody asks any chart alike.
std::vector<double> log_ratios(const PredictiveLaw& law, std::span<const std::uint16_t> charts);

// Shares of requests that may be the second population's; an e-detector is the mean over them.
inline constexpr double kShares[] = {.05, .1, .2, .5, 1};

// Log of the greatest value of the Shiryaev-Roberts e-detector: R_t = (1 + R_(t-1)) L_t, with the likelihood ratio
// L_t = 1 - s + s exp(ratio_t) of a share s that begins at some request; and of the same with the greatest beginning
// instead of their sum (CUSUM). 0 of no request. (Shin, Ramdas, Rinaldo, E-detectors, NEJSDS 2024.)
double shiryaev_roberts(std::span<const double> log_ratios);
double cusum(std::span<const double> log_ratios);

// Of p-values, n of them: greatest standardised excess of small ones, over the lower half (higher criticism: Donoho and
// Jin, Ann. Statist. 32, 2004; p below 1 / n are left out, as they advise), and greatest n KL(i / n, p_(i)) over
// p_(i) < i / n (Berk and Jones, 1979). 0 of none. p-values in (0, 1]. Cost: n log n.
double higher_criticism(std::vector<double> p_values);
double berk_jones(std::vector<double> p_values);

// Greatest sum over an interval of 4 or more, over the root of its length: a stretch that is not as the rest.
// Values are standardised by who calls. Minus infinity of fewer than 4. Cost: n^2 / 2.
double interval_scan(std::span<const double> values);

// Hartigan and Hartigan's dip (Ann. Statist. 13, 1985): half the greatest difference from the nearest unimodal law, in
// [1 / 2n, 1/4]; 0 of none. Cost: n log n, and n for every narrowing of the modal interval.
double dip(std::vector<double> values);

// Energy distance (Szekely and Rizzo, 2013) of the first half of the requests and the second, times their number.
// distances: n x n, row by row. 0 of fewer than 4. Cost: n^2.
double energy_of_halves(std::span<const float> distances, std::size_t n);

// Share of requests in charts that are asked at the lower rate of two, where as many Poisson rates, and charts never
// asked at all, are fitted to how often charts are asked (EM). In [0, 1].
double scattered_share(std::span<const std::uint16_t> charts);

}  // namespace cms::lab
