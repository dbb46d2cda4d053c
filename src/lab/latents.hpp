// VarDetect-like: do an account's requests lie in a latent space as people's do?
//
// VarDetect (Pal, Gupta, Kanade, Shevade, arXiv 2107.05166, and the authors' program) trains a variational autoencoder
// that sends the problem domain to N(0, I) and noised copies of it to N(5, I), and compares each 100 latents of a user
// with 100 of the training set by MMD under five Gaussian kernels. Here the encoder is linear: people's 32 leading
// principal coordinates at unit variance, which is what a linear autoencoder's posterior mean comes to (Tipping and
// Bishop 1999; Lucas et al. 2019). Such an encoder has nowhere to send noise, so the second prior is left out.
// Threads: pure functions.
#pragma once

#include <Eigen/Core>

#include "lab/rows.hpp"

namespace cms::lab {

struct LatentSpace {
  Eigen::RowVectorXf mean;  // of people, d
  Eigen::MatrixXf map;      // d x 32 (or fewer, as directions have spread)
  Rows reference;           // at most 100 of people's latents
  double reference_self = 0;  // mean kernel over all pairs of them, each with itself included
};

// `people` is n x d, at least one row; the reference is every n/100th of them. Cost: n d^2 and d^3.
LatentSpace fit_latents(const Rows& people);

// n x d to n x 32.
Rows latents_of(const LatentSpace& space, const Rows& raws);

// MMD (biased, its square root, as the authors have it) of `latents` to the reference, the greatest over windows of
// `window` begun every `step`. Cost: 2 exponentials a pair.
double latent_mmd(const LatentSpace& space, const Rows& latents, std::uint32_t window = 100, std::uint32_t step = 10);

}  // namespace cms::lab
