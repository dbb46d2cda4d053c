#include "lab/trained.hpp"

#include <algorithm>
#include <cmath>

namespace cms::lab {
namespace {

// Features have a root mean square of 1, so the gradient changes by at most (channels + 1) / 4 a unit: this step is
// below 2 over that. The ridge keeps weights finite where known attackers separate wholly.
constexpr double kStep = 0.5;
constexpr int kPasses = 2'000;
constexpr double kRidge = 1e-3;

struct Example {
  Peaks features{};
  double label = 0;
  double importance = 0;
};

// Greatest evidence has a long tail; its root is what deviations are measured in.
Peaks rooted(const Peaks& peaks) {
  Peaks roots{};
  for (std::size_t c = 0; c < kChannelCount; ++c) roots[c] = std::sqrt(std::max(0.0, peaks[c]));
  return roots;
}

std::vector<Example> examples_of(const TrainingSet& set) {
  std::vector<Example> examples;
  const auto add = [&](const std::vector<Peaks>& accounts, double label, double total) {
    for (const auto& one : accounts) {
      examples.push_back({rooted(one), label, total / static_cast<double>(accounts.size())});
    }
  };
  add(set.honest, 0, 0.5);
  for (const auto& kind : set.attackers) add(kind, 1, 0.5 / static_cast<double>(set.attackers.size()));
  return examples;
}

// Root mean square of each feature, so that one step length fits all; 1 where a channel says nothing.
Peaks scales_of(const std::vector<Example>& examples) {
  Peaks scales{};
  for (const auto& one : examples) {
    for (std::size_t c = 0; c < kChannelCount; ++c) {
      scales[c] += one.importance * one.features[c] * one.features[c];
    }
  }
  for (auto& scale : scales) scale = scale > 0 ? std::sqrt(scale) : 1;
  return scales;
}

}  // namespace

TrainingSet training_set(std::vector<Peaks> honest, std::span<const KnownAttack> attacks,
                         const std::set<std::string>& left_out) {
  TrainingSet set{std::move(honest), {}};
  for (const auto& attack : attacks) {
    const bool apart = std::none_of(attack.families.begin(), attack.families.end(),
                                    [&](const std::string& one) { return left_out.contains(one); });
    if (apart && !attack.accounts.empty()) set.attackers.push_back(attack.accounts);
  }
  return set;
}

std::array<double, kChannelCount> train_weights(const TrainingSet& set) {
  std::array<double, kChannelCount> equal{};
  equal.fill(1);
  if (set.honest.empty() || set.attackers.empty()) return equal;
  auto examples = examples_of(set);
  const auto scales = scales_of(examples);
  for (auto& one : examples) {
    for (std::size_t c = 0; c < kChannelCount; ++c) one.features[c] /= scales[c];
  }
  Peaks weights{};
  double bias = 0;
  for (int pass = 0; pass < kPasses; ++pass) {
    Peaks slope{};
    double bias_slope = 0;
    for (const auto& one : examples) {
      double logit = bias;
      for (std::size_t c = 0; c < kChannelCount; ++c) logit += weights[c] * one.features[c];
      const double miss = one.importance * (1 / (1 + std::exp(-logit)) - one.label);
      bias_slope += miss;
      for (std::size_t c = 0; c < kChannelCount; ++c) slope[c] += miss * one.features[c];
    }
    bias -= kStep * bias_slope;
    for (std::size_t c = 0; c < kChannelCount; ++c) {
      weights[c] = std::max(0.0, weights[c] - kStep * (slope[c] + kRidge * weights[c]));
    }
  }
  // A root's weight is squared, since evidence sums squares.
  double greatest = 0;
  for (std::size_t c = 0; c < kChannelCount; ++c) {
    weights[c] = weights[c] * weights[c] / (scales[c] * scales[c]);
    greatest = std::max(greatest, weights[c]);
  }
  if (greatest <= 0) return equal;
  for (auto& weight : weights) weight /= greatest;
  return weights;
}

}  // namespace cms::lab
