// Baselines: what other detectors say of an account, on the same requests that CMS sees.
//
// Each is one number an account, higher for what its authors call extraction; the study gives all of them the same
// conformal threshold, so what is compared is the statistic, not its tuning. Written from the papers; where one leaves
// a choice open, docs/lab/baselines.md says what was chosen.
// Threads: pure functions. Rows are one account's requests in their order.
#pragma once

#include <Eigen/Core>
#include <array>
#include <cstdint>
#include <span>

#include "lab/study.hpp"

namespace cms::lab {

using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// The published CMS score: six signals of a window of raw activations (pairwise dissimilarity .30, entropy .25,
// sequential coherence .20, hashed coverage .15, magnitude .05, variance .05), greatest over windows of `window`
// requests, begun every `step`. `raws` is n x d; an account shorter than a window is one window. 0 for fewer than 2
// rows. Cost: n^2 d / 2 once, window^2 a window.
double published_score(const Rows& raws, std::uint32_t window = 50, std::uint32_t step = 10);

// PRADA (Juuti, Szyller, Marchal, Asokan, EuroS&P 2019, algorithm 3) with one class: distance of each request to the
// nearest of a growing set; greatest 1 - W (Shapiro-Wilk, outliers beyond 3 sigma left out) over all prefixes of 90,
// 100, ... distances. `raws` is n x d. 0 while there are fewer. Cost: n^2 d / 2.
double prada(const Rows& raws);

// Similar pairs (after SEAT: Zhang, Chen, Wang, AISec 2021): share of requests with an earlier one at a cosine of at
// least `cosine`. `points` is n x rank, unit rows. Cost: n^2 rank / 2.
double similar_pairs(const Rows& points, float cosine = 0.9F);

// Unbiased squared MMD of windows of `window` requests to the benign reference, greatest over windows begun every
// `step` (the statistic of arXiv 2606.05725 in the atlas' space). `benign_kernels` holds each request's mean kernel to
// the reference; bandwidth and self term are the atlas'. Cost: n^2 rank / 2.
double benign_mmd(const Rows& points, std::span<const float> benign_kernels, double bandwidth, double self_kernel,
                  std::uint32_t window = 100, std::uint32_t step = 10);

// B4B's coverage (Dubinski et al., arXiv 2310.08571, section 4.1): buckets of 12 hyperplanes, here the signs of the 12
// leading whitened coordinates, that an account has occupied. Fewer where `points` has fewer columns. Cost: linear.
double occupied_buckets(const Rows& points);

// What looks at one request at a time: fitted on the texts of the fit part, applied to every row of the corpus.
struct PerRequest {
  std::vector<double> logits;        // of a logistic classifier, people against distillers, on the unit points
  std::vector<double> mahalanobis;   // squared distance to people's mean in raw space, covariance shrunk by a tenth
};
// Cost: a d x d factorisation and d^2 a row; some seconds for 15,000 rows of 576.
PerRequest fit_per_request(const Study& study, const ActivationSet& set);

inline constexpr std::array<const char*, 7> kBaselines = {
    "published CMS", "PRADA", "similar pairs", "benign MMD", "B4B buckets", "Mahalanobis", "classifier mean"};

using BaselineScores = std::array<double, kBaselines.size()>;

// All of them, in the order of kBaselines, of the account that sends these rows of the corpus.
BaselineScores measure_baselines(const Study& study, const ActivationSet& set, const PerRequest& per_request,
                                 std::span<const std::uint32_t> rows);

}  // namespace cms::lab
