// What baselines learn once, held against slow plain forms on made-up rows.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "atlas/atlas.hpp"
#include "atlas/fit.hpp"
#include "base/random.hpp"
#include "lab/baselines.hpp"
#include "lab/demo_example.hpp"
#include "lab/word_detector.hpp"

namespace cms::lab {
namespace {

constexpr std::uint32_t kRank = 3, kDimension = 5, kWords = 4;

// People and distillers around two centres, their raw rows correlated; two thirds fit. Texts are kWords words and a
// tail that nobody reads.
struct Small {
  Study study;
  ActivationSet set;
  std::vector<Words> read;

  Small() {
    Random random(5);
    std::vector<float> points;
    set.manifest.dimension = kDimension;
    set.manifest.words_max = kWords;
    for (int i = 0; i < 150; ++i) {
      const bool distiller = i % 5 < 2;
      for (std::uint32_t k = 0; k < kRank; ++k) {
        points.push_back(static_cast<float>(random.normal() + (distiller ? .5 : -.3) * (k + 1)));
      }
      double last = 0;
      for (std::uint32_t k = 0; k < kDimension; ++k) {
        last = 2 + random.normal() * (1 + k) + .5 * last;
        set.values.push_back(static_cast<float>(last));
      }
      auto& words = read.emplace_back();
      RowInfo info;
      std::string text;
      for (std::uint32_t w = 0; w < kWords; ++w) {
        words.push_back(fmt::format("{}{}", distiller ? "q" : "w", random.below(6)));
        text += words.back() + " ";
      }
      info.more = {{"family", distiller ? "d" : "p"},
                   {"kind", distiller ? "distill" : "human"},
                   {"text", text + fmt::format("tail{}", i)}};
      set.rows.push_back(std::move(info));
    }
    study.corpus = *make_corpus(set.rows, points, kRank, {});
    for (std::uint32_t i = 0; i < 150; ++i) (i % 3 > 0 ? study.split.fit : study.split.test).push_back(i);
  }

  [[nodiscard]] std::vector<std::uint32_t> people() const {
    return of_origin(study.corpus, study.split.fit, Origin::people);
  }
};

// Logistic regression, both classes weighing the same, by so many steps down the gradient.
std::vector<double> plain_logits(const Study& study) {
  const auto& corpus = study.corpus;
  std::vector<double> beta(kRank + 1);
  const auto logit = [&](std::uint32_t row) {
    double sum = beta[kRank];
    for (std::uint32_t k = 0; k < kRank; ++k) sum += beta[k] * double{corpus.point(row)[k]};
    return sum;
  };
  double distillers = 0;
  for (const auto row : study.split.fit) distillers += corpus.rows[row].origin == Origin::distiller ? 1 : 0;
  const double others = static_cast<double>(study.split.fit.size()) - distillers;
  for (int step = 0; step < 30'000; ++step) {
    std::vector<double> gradient(kRank + 1);
    for (std::uint32_t k = 0; k <= kRank; ++k) gradient[k] = 1e-3 * beta[k];
    for (const auto row : study.split.fit) {
      const bool distiller = corpus.rows[row].origin == Origin::distiller;
      const double error = 1 / (1 + std::exp(-logit(row))) - (distiller ? 1 : 0);
      const double weighed = error / (2 * (distiller ? distillers : others));
      for (std::uint32_t k = 0; k < kRank; ++k) gradient[k] += weighed * double{corpus.point(row)[k]};
      gradient[kRank] += weighed;
    }
    for (std::uint32_t k = 0; k <= kRank; ++k) beta[k] -= 2 * gradient[k];
  }
  std::vector<double> logits;
  for (std::uint32_t row = 0; row < corpus.rows.size(); ++row) logits.push_back(logit(row));
  return logits;
}

using Matrix = std::vector<std::vector<double>>;

// v' M^-1 v, by elimination; M is positive definite.
double quadratic_form(Matrix m, std::vector<double> v) {
  const auto given = v;
  const std::size_t n = v.size();
  for (std::size_t pivot = 0; pivot < n; ++pivot) {
    for (std::size_t i = 0; i < n; ++i) {
      if (i == pivot) continue;
      const double factor = m[i][pivot] / m[pivot][pivot];
      for (std::size_t j = 0; j < n; ++j) m[i][j] -= factor * m[pivot][j];
      v[i] -= factor * v[pivot];
    }
  }
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += given[i] * v[i] / m[i][i];
  return sum;
}

// Squared distance of every row to the mean of `rows`, by their covariance shrunk by a tenth.
std::vector<double> plain_mahalanobis(const ActivationSet& set, const std::vector<std::uint32_t>& rows) {
  const auto n = static_cast<double>(rows.size());
  std::vector<double> mean(kDimension);
  for (const auto row : rows) {
    for (std::uint32_t k = 0; k < kDimension; ++k) mean[k] += double{set.row(row)[k]} / n;
  }
  Matrix covariance(kDimension, std::vector<double>(kDimension));
  for (std::uint32_t a = 0; a < kDimension; ++a) {
    for (std::uint32_t b = 0; b < kDimension; ++b) {
      for (const auto row : rows) covariance[a][b] += (set.row(row)[a] - mean[a]) * (set.row(row)[b] - mean[b]) / n;
    }
  }
  double variance = 0;
  for (std::uint32_t k = 0; k < kDimension; ++k) variance += covariance[k][k] / kDimension;
  for (std::uint32_t a = 0; a < kDimension; ++a) {
    for (std::uint32_t b = 0; b < kDimension; ++b) covariance[a][b] *= .9;
    covariance[a][a] += .1 * variance;
  }
  std::vector<double> distances;
  for (std::size_t row = 0; row < set.count(); ++row) {
    std::vector<double> centred(kDimension);
    for (std::uint32_t k = 0; k < kDimension; ++k) centred[k] = set.row(row)[k] - mean[k];
    distances.push_back(quadratic_form(covariance, centred));
  }
  return distances;
}

TEST(PerRequestBaselines, the_classifier_is_logistic_regression_on_the_fit_part_with_both_classes_alike) {
  const Small small;
  const auto logits = fit_per_request(small.study, small.set).logits;
  const auto expected = plain_logits(small.study);
  ASSERT_EQ(logits.size(), expected.size());
  for (std::size_t i = 0; i < logits.size(); ++i) EXPECT_NEAR(logits[i], expected[i], 1e-6) << i;
}

TEST(PerRequestBaselines, mahalanobis_is_the_distance_to_people_of_the_fit_part) {
  const Small small;
  const auto distances = fit_per_request(small.study, small.set).mahalanobis;
  const auto expected = plain_mahalanobis(small.set, small.people());
  ASSERT_EQ(distances.size(), expected.size());
  for (std::size_t i = 0; i < distances.size(); ++i) EXPECT_NEAR(distances[i], expected[i], 1e-9 * expected[i]) << i;
}

TEST(PerRequestBaselines, anomalies_are_of_the_words_that_were_read_by_a_detector_of_peoples) {
  const Small small;
  const auto anomalies = fit_per_request(small.study, small.set).anomalies;
  std::vector<Words> people;
  for (const auto row : small.people()) people.push_back(small.read[row]);
  const WordDetector detector(people, 1);
  ASSERT_EQ(anomalies.size(), small.read.size());
  for (std::size_t i = 0; i < anomalies.size(); ++i) EXPECT_EQ(anomalies[i], detector.anomaly(small.read[i])) << i;
}

Study annotated_study(const ActivationSet& set) {
  StudyOptions options;
  options.atlas = {.rank = 16, .chart_count = 40, .sketch_dimension = 16, .reference_max = 200};
  return *make_study(set, options);
}

TEST(SourceAnswers, are_the_nearest_of_the_charts_of_the_fit_part) {
  const auto set = annotated_set();
  const auto study = annotated_study(set);
  const auto fits = fit_baselines(study, set);
  ASSERT_TRUE(fits) << fits.error().message;
  const ActivationSet part[] = {rows_of(set, study.corpus, study.split.fit)};
  atlas::FitOptions options;
  options.chart_count = kSourceClasses;
  const auto atlas = atlas::fit(part, part, options);
  ASSERT_TRUE(atlas) << atlas.error().message;
  std::set<std::uint16_t> classes;
  for (std::size_t row = 0; row < study.corpus.rows.size(); ++row) {
    const auto point = atlas::project_point(*atlas, set.row(study.corpus.rows[row].source_row));
    std::vector<double> products(kSourceClasses);
    for (std::uint32_t c = 0; c < kSourceClasses; ++c) {
      for (std::size_t k = 0; k < point.size(); ++k) products[c] += double{point[k]} * double{atlas->centroid(c)[k]};
    }
    const auto answer = fits->answers.at(row);
    ASSERT_LT(answer, kSourceClasses);
    for (const double product : products) EXPECT_LE(product, products[answer] + 1e-5);
    classes.insert(answer);
  }
  EXPECT_GT(classes.size(), 8U);
  std::vector<std::uint16_t> of_fit;
  for (const auto row : study.split.fit) of_fit.push_back(fits->answers[row]);
  EXPECT_EQ(fits->source.answers, of_fit);
}

TEST(SourceAnswers, do_not_hang_on_rows_of_other_parts) {
  auto set = annotated_set();
  const auto study = annotated_study(set);
  const auto before = fit_baselines(study, set);
  const auto moved = study.split.test.front();
  const auto first = std::size_t{study.corpus.rows[moved].source_row} * set.manifest.dimension;
  for (std::uint32_t k = 0; k < set.manifest.dimension; ++k) set.values[first + k] += k % 2 == 0 ? 30.0F : -30.0F;
  const auto after = fit_baselines(study, set);
  ASSERT_TRUE(before && after);
  for (std::size_t row = 0; row < study.corpus.rows.size(); ++row) {
    if (row == moved) continue;
    ASSERT_EQ(before->answers[row], after->answers[row]) << row;
    ASSERT_EQ(before->per_request.mahalanobis[row], after->per_request.mahalanobis[row]) << row;
  }
}

}  // namespace
}  // namespace cms::lab
