// The published CMS experiment, repeated on any model: sessions of people and attacks composed from our own probe
// prompts, scored by the published score and by ours, over windows and thresholds; and what clustering costs coverage.
//
// The atlas is fitted on the prompts of split fit, both scores are calibrated on sessions of split calibrate, and what
// is reported are sessions of split demo; no text lies in two splits. Threads: see options. Protocol, definitions and
// results: docs/lab/published.md.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "base/result.hpp"
#include "lab/corpus.hpp"
#include "lab/corpus_account.hpp"
#include "lab/texts_used.hpp"
#include "score/calibration.hpp"
#include "types/activation.hpp"

namespace cms::lab {

struct PublishedOptions {
  std::filesystem::path model;    // GGUF whose activations are captured
  std::filesystem::path prompts;  // JSON lines with kind, field, split and text
  std::filesystem::path capture;  // name of the captured set; empty: beside the models in the user's cache
  std::filesystem::path set;      // activations captured before, instead of model and prompts
  std::vector<std::uint64_t> seeds = {1, 2, 3, 4, 5};
  double scale = 1;  // of the numbers of sessions
  std::uint32_t requests = 100;  // a session
  // In windows of fewer than pipeline::kPointsMin requests our score measures nothing and is left out.
  std::vector<std::uint32_t> windows = {10, 25, 50, 100};
  // Least similarities of five requests in a row; the first must be -1, the attacker that does not cluster.
  std::vector<double> similarities = {-1, 0, .05, .1, .15, .2, .3, .4, .6, .8};
  score::Options score;
  std::string program_version;
  unsigned threads = 1;
};

inline constexpr std::array<double, 6> kFalseRates = {.01, .02, .05, .10, .20, .50};
inline constexpr std::array<double, 3> kCoverages = {.25, .50, .75};
// The window that the published figures are for, and in which clustered attacks are scored.
inline constexpr std::uint32_t kPublishedWindow = 50;

enum class Scorer : std::uint8_t { published, label_free };

// Sessions of one kind under one score, window and seed.
struct PublishedCell {
  Scorer scorer = Scorer::published;
  std::uint32_t window = 0;
  std::uint64_t seed = 0;
  std::string kind;  // "single", ..., "adaptive", "all attacks"
  bool honest = false;
  std::uint32_t sessions = 0;
  double area = 0;                                // under the curve against all honest sessions
  std::array<double, 3> area_against{};           // and against single, mixed and power ones alone
  std::array<double, kFalseRates.size()> above{};  // share above thresholds that honest sessions of all kinds exceed so
                                                   // often
  double flagged = 0;                             // share beyond the threshold calibrated for .01
  double poh = 0;                                 // mean of the lowest PoH; of the published score: 1 - score
};

// Attacks that cluster at one similarity, under one seed.
struct ClusteringCell {
  double similarity = -1;
  std::uint64_t seed = 0;
  std::uint32_t runs = 0;
  double mutual = 0;    // mean cosine of all pairs within 50 requests in a row, of the first session
  double coverage = 0;  // of the mass within reach, after one session
  std::array<double, kCoverages.size()> requests{};  // until so much is covered, median; 0: half never got there
  std::array<double, 2> area{};                      // of each scorer, of the first session in windows of 50
  std::array<double, 2> caught{};                    // at 1% of honest sessions
};

// What sessions of one kind cover and how alike their requests are, as in ClusteringCell, under one seed: means.
struct CoverageCell {
  std::string kind;
  std::uint64_t seed = 0;
  double mutual = 0;
  double coverage = 0;
};

// What the experiment stood on.
struct PublishedGround {
  std::string model;
  std::uint32_t dimension = 0;
  std::uint32_t texts_fit = 0, texts_calibrate = 0, texts_test = 0;
  std::uint32_t domains = 0;              // fields that fill a session in both parts
  std::uint32_t calibration_sessions = 0;  // per seed
  std::uint32_t ranking_sessions = 0;     // of these; the rest fix the evidence
  std::uint32_t disjoint_sessions = 0;    // that the calibrate part's texts would give without sharing any
};

struct PublishedResult {
  PublishedGround ground;
  std::vector<PublishedCell> cells;
  std::vector<ClusteringCell> clustering;
  std::vector<CoverageCell> coverage;
};

// Whether `prompts` are enough for the experiment, before a model spends hours on them. Errors: `bad_input`, saying
// what is missing.
Result<void> check_probes(const PublishedOptions& options);

// The activations that the options name: read, found in the cache, or captured now (an interrupted capture goes on).
// Errors: `usage` when neither set nor model is given; `refused` when `capture` holds those of another model or of
// other prompts; those of tap::read_set and tap::capture. Cost: the model's, 90,000 tokens for our prompts.
Result<ActivationSet> probe_activations(const PublishedOptions& options);

// Adds to `texts` which served what. Errors: those of probe_activations; `bad_input` when fewer than 5 domains fill a
// session, or texts are too few.
// Cost: 15 s a seed on two idle cores, beside the capture.
Result<PublishedResult> run_published(const PublishedOptions& options, TextsUsed& texts);

// Sessions of one kind, all of PublishedOptions::requests.
struct PublishedSessions {
  std::string kind;
  bool honest = false;
  std::vector<ComposedAccount> accounts;
};

// Single-domain, mixed and power-user sessions over `pool`, and with `attacks` systematic, naive and adaptive ones over
// the same rows. A kind that the pool cannot fill is left out. Threads: pure.
std::vector<PublishedSessions> published_sessions(const Corpus& corpus, Pool pool, const PublishedOptions& options,
                                                  bool attacks, Random& random);

// Median of what each run needed, 0 = never, which is later than any; 0 when the median is.
double median_need(std::vector<std::uint32_t> needs);

// How many times the requests of the unclustered attack a clustered one needs for the same coverage; 0 when either
// never got there.
double cost_multiplier(double clustered, double unclustered);

// The tables, for people.
std::string describe(const PublishedResult& result);
// One JSON object a line: what, figure, goal (the published figure where there is one), holds.
std::string goal_lines(const PublishedResult& result);

}  // namespace cms::lab
