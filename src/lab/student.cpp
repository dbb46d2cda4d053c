#include "lab/student.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <string>

#include "atlas/atlas.hpp"
#include "base/hash.hpp"
#include "lab/words.hpp"

namespace cms::lab {
namespace {

using Eigen::Index;

constexpr std::uint32_t kPlaces = 1U << 16;
constexpr std::size_t kGram = 4;
constexpr double kRidge = 0.1;
constexpr float kWordWeight = 2;

std::uint32_t place_of(std::string_view part, std::uint64_t hash) {
  for (const char c : part) hash = fnv1a(hash, static_cast<unsigned char>(c));
  return static_cast<std::uint32_t>(hash >> 40) % kPlaces;
}

}  // namespace

TextFeatures text_features(std::string_view text) {
  const std::string clean = folded(text);
  std::map<std::uint32_t, float> counts;
  for (const auto& word : words_of(text)) counts[place_of(word, kFnvBasis)] += kWordWeight;
  for (std::size_t at = 0; clean.size() > 1 && at + kGram <= clean.size(); ++at) {
    counts[place_of(std::string_view(clean).substr(at, kGram), 0x9ce484222325cbf2ULL)] += 1;
  }
  TextFeatures features;
  double squares = 0;
  for (const auto& [place, count] : counts) squares += std::log1p(count) * std::log1p(count);
  for (const auto& [place, count] : counts) {
    features.places.push_back(place);
    features.values.push_back(static_cast<float>(std::log1p(count) / std::sqrt(squares)));
  }
  return features;
}

TextFeatures point_features(std::span<const float> point) {
  TextFeatures features{std::vector<std::uint32_t>(point.size()), std::vector<float>(point.begin(), point.end())};
  std::iota(features.places.begin(), features.places.end(), 0U);
  return features;
}

double similarity(const TextFeatures& a, const TextFeatures& b) {
  double sum = 0;
  for (std::size_t i = 0, j = 0; i < a.places.size() && j < b.places.size();) {
    if (a.places[i] == b.places[j]) {
      sum += double{a.values[i++]} * b.values[j++];
    } else {
      a.places[i] < b.places[j] ? ++i : ++j;
    }
  }
  return sum;
}

Student::Student(std::span<const TextFeatures* const> asked, const Rows& answers) : asked_(asked.begin(), asked.end()) {
  const auto n = static_cast<Index>(asked_.size());
  Eigen::MatrixXd kernel(n, n);
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j <= i; ++j) {
      kernel(i, j) = similarity(*asked_[static_cast<std::size_t>(i)], *asked_[static_cast<std::size_t>(j)]);
    }
    kernel(i, i) += kRidge;
  }
  const Eigen::LLT<Eigen::MatrixXd> factor(kernel.selfadjointView<Eigen::Lower>());
  weights_ = factor.solve(answers.cast<double>()).cast<float>();
}

Eigen::RowVectorXf Student::answer(const TextFeatures& text) const {
  Eigen::RowVectorXf sum = Eigen::RowVectorXf::Zero(weights_.cols());
  for (std::size_t i = 0; i < asked_.size(); ++i) {
    const double near = similarity(text, *asked_[i]);
    if (near != 0) sum += static_cast<float>(near) * weights_.row(static_cast<Index>(i));
  }
  return sum;
}

Student taught(const Study& study, std::span<const TextFeatures> features, std::span<const std::uint32_t> rows) {
  std::vector<const TextFeatures*> texts;
  for (const auto row : rows) texts.push_back(&features[row]);
  return {texts, points_of(study.corpus, rows)};
}

Fidelity fidelity(const Student& student, const Study& study, std::span<const TextFeatures> features,
                  const Examination& examination, std::span<const std::uint32_t> asked) {
  std::set<std::uint32_t> texts;
  for (const auto row : asked) texts.insert(study.corpus.rows[row].text_id);
  Fidelity sum;
  double count = 0, weights = 0, equal_weights = 0;
  for (std::size_t i = 0; i < examination.rows.size(); ++i) {
    const auto row = examination.rows[i];
    if (texts.contains(study.corpus.rows[row].text_id)) continue;
    count += 1;
    weights += examination.weights[i];
    equal_weights += examination.equal_weights[i];
    Eigen::RowVectorXf answer = student.answer(features[row]);
    const float length = answer.norm();
    if (!(length > 0)) continue;
    answer /= length;
    const auto truth = study.corpus.point(row);
    const double near = answer.dot(Eigen::Map<const Eigen::RowVectorXf>(truth.data(), answer.size()));
    sum.cosine += near;
    sum.charts_equal += near * examination.equal_weights[i];
    sum.use_weighted += near * examination.weights[i];
    const std::span<const float> point(answer.data(), truth.size());
    sum.charts += atlas::nearest_chart(study.atlas, point) == examination.charts[i] ? 1 : 0;
  }
  if (count <= 0) return {};
  return {sum.cosine / count, weights > 0 ? sum.use_weighted / weights : 0,
          equal_weights > 0 ? sum.charts_equal / equal_weights : 0, sum.charts / count};
}

}  // namespace cms::lab
