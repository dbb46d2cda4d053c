// Knockoff Nets (Orekondy, Schiele, Fritz, CVPR 2019): a student stolen with queries from public data, drawn at random
// or by a bandit over their fields.
//
// The victim answers a text with its unit point, and so with a distribution over charts (softmax of the cosines to all
// centroids over kTemperature). Adaptive (section 4.1.2): a gradient bandit over fields; the reward is the mean of
// certainty (margin of the two likeliest charts), diversity (mass on charts that the last kMemory answers had less of)
// and, once there is a student, loss (cross-entropy of its distribution), each scaled to [0, 1] by what was seen.
// Threads: pure. Cost: a refit of the student every `refit` requests.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.hpp"
#include "lab/student.hpp"

namespace cms::lab {

struct KnockoffOptions {
  std::uint32_t requests = 400;
  bool adaptive = false;
  std::uint32_t refit = 25;     // requests between two students
  double learning_rate = 0.5;   // of the bandit
};

// What the victim answers to a text whose unit point is `point`, or a student who takes it for that: softmax over the
// charts of the cosines to their centroids, over a temperature. Cost: charts x rank.
Eigen::VectorXd chart_distribution(const atlas::Atlas& atlas, std::span<const float> point);

// Rows of the corpus in the order asked; no text twice. Fewer than asked for when `pool` has fewer texts.
std::vector<std::uint32_t> knockoff(const Study& study, std::span<const TextFeatures> features, Pool pool,
                                    const KnockoffOptions& options, Random& random);

}  // namespace cms::lab
