#include "lab/latents.hpp"

#include <Eigen/Eigenvalues>
#include <cmath>
#include <cstdint>

namespace cms::lab {
namespace {

using Eigen::Index;

constexpr Index kLatents = 32;
constexpr Index kReference = 100;

// Of squared distances: the sum of exp(-d / 2 s^2) for s = 1, 5, 10, 15, 20. All but that of 15 are powers of that of
// 20, which spares three exponentials of five.
Eigen::ArrayXXd kernels(const Eigen::ArrayXXd& squares) {
  const Eigen::ArrayXXd clean = squares.max(0);
  const Eigen::ArrayXXd of_20 = (-clean / 800).exp();
  const Eigen::ArrayXXd of_10 = of_20.square().square();
  const Eigen::ArrayXXd of_5 = of_10.square().square();
  const Eigen::ArrayXXd eighth = of_5.square().square().square();
  return eighth.cube() * of_5 + of_5 + of_10 + (-clean / 450).exp() + of_20;
}

Eigen::ArrayXXd kernels_within(const Rows& rows) { return kernels(squared_distances(rows).array()); }

// Of each of `rows` to each of `others`.
Eigen::ArrayXXd kernels_across(const Rows& rows, const Rows& others) {
  Eigen::MatrixXd squares = -2 * (rows * others.transpose()).cast<double>();
  squares.colwise() += rows.rowwise().squaredNorm().cast<double>();
  squares.rowwise() += others.rowwise().squaredNorm().cast<double>().transpose();
  return kernels(squares.array());
}

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
  const Eigen::ArrayXXd within = kernels_within(latents);
  const Eigen::ArrayXd across = kernels_across(latents, space.reference).rowwise().mean();
  return greatest_over_windows(latents.rows(), window, step, [&](Index first, Index size) {
    const double squared = within.block(first, first, size, size).mean() - 2 * across.segment(first, size).mean() +
                           space.reference_self;
    return std::sqrt(std::max(0.0, squared));
  });
}

}  // namespace cms::lab
