#include "lab/rows.hpp"

namespace cms::lab {

Rows points_of(const Corpus& corpus, std::span<const std::uint32_t> rows) {
  Rows points(rows.size(), corpus.rank);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto point = corpus.point(rows[i]);
    std::copy(point.begin(), point.end(), points.row(static_cast<Eigen::Index>(i)).data());
  }
  return points;
}

Eigen::MatrixXf products_of(const Rows& rows) {
  // Half a product, and not one that starts threads of its own inside ours.
  Eigen::MatrixXf products = Eigen::MatrixXf::Zero(rows.rows(), rows.rows());
  products.selfadjointView<Eigen::Lower>().rankUpdate(rows);
  return products.selfadjointView<Eigen::Lower>();
}

Eigen::MatrixXd squared_distances(const Rows& rows) {
  Eigen::MatrixXd distances = products_of(rows).cast<double>();
  const Eigen::VectorXd squares = distances.diagonal();
  distances *= -2;
  distances.colwise() += squares;
  distances.rowwise() += squares.transpose();
  return distances;
}

}  // namespace cms::lab
