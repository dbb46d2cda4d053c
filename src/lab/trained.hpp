// The trained score: the channels of the label-free one, weighed by what known attackers and honest accounts showed.
//
// Logistic regression with weights >= 0 on the greatest evidence of each channel alone. Weights that cannot be negative
// keep the promise's direction: an account is never cleared by being odd in some channel. What it gives goes into
// score::Options::weights, so evidence, ranking and promise are the label-free score's; it is fitted on half A, which
// ranks nobody. Threads: pure.
// Reference: gradient projection, Bertsekas, On the Goldstein-Levitin-Polyak gradient projection method, IEEE
// Transactions on Automatic Control 1976.
#pragma once

#include <array>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "types/reading.hpp"

namespace cms::lab {

// Of one account: the greatest evidence that each channel alone ever had, >= 0.
using Peaks = std::array<double, kChannelCount>;

struct TrainingSet {
  std::vector<Peaks> honest;
  std::vector<std::vector<Peaks>> attackers;  // by kind; every kind counts the same, all of them as the honest together
};

// What a kind of attack is after, and its accounts.
struct KnownAttack {
  std::set<std::string> families;
  std::vector<Peaks> accounts;
};
// The attacks that share no family with `left_out`.
TrainingSet training_set(std::vector<Peaks> honest, std::span<const KnownAttack> attacks,
                         const std::set<std::string>& left_out);

// Weights of the channels, the greatest 1; all equal where nothing separates (no honest accounts, no attackers, or no
// weight above 0). Deterministic. Cost: 2,000 passes over the accounts.
std::array<double, kChannelCount> train_weights(const TrainingSet& set);

}  // namespace cms::lab
