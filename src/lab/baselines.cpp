#include "lab/baselines.hpp"

#include <algorithm>
#include <bitset>
#include <cmath>
#include <numeric>
#include <optional>
#include <set>

#include "base/hash.hpp"
#include "base/random.hpp"
#include "measure/mixture/mixture.hpp"

namespace cms::lab {
namespace {

using Eigen::Index;

constexpr std::size_t kBuckets = 256;  // of the published score's hash
constexpr std::size_t kLeading = 16;   // coordinates that it hashes
constexpr int kBins = 20;              // of its histogram of similarities
constexpr double kTiny = 1e-8;

// The three buckets that the published score gives a row: by the places of its greatest coordinates, by their signs
// and by their sizes.
std::array<std::uint32_t, 3> hashed(const Eigen::Ref<const Eigen::RowVectorXf>& row) {
  std::vector<Index> places(static_cast<std::size_t>(row.size()));
  std::iota(places.begin(), places.end(), Index{0});
  const std::size_t leading = std::min(kLeading, places.size());
  std::partial_sort(places.begin(), places.begin() + static_cast<std::ptrdiff_t>(leading), places.end(),
                    [&](Index a, Index b) {
                      return std::pair(-std::abs(row[a]), a) < std::pair(-std::abs(row[b]), b);
                    });
  std::array<std::uint64_t, 3> hashes = {kFnvBasis, 0x9ce484222325cbf2ULL, 0x84222325cbf29ce4ULL};
  for (std::size_t p = 0; p < leading; ++p) {
    const float value = row[places[p]];
    hashes[0] = fnv1a(hashes[0], static_cast<std::uint64_t>(places[p]));
    hashes[1] = fnv1a(hashes[1], value > 0 ? 1 : 0);
    hashes[2] = fnv1a(hashes[2], static_cast<std::uint64_t>(std::min(1e9F, 4 * std::abs(value))));
  }
  std::array<std::uint32_t, 3> buckets{};
  for (std::size_t h = 0; h < 3; ++h) buckets[h] = static_cast<std::uint32_t>((hashes[h] >> 32) % kBuckets);
  return buckets;
}

// Cosines of all pairs from their inner products.
Eigen::MatrixXd cosines(const Eigen::MatrixXd& products) {
  const Eigen::VectorXd lengths = products.diagonal().cwiseMax(0).cwiseSqrt().array() + kTiny;
  return products.array() / (lengths * lengths.transpose()).array();
}

// Everything that the windows of one account share.
struct Pairs {
  Eigen::MatrixXd products;      // of the rows
  Eigen::MatrixXd plain;         // their cosines
  Eigen::MatrixXd correlations;  // cosines of the rows, each centred
  std::vector<std::array<std::uint32_t, 3>> buckets;
  double dimension = 0;
};

Pairs pairs_of(const Rows& raws) {
  Pairs pairs;
  pairs.dimension = static_cast<double>(raws.cols());
  pairs.products = products_of(raws).cast<double>();
  pairs.plain = cosines(pairs.products);
  const Eigen::VectorXd means = raws.rowwise().mean().cast<double>();
  pairs.correlations = cosines(pairs.products - pairs.dimension * means * means.transpose());
  for (Index i = 0; i < raws.rows(); ++i) pairs.buckets.push_back(hashed(raws.row(i)));
  return pairs;
}

double entropy_bits(const std::array<double, kBins>& counts) {
  const double total = std::accumulate(counts.begin(), counts.end(), 0.0);
  double entropy = 0;
  for (const double count : counts) {
    if (count > 0) entropy -= count / total * std::log2(count / total);
  }
  return entropy;
}

double published_window(const Pairs& pairs, Index first, Index size) {
  std::array<double, kBins> counts{};
  double similarity = 0, plain = 0, coherence = 0;
  for (Index i = first; i < first + size; ++i) {
    for (Index j = i + 1; j < first + size; ++j) {
      const double value = std::clamp(pairs.correlations(i, j), -1.0, 1.0);
      similarity += value;
      plain += pairs.plain(i, j);
      counts[static_cast<std::size_t>(std::min(kBins - 1, static_cast<int>((value + 1) / 2 * kBins)))] += 1;
    }
    if (i > first) coherence += pairs.correlations(i - 1, i) / static_cast<double>(size - 1);
  }
  const auto count = static_cast<double>(size * (size - 1) / 2);
  similarity /= count;
  plain /= count;
  std::bitset<kBuckets> hit;
  for (Index i = first; i < first + size; ++i) {
    for (const auto bucket : pairs.buckets[static_cast<std::size_t>(i)]) hit.set(bucket);
  }
  // Mean over the coordinates of the variance over the rows, from inner products alone.
  const auto block = pairs.products.block(first, first, size, size);
  const auto n = static_cast<double>(size);
  const double variance = (block.trace() / n - block.sum() / (n * n)) / pairs.dimension;
  return .30 * std::max(0.0, 1 - similarity) + .25 * std::min(entropy_bits(counts) / 4, 1.0) +
         .20 * std::max(0.0, 1 - coherence) + .15 * static_cast<double>(hit.count()) / kBuckets +
         .05 * std::min(5 * std::abs(plain - similarity), 1.0) + .05 * std::min(10 * variance, 1.0);
}

// Mean and standard deviation of what is given.
std::pair<double, double> spread(std::span<const double> values) {
  const auto n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return {mean, std::sqrt(squares / n)};
}

double abnormality(std::span<const double> distances, mixture::Workspace& workspace) {
  const auto [mean, deviation] = spread(distances);
  std::vector<double> kept;
  for (const double value : distances) {
    if (std::abs(value - mean) <= 3 * deviation) kept.push_back(value);
  }
  std::sort(kept.begin(), kept.end());
  return mixture::shapiro_wilk_complement(kept, workspace).value_or(0);
}

}  // namespace

double published_score(const Rows& raws, std::uint32_t window, std::uint32_t step) {
  return published_scores(raws, window, step).greatest;
}

PublishedScores published_scores(const Rows& raws, std::uint32_t window, std::uint32_t step) {
  if (raws.rows() < 2) return {};
  constexpr double kTakenIn = .1;
  const Pairs pairs = pairs_of(raws);
  PublishedScores scores;
  std::optional<double> level;
  scores.decayed = greatest_over_windows(raws.rows(), window, step, [&](Index first, Index size) {
    const double score = published_window(pairs, first, size);
    scores.greatest = std::max(scores.greatest, score);
    level = level ? *level + kTakenIn * (score - *level) : score;
    return *level;
  });
  return scores;
}

double prada(const Rows& raws) {
  // The paper asks for 100 distances; our shortest accounts have as many requests, and so one less.
  constexpr std::size_t kFirst = 90, kStep = 10;
  const Eigen::MatrixXd squares = squared_distances(raws);
  mixture::Workspace workspace;
  std::vector<Index> grown;
  std::vector<double> distances;     // of all requests
  std::vector<double> inside = {0};  // of those that joined the growing set; the first joins at 0
  double threshold = 0, greatest = 0;
  for (Index i = 0; i < raws.rows(); ++i) {
    if (grown.empty()) {
      grown.push_back(i);
      continue;
    }
    double nearest = squares(i, grown.front());
    for (const Index member : grown) nearest = std::min(nearest, squares(i, member));
    nearest = std::sqrt(std::max(0.0, nearest));
    distances.push_back(nearest);
    if (nearest > threshold) {
      grown.push_back(i);
      inside.push_back(nearest);
      const auto [mean, deviation] = spread(inside);
      threshold = std::max(threshold, mean - deviation);
    }
    if (distances.size() >= kFirst && distances.size() % kStep == 0) {
      greatest = std::max(greatest, abnormality(distances, workspace));
    }
  }
  return greatest;
}

double similar_pairs(const Rows& points, float cosine) {
  const Eigen::MatrixXf products = products_of(points);
  double similar = 0;
  for (Index i = 1; i < points.rows(); ++i) similar += products.col(i).head(i).maxCoeff() >= cosine ? 1 : 0;
  return points.rows() == 0 ? 0 : similar / static_cast<double>(points.rows());
}

double benign_mmd(const Rows& points, std::span<const float> benign_kernels, double bandwidth, double self_kernel,
                  std::uint32_t window, std::uint32_t step) {
  const Eigen::MatrixXd kernels = (squared_distances(points).array() / (-2 * bandwidth * bandwidth)).exp();
  return greatest_over_windows(points.rows(), window, step, [&](Index first, Index size) {
    const auto n = static_cast<double>(size);
    const auto block = kernels.block(first, first, size, size);
    double benign = 0;
    for (Index i = first; i < first + size; ++i) benign += benign_kernels[static_cast<std::size_t>(i)] / n;
    return (block.sum() - block.trace()) / (n * (n - 1)) - 2 * benign + self_kernel;
  });
}

double occupied_buckets(const Rows& points) {
  const Index planes = std::min<Index>(12, points.cols());
  std::set<std::uint32_t> buckets;
  for (Index i = 0; i < points.rows(); ++i) {
    std::uint32_t bucket = 0;
    for (Index p = 0; p < planes; ++p) bucket |= std::uint32_t{points(i, p) > 0} << p;
    buckets.insert(bucket);
  }
  return static_cast<double>(buckets.size());
}

Rows cap_planes(std::uint32_t rank) {
  constexpr Index kPlanes = 11;
  Random random(1);
  Rows planes(kPlanes, rank);
  for (Index p = 0; p < kPlanes; ++p) {
    for (Index k = 0; k < planes.cols(); ++k) planes(p, k) = static_cast<float>(random.normal());
  }
  return planes;
}

double cap_cost(const Rows& points, const Rows& planes, std::uint32_t window, std::uint32_t step) {
  constexpr double kFloor = .0005, kAlpha = 8, kBeta = .19;  // that study's lambda, alpha, beta
  constexpr double kCoverage = .05, kNovelty = .35, kSpread = .45;
  const Rows sides = points * planes.transpose();
  std::vector<std::uint32_t> buckets;
  for (Index i = 0; i < sides.rows(); ++i) {
    buckets.push_back(0);
    for (Index p = 0; p < sides.cols(); ++p) buckets.back() |= std::uint32_t{sides(i, p) >= 0} << p;
  }
  const double all = std::exp2(static_cast<double>(planes.rows()));
  return greatest_over_windows(points.rows(), window, step, [&](Index first, Index size) {
    const auto hit = static_cast<double>(std::set(buckets.begin() + first, buckets.begin() + first + size).size());
    const Eigen::RowVectorXd mean = points.middleRows(first, size).cast<double>().colwise().mean();
    const double spread = std::sqrt(std::max(0.0, 1 - mean.squaredNorm()));
    return kFloor + kCoverage * std::expm1(hit / all / kBeta * std::log(kAlpha / kFloor)) +
           kAlpha * kNovelty * hit / static_cast<double>(size) + kAlpha * kSpread * std::min(spread, 1.0);
  });
}

namespace {

// What an account asked and was answered, as the source model has it.
struct Dialogue {
  Rows queries;
  std::vector<std::uint16_t> answers;
};

Dialogue dialogue_of(const Study& study, const BaselineFits& fits, std::span<const std::uint32_t> rows) {
  Dialogue dialogue{points_of(study.corpus, rows).leftCols(fits.source.queries.cols()), {}};
  for (const auto row : rows) dialogue.answers.push_back(fits.answers[row]);
  return dialogue;
}

}  // namespace

double united_coverage(const Study& study, const BaselineFits& fits, std::span<const std::uint32_t> rows) {
  const auto dialogue = dialogue_of(study, fits, rows);
  return box_coverage(fits.source, dialogue.queries, dialogue.answers);
}

AccountRows account_rows(const Study& study, const ActivationSet& set, std::span<const std::uint32_t> rows) {
  AccountRows account{Rows(rows.size(), set.manifest.dimension), points_of(study.corpus, rows), {}};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto raw = set.row(study.corpus.rows[rows[i]].source_row);
    account.raws.row(static_cast<Index>(i)) = Eigen::Map<const Eigen::RowVectorXf>(raw.data(), account.raws.cols());
    account.benign_kernels.push_back(study.projected[rows[i]].benign_kernel);
  }
  return account;
}

BaselineScores measure_baselines(const Study& study, const ActivationSet& set, const BaselineFits& fits,
                                 std::span<const std::uint32_t> rows) {
  const auto account = account_rows(study, set, rows);
  std::vector<double> anomalies;
  double distance = 0, logit = 0;
  for (const auto row : rows) {
    distance += fits.per_request.mahalanobis[row] / static_cast<double>(rows.size());
    logit += fits.per_request.logits[row] / static_cast<double>(rows.size());
    anomalies.push_back(fits.per_request.anomalies[row]);
  }
  const double anomaly = greatest_over_windows(account.points.rows(), 100, 10, [&](Index first, Index size) {
    return Eigen::Map<const Eigen::VectorXd>(anomalies.data() + first, size).mean();
  });
  const auto dialogue = dialogue_of(study, fits, rows);
  const auto published = published_scores(account.raws);
  return {published.greatest,
          prada(account.raws),
          similar_pairs(account.points),
          benign_mmd(account.points, account.benign_kernels, study.atlas.bandwidth, study.atlas.reference_self),
          occupied_buckets(account.points),
          distance,
          logit,
          latent_mmd(fits.latents, latents_of(fits.latents, account.raws)),
          cap_cost(account.points, fits.planes),
          anomaly,
          information_gain(fits.source, dialogue.queries, dialogue.answers),
          box_coverage(fits.source, dialogue.queries, dialogue.answers),
          published.decayed};
}

}  // namespace cms::lab
