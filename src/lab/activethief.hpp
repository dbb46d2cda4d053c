// ActiveThief (Pal, Gupta, Shukla, Kanade, Shevade, Ganapathy, AAAI 2020): a student stolen by active learning over
// unannotated public data.
//
// A first batch is drawn by chance; then, round by round, a student trained on all answers so far says of every text
// not yet asked what it would answer, as a distribution over charts, and the next batch is chosen by those: the most
// uncertain (greatest entropy), k-centre (always the text whose distribution is farthest from those of all asked, Sener
// and Savarese 2018), or k-centre among the most uncertain. The paper combines k-centre with DFAL, which takes those
// that the least change turns into another class: that needs adversarial examples of images and is not here. The
// combination here has its form, candidates first and their k-centre then, with entropy in DFAL's place.
// Threads: pure. Cost: a similarity for every text and request, and a look through all texts for every request.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <vector>

#include "base/random.hpp"
#include "lab/student.hpp"

namespace cms::lab {

enum class Strategy : std::uint8_t { uncertainty, k_center, uncertain_k_center };

struct ActiveThiefOptions {
  Strategy strategy = Strategy::uncertainty;
  std::uint32_t requests = 400;
  std::uint32_t batch = 40;         // the first one and each further one; the paper's is a tenth of the budget
  std::uint32_t pool_texts = 2'000;  // drawn from the pool: the thief's public data
  std::uint32_t candidates = 400;    // the most uncertain, of which uncertain_k_center takes a batch: a whole budget
};

// Rows of the corpus in the order asked; no text twice. Fewer than asked for when `pool` has fewer texts.
std::vector<std::uint32_t> active_thief(const Study& study, std::span<const TextFeatures> features, Pool pool,
                                        const ActiveThiefOptions& options, Random& random);

// Columns are distributions of texts to choose from, and of those asked: the `count` that `strategy` asks next, as
// places among the former. Cost: an entropy a column, and those of k_centers for the columns it is given.
std::vector<std::size_t> next_batch(Strategy strategy, const Eigen::MatrixXf& open, const Eigen::MatrixXf& asked,
                                    std::size_t count, std::size_t candidates);

// Columns are distributions. The `count` of greatest entropy, the greatest first; of equal ones the first.
std::vector<std::size_t> most_uncertain(const Eigen::MatrixXf& distributions, std::size_t count);

// The `count` columns of `distributions` that greedy k-centre adds to `centers`: always the one whose distance to the
// nearest centre is greatest (ties: the first). Cost: one distance a column and centre.
std::vector<std::size_t> k_centers(const Eigen::MatrixXf& distributions, const Eigen::MatrixXf& centers,
                                   std::size_t count);

}  // namespace cms::lab
