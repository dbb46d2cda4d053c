// Baselines: what other detectors say of an account, on the same requests that CMS sees.
//
// Each is one number an account, higher for what its authors call extraction; the study gives all of them the same
// conformal threshold, so what is compared is the statistic, not its tuning. Written from the papers; where one leaves
// a choice open, docs/lab/baselines.md says what was chosen.
// Threads: pure functions. Rows are one account's requests in their order.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "lab/kesarwani.hpp"
#include "lab/latents.hpp"
#include "lab/rows.hpp"
#include "lab/study.hpp"

namespace cms::lab {

// The published CMS score: six signals of a window of raw activations (pairwise dissimilarity .30, entropy .25,
// sequential coherence .20, hashed coverage .15, magnitude .05, variance .05), greatest over windows of `window`
// requests, begun every `step`. `raws` is n x d; an account shorter than a window is one window. 0 for fewer than 2
// rows. Cost: n^2 d / 2 once, window^2 a window.
double published_score(const Rows& raws, std::uint32_t window = 50, std::uint32_t step = 10);

// The same, and its recovering form: the windows' scores in order, each taken in at a tenth (an exponential average
// that begins with the first), greatest over the account. That it decays is published, how is not: the rate is ours.
struct PublishedScores {
  double greatest = 0, decayed = 0;
};
PublishedScores published_scores(const Rows& raws, std::uint32_t window = 50, std::uint32_t step = 10);

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

// The hyperplanes of CAP, 11 x rank, always the same.
Rows cap_planes(std::uint32_t rank);

// CAP, coverage-aware perturbation, as arXiv 2606.05725 adapts it ("Stealing and Defending the Ends of LLMs"; the cost
// and its constants are those of that study's program): a cost out of the share of 2,048 buckets that a window's points
// have hit, of how many of them were new, and of the points' spread; greatest over windows of `window` requests begun
// every `step`. `points` is n x rank, unit rows. Cost: 11 n rank.
double cap_cost(const Rows& points, const Rows& planes, std::uint32_t window = 100, std::uint32_t step = 10);

// What looks at one request at a time: fitted on the texts of the fit part, applied to every row of the corpus.
struct PerRequest {
  std::vector<double> logits;        // of a logistic classifier, people against distillers, on the unit points
  std::vector<double> mahalanobis;   // squared distance to people's mean in raw space, covariance shrunk by a tenth
  std::vector<double> anomalies;     // of the words that were read: word_detector.hpp
};
// Cost: a d x d factorisation and d^2 a row; some seconds for 15,000 rows of 576.
PerRequest fit_per_request(const Study& study, const ActivationSet& set);

// Everything that baselines learn once: from the fit part, from its people where they want to know honest use.
struct BaselineFits {
  PerRequest per_request;
  LatentSpace latents;
  Rows planes;                         // of CAP
  SourceModel source;
  std::vector<std::uint16_t> answers;  // of every row of the corpus, in the source's classes
};
// Errors: those of atlas::fit, which makes the source's classes. Cost: some seconds.
Result<BaselineFits> fit_baselines(const Study& study, const ActivationSet& set);

// An account's requests as baselines read them.
struct AccountRows {
  Rows raws;                          // n x d
  Rows points;                        // n x rank, unit
  std::vector<float> benign_kernels;  // n
};
AccountRows account_rows(const Study& study, const ActivationSet& set, std::span<const std::uint32_t> rows);

// In the order they were added, so that figures keep their places.
inline constexpr std::array<const char*, 13> kBaselines = {
    "published CMS", "PRADA",           "similar pairs", "benign MMD", "B4B buckets",    "Mahalanobis",
    "classifier mean", "VarDetect-like", "CAP",           "DATE-like",  "Kesarwani gain", "Kesarwani cover",
    "published decay"};

using BaselineScores = std::array<double, kBaselines.size()>;

// All of them, in the order of kBaselines, of the account that sends these rows of the corpus.
BaselineScores measure_baselines(const Study& study, const ActivationSet& set, const BaselineFits& fits,
                                 std::span<const std::uint32_t> rows);

// Kesarwani's coverage of accounts seen together: as if one had sent these rows.
double united_coverage(const Study& study, const BaselineFits& fits, std::span<const std::uint32_t> rows);

}  // namespace cms::lab
