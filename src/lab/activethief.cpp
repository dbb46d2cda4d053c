#include "lab/activethief.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "lab/knockoff.hpp"

namespace cms::lab {
namespace {

using Eigen::Index;

// One theft under way.
class Theft {
 public:
  Theft(const Study& study, std::span<const TextFeatures> features, std::vector<std::uint32_t> texts)
      : study_(study), features_(features), open_(std::move(texts)) {}

  // Asks the texts at `places` of those open.
  void ask(std::vector<std::size_t> places) {
    for (const auto place : places) asked_.push_back(open_[place]);
    std::ranges::sort(places, std::greater<>());
    for (const auto place : places) open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(place));
  }

  [[nodiscard]] std::vector<std::size_t> choose(const ActiveThiefOptions& options, std::size_t count) const {
    const auto student = taught(study_, features_, asked_);
    return next_batch(options.strategy, expected(student, open_), expected(student, asked_), count,
                      options.candidates);
  }

  [[nodiscard]] std::size_t open_count() const { return open_.size(); }
  [[nodiscard]] const std::vector<std::uint32_t>& asked() const { return asked_; }

 private:
  // What the student would answer to these rows, as distributions over charts in columns.
  [[nodiscard]] Eigen::MatrixXf expected(const Student& student, std::span<const std::uint32_t> rows) const {
    Eigen::MatrixXf distributions(study_.atlas.chart_count(), rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      Eigen::RowVectorXf answer = student.answer(features_[rows[i]]);
      if (answer.norm() > 0) answer.normalize();
      const std::span<const float> point(answer.data(), static_cast<std::size_t>(answer.size()));
      distributions.col(static_cast<Index>(i)) = chart_distribution(study_.atlas, point).cast<float>();
    }
    return distributions;
  }

  const Study& study_;
  std::span<const TextFeatures> features_;
  std::vector<std::uint32_t> open_, asked_;
};

}  // namespace

std::vector<std::uint32_t> active_thief(const Study& study, std::span<const TextFeatures> features, Pool pool,
                                        const ActiveThiefOptions& options, Random& random) {
  Theft theft(study, features, draw(study.corpus, pool, options.pool_texts, random));
  while (theft.asked().size() < options.requests && theft.open_count() > 0) {
    const auto count = std::min({std::size_t{options.batch}, options.requests - theft.asked().size(),
                                 theft.open_count()});
    std::vector<std::size_t> first(count);  // drawn by chance already
    std::iota(first.begin(), first.end(), std::size_t{0});
    theft.ask(theft.asked().empty() ? first : theft.choose(options, count));
  }
  return theft.asked();
}

std::vector<std::size_t> next_batch(Strategy strategy, const Eigen::MatrixXf& open, const Eigen::MatrixXf& asked,
                                    std::size_t count, std::size_t candidates) {
  if (strategy == Strategy::uncertainty) return most_uncertain(open, count);
  if (strategy == Strategy::k_center) return k_centers(open, asked, count);
  const auto uncertain = most_uncertain(open, std::max(count, candidates));
  const Eigen::MatrixXf columns = open(Eigen::all, uncertain);
  auto chosen = k_centers(columns, asked, count);
  for (auto& place : chosen) place = uncertain[place];
  return chosen;
}

std::vector<std::size_t> most_uncertain(const Eigen::MatrixXf& distributions, std::size_t count) {
  std::vector<double> entropies;
  for (Index i = 0; i < distributions.cols(); ++i) {
    const Eigen::ArrayXd shares = distributions.col(i).cast<double>();
    entropies.push_back(-(shares * (shares + 1e-300).log()).sum());
  }
  std::vector<std::size_t> order(entropies.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return entropies[a] > entropies[b]; });
  order.resize(std::min(count, order.size()));
  return order;
}

std::vector<std::size_t> k_centers(const Eigen::MatrixXf& distributions, const Eigen::MatrixXf& centers,
                                   std::size_t count) {
  Eigen::ArrayXf nearest =
      Eigen::ArrayXf::Constant(distributions.cols(), std::numeric_limits<float>::infinity());  // squared
  const auto approach = [&](const auto& center) {
    for (Index i = 0; i < distributions.cols(); ++i) {
      nearest[i] = std::min(nearest[i], (distributions.col(i) - center).squaredNorm());
    }
  };
  for (Index c = 0; c < centers.cols(); ++c) approach(centers.col(c));
  std::vector<std::size_t> chosen;
  while (chosen.size() < std::min(count, static_cast<std::size_t>(distributions.cols()))) {
    Index farthest = 0;
    nearest.maxCoeff(&farthest);
    chosen.push_back(static_cast<std::size_t>(farthest));
    approach(distributions.col(farthest));
    nearest[farthest] = -1;  // no column twice, were all of them alike
  }
  return chosen;
}

}  // namespace cms::lab
