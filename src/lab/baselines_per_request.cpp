// What baselines learn once. Detectors that see one request at a time: the OMED limit in practice.
#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

#include "atlas/atlas.hpp"
#include "lab/baselines.hpp"
#include "lab/word_detector.hpp"
#include "lab/words.hpp"
#include "tap/text.hpp"

namespace cms::lab {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// Weights of rank coordinates and a constant, by Newton's method on the ridge-penalised logistic loss; both classes
// weigh the same. Converges in a handful of steps for unit points.
VectorXd fit_logistic(const MatrixXd& inputs, const VectorXd& labels) {
  constexpr int kSteps = 25;
  constexpr double kRidge = 1e-3;
  const double positives = std::max(1.0, labels.sum());
  const double negatives = std::max(1.0, static_cast<double>(labels.size()) - labels.sum());
  const VectorXd weights = labels.array() / (2 * positives) + (1 - labels.array()) / (2 * negatives);
  VectorXd beta = VectorXd::Zero(inputs.cols());
  for (int step = 0; step < kSteps; ++step) {
    const VectorXd probabilities = 1 / (1 + (-(inputs * beta)).array().exp());
    const VectorXd gradient = inputs.transpose() * (weights.array() * (probabilities - labels).array()).matrix();
    const VectorXd curvature = weights.array() * probabilities.array() * (1 - probabilities.array());
    MatrixXd hessian = inputs.transpose() * curvature.asDiagonal() * inputs;
    hessian.diagonal().array() += kRidge;
    const VectorXd change = hessian.ldlt().solve(gradient + kRidge * beta);
    beta -= change;
    if (change.norm() < 1e-9) break;
  }
  return beta;
}

VectorXd with_constant(std::span<const float> point) {
  VectorXd input(static_cast<Index>(point.size()) + 1);
  input.head(input.size() - 1) = Eigen::Map<const Eigen::VectorXf>(point.data(), input.size() - 1).cast<double>();
  input[input.size() - 1] = 1;
  return input;
}

std::vector<double> logits_of(const Study& study) {
  const auto& corpus = study.corpus;
  MatrixXd inputs(study.split.fit.size(), corpus.rank + 1);
  VectorXd labels(inputs.rows());
  for (Index i = 0; i < inputs.rows(); ++i) {
    const auto row = study.split.fit[static_cast<std::size_t>(i)];
    inputs.row(i) = with_constant(corpus.point(row));
    labels[i] = corpus.rows[row].origin == Origin::distiller ? 1 : 0;
  }
  const VectorXd beta = fit_logistic(inputs, labels);
  std::vector<double> logits;
  for (std::uint32_t row = 0; row < corpus.rows.size(); ++row) {
    logits.push_back(with_constant(corpus.point(row)).dot(beta));
  }
  return logits;
}

std::vector<std::uint32_t> people_of(const Study& study) {
  return of_origin(study.corpus, study.split.fit, Origin::people);
}

std::vector<double> distances_of(const Study& study, const ActivationSet& set) {
  const auto dimension = static_cast<Index>(set.manifest.dimension);
  const auto raw = [&](std::uint32_t row) {
    return Eigen::Map<const Eigen::VectorXf>(set.row(study.corpus.rows[row].source_row).data(), dimension);
  };
  const auto people = people_of(study);
  VectorXd mean = VectorXd::Zero(dimension);
  for (const auto row : people) mean += raw(row).cast<double>() / static_cast<double>(people.size());
  MatrixXd covariance = MatrixXd::Zero(dimension, dimension);
  for (const auto row : people) {
    const VectorXd centred = raw(row).cast<double>() - mean;
    covariance.selfadjointView<Eigen::Lower>().rankUpdate(centred, 1.0 / static_cast<double>(people.size()));
  }
  constexpr double kShrink = .1;
  const double scale = covariance.trace() / static_cast<double>(dimension);
  covariance *= 1 - kShrink;
  covariance.diagonal().array() += kShrink * scale;
  const Eigen::LLT<MatrixXd> factor(covariance);
  std::vector<double> distances;
  for (std::uint32_t row = 0; row < study.corpus.rows.size(); ++row) {
    distances.push_back(factor.matrixL().solve(raw(row).cast<double>() - mean).squaredNorm());
  }
  return distances;
}

std::vector<double> anomalies_of(const Study& study, const ActivationSet& set) {
  const tap::TextLimits read{.words_max = set.manifest.words_max, .chars_max = set.manifest.chars_max};
  std::vector<Words> texts;
  for (const auto& row : study.corpus.rows) {
    const auto text = set.rows[row.source_row].more.value("text", std::string());
    texts.push_back(words_of(tap::cut_text(text, read)));
  }
  std::vector<Words> people;
  for (const auto row : people_of(study)) people.push_back(texts[row]);
  const WordDetector detector(people, 1);
  std::vector<double> anomalies;
  for (const auto& text : texts) anomalies.push_back(detector.anomaly(text));
  return anomalies;
}

// The source's answers are charts of a coarse atlas of the fit part.
Result<std::vector<std::uint16_t>> source_answers(const Study& study, const ActivationSet& set) {
  const ActivationSet part[] = {rows_of(set, study.corpus, study.split.fit)};
  atlas::FitOptions options;
  options.chart_count = kSourceClasses;
  CMS_TRY(atlas, atlas::fit(part, part, options));
  std::vector<std::uint16_t> answers;
  for (const auto& row : study.corpus.rows) {
    answers.push_back(atlas::nearest_chart(atlas, atlas::project_point(atlas, set.row(row.source_row))));
  }
  return answers;
}

}  // namespace

PerRequest fit_per_request(const Study& study, const ActivationSet& set) {
  return {logits_of(study), distances_of(study, set), anomalies_of(study, set)};
}

Result<BaselineFits> fit_baselines(const Study& study, const ActivationSet& set) {
  BaselineFits fits;
  fits.per_request = fit_per_request(study, set);
  fits.latents = fit_latents(account_rows(study, set, people_of(study)).raws);
  fits.planes = cap_planes(study.corpus.rank);
  CMS_TRY(answers, source_answers(study, set));
  fits.answers = std::move(answers);
  const auto features = std::min<std::uint32_t>(kSourceFeatures, study.corpus.rank);
  std::vector<std::uint16_t> answered;
  for (const auto row : study.split.fit) answered.push_back(fits.answers[row]);
  fits.source = make_source_model(points_of(study.corpus, study.split.fit).leftCols(features), std::move(answered));
  return fits;
}

}  // namespace cms::lab
