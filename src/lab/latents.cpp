#include "lab/latents.hpp"

#include <Eigen/Eigenvalues>
#include <cmath>
#include <cstdint>

namespace cms::lab {
namespace {

using Eigen::Index;

constexpr Index kLatents = 32;
constexpr Index kReference = 100;

double kernel(double squared_distance) {
  double sum = 0;
  for (const double sigma : {1.0, 5.0, 10.0, 15.0, 20.0}) sum += std::exp(-squared_distance / (2 * sigma * sigma));
  return sum;
}

Eigen::MatrixXd kernels_within(const Rows& rows) { return squared_distances(rows).cwiseMax(0).unaryExpr(&kernel); }

}  // namespace

LatentSpace fit_latents(const Rows& people) {
  LatentSpace space;
  space.mean = people.colwise().mean();
  const Rows centred = people.rowwise() - space.mean;
  const Index dimension = people.cols();
  Eigen::MatrixXd covariance = Eigen::MatrixXd::Zero(dimension, dimension);
  covariance.selfadjointView<Eigen::Lower>().rankUpdate(centred.cast<double>().transpose(),
                                                       1.0 / static_cast<double>(people.rows()));
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solved(covariance);
  const Eigen::VectorXd& spreads = solved.eigenvalues();  // rising
  Index kept = 0;
  while (kept < std::min(kLatents, dimension) && spreads[dimension - 1 - kept] > 1e-9 * spreads[dimension - 1]) ++kept;
  space.map.resize(dimension, kept);
  for (Index k = 0; k < kept; ++k) {
    const Index from = dimension - 1 - k;
    space.map.col(k) = (solved.eigenvectors().col(from) / std::sqrt(spreads[from])).cast<float>();
  }
  const Index references = std::min(kReference, people.rows());
  Rows chosen(references, dimension);
  for (Index i = 0; i < references; ++i) chosen.row(i) = people.row(i * people.rows() / references);
  space.reference = latents_of(space, chosen);
  space.reference_self = kernels_within(space.reference).mean();
  return space;
}

Rows latents_of(const LatentSpace& space, const Rows& raws) { return (raws.rowwise() - space.mean) * space.map; }

double latent_mmd(const LatentSpace& space, const Rows& latents, std::uint32_t window, std::uint32_t step) {
  const Eigen::MatrixXd within = kernels_within(latents);
  Eigen::VectorXd across(latents.rows());  // mean kernel of each to the reference
  for (Index i = 0; i < latents.rows(); ++i) {
    across[i] = 0;
    for (Index j = 0; j < space.reference.rows(); ++j) {
      across[i] += kernel(double{(latents.row(i) - space.reference.row(j)).squaredNorm()});
    }
    across[i] /= static_cast<double>(space.reference.rows());
  }
  return greatest_over_windows(latents.rows(), window, step, [&](Index first, Index size) {
    const double squared = within.block(first, first, size, size).mean() - 2 * across.segment(first, size).mean() +
                           space.reference_self;
    return std::sqrt(std::max(0.0, squared));
  });
}

}  // namespace cms::lab
