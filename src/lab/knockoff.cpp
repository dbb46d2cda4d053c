#include "lab/knockoff.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>

namespace cms::lab {
namespace {

constexpr double kTemperature = 0.1;
constexpr std::size_t kMemory = 50;

using Distribution = Eigen::VectorXd;

double margin(const Distribution& answer) {
  double first = 0, second = 0;
  for (const double mass : answer) {
    second = std::max(second, std::min(first, mass));
    first = std::max(first, mass);
  }
  return first - second;
}

// To [0, 1] by the least and the greatest seen so far.
class Scaled {
 public:
  double operator()(double value) {
    least_ = std::min(least_, value);
    greatest_ = std::max(greatest_, value);
    return greatest_ > least_ ? (value - least_) / (greatest_ - least_) : 0;
  }

 private:
  double least_ = std::numeric_limits<double>::infinity();
  double greatest_ = -std::numeric_limits<double>::infinity();
};

// A gradient bandit with the mean reward as baseline (Sutton and Barto, section 2.8).
class Bandit {
 public:
  Bandit(std::size_t arms, double rate) : preferences_(arms), rate_(rate) {}

  std::size_t choose(const std::vector<bool>& open, Random& random) {
    chances_.assign(preferences_.size(), 0);
    for (std::size_t a = 0; a < chances_.size(); ++a) chances_[a] = open[a] ? std::exp(preferences_[a]) : 0;
    return random.weighted(chances_);
  }
  void learn(std::size_t arm, double reward) {
    double total = 0;
    for (const double chance : chances_) total += chance;
    mean_ += (reward - mean_) / ++count_;
    for (std::size_t a = 0; a < preferences_.size(); ++a) {
      const double chance = chances_[a] / total;
      preferences_[a] += rate_ * (reward - mean_) * (a == arm ? 1 - chance : -chance);
    }
  }

 private:
  std::vector<double> preferences_, chances_;
  double rate_;
  double mean_ = 0, count_ = 0;
};

class Knockoff {
 public:
  Knockoff(const Study& study, std::span<const TextFeatures> features, Pool pool, const KnockoffOptions& options,
           Random& random)
      : study_(study), features_(features), options_(options), random_(random), fields_(by_family(study.corpus, pool)),
        used_(study.corpus), bandit_(fields_.size(), options.learning_rate) {
    for (auto& field : fields_) random_.shuffle(field);
  }

  std::vector<std::uint32_t> run() {
    while (asked_.size() < options_.requests) {
      std::vector<bool> open;
      for (auto& field : fields_) {
        while (!field.empty() && used_.contains(field.back())) field.pop_back();
        open.push_back(!field.empty());
      }
      if (std::find(open.begin(), open.end(), true) == open.end()) break;
      ask(options_.adaptive ? bandit_.choose(open, random_) : uniform());
    }
    return std::move(asked_);
  }

 private:
  // A field as likely as it has texts left: so every text is.
  std::size_t uniform() {
    std::vector<double> sizes;
    for (const auto& field : fields_) sizes.push_back(static_cast<double>(field.size()));
    return random_.weighted(sizes);
  }

  void ask(std::size_t field) {
    const auto row = fields_[field].back();
    fields_[field].pop_back();
    used_.take(row);
    asked_.push_back(row);
    if (!options_.adaptive) return;
    const auto answer = chart_distribution(study_.atlas, study_.corpus.point(row));
    bandit_.learn(field, reward(row, answer));
    recent_.push_back(answer);
    if (recent_.size() > kMemory) recent_.erase(recent_.begin());
    if (asked_.size() % options_.refit == 0) refit();
  }

  double reward(std::uint32_t row, const Distribution& answer) {
    Distribution mean = Distribution::Zero(answer.size());
    for (const auto& one : recent_) mean += one / static_cast<double>(recent_.size());
    const double diversity = (answer - mean).cwiseMax(0).sum();
    const double before = certainty_scale_(margin(answer)) + diversity_scale_(diversity);
    if (!student_) return before / 2;
    const Eigen::RowVectorXf own = student_->answer(features_[row]).normalized();
    const auto expected = chart_distribution(study_.atlas, {own.data(), static_cast<std::size_t>(own.size())});
    const double loss = -(answer.array() * (expected.array() + 1e-12).log()).sum();
    return (before + loss_scale_(loss)) / 3;
  }

  void refit() { student_ = taught(study_, features_, asked_); }

  const Study& study_;
  std::span<const TextFeatures> features_;
  KnockoffOptions options_;
  Random& random_;
  std::vector<std::vector<std::uint32_t>> fields_;
  UsedTexts used_;
  Bandit bandit_;
  std::vector<std::uint32_t> asked_;
  std::vector<Distribution> recent_;
  std::optional<Student> student_;
  Scaled certainty_scale_, diversity_scale_, loss_scale_;
};

}  // namespace

Eigen::VectorXd chart_distribution(const atlas::Atlas& atlas, std::span<const float> point) {
  Eigen::VectorXd result(atlas.chart_count());
  for (std::uint32_t c = 0; c < atlas.chart_count(); ++c) {
    const auto centroid = atlas.centroid(c);
    double product = 0;
    for (std::size_t i = 0; i < point.size(); ++i) product += double{point[i]} * centroid[i];
    result[c] = product / kTemperature;
  }
  result = (result.array() - result.maxCoeff()).exp();
  return result / result.sum();
}

std::vector<std::uint32_t> knockoff(const Study& study, std::span<const TextFeatures> features, Pool pool,
                                    const KnockoffOptions& options, Random& random) {
  return Knockoff(study, features, pool, options, random).run();
}

}  // namespace cms::lab
