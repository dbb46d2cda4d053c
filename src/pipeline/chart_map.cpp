#include "pipeline/chart_map.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

namespace cms::pipeline {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// Honest mass of each chart, summing to 1; equal shares where none has any.
VectorXd masses(const atlas::Atlas& atlas) {
  VectorXd mass(static_cast<Index>(atlas.charts.size()));
  for (Index c = 0; c < mass.size(); ++c) mass[c] = atlas.charts[static_cast<std::size_t>(c)].benign_mass;
  if (mass.sum() <= 0) mass.setOnes();
  return mass / mass.sum();
}

// What whitening divided each coordinate by: its row of the projection is a unit vector over that. Their mean becomes
// 1, so that numbers keep their size.
VectorXd spreads(const atlas::Atlas& atlas) {
  const std::size_t dimension = atlas.projection.size() / std::max<std::size_t>(1, atlas.rank);
  VectorXd spread = VectorXd::Ones(static_cast<Index>(atlas.rank));
  for (std::size_t i = 0; i < atlas.rank && dimension > 0; ++i) {
    const float* row = atlas.projection.data() + i * dimension;
    const double length = Eigen::Map<const Eigen::VectorXf>(row, static_cast<Index>(dimension)).cast<double>().norm();
    spread[static_cast<Index>(i)] = length > 0 ? 1 / length : 0;
  }
  return spread.sum() > 0 ? VectorXd(spread / spread.mean()) : VectorXd::Ones(spread.size());
}

Place place_of(const ChartMap& map, const VectorXd& point) {
  Place place;
  for (std::size_t i = 0; i < map.centre.size(); ++i) {
    const double offset = point[static_cast<Index>(i)] - map.centre[i];
    place.x += offset * map.directions[0][i];
    place.y += offset * map.directions[1][i];
  }
  return place;
}

}  // namespace

Place ChartMap::place(std::span<const std::int8_t> point) const {
  VectorXd direction(static_cast<Index>(point.size()));
  for (std::size_t i = 0; i < point.size(); ++i) direction[static_cast<Index>(i)] = point[i];
  const double length = direction.norm();
  if (length > 0) direction /= length;
  return place_of(*this, direction);
}

ChartMap chart_map(const atlas::Atlas& atlas) {
  const auto count = static_cast<Index>(atlas.charts.size());
  const auto rank = static_cast<Index>(atlas.rank);
  using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const VectorXd spread = spreads(atlas);
  const MatrixXd centres = Eigen::Map<const Rows>(atlas.centroids.data(), count, rank).cast<double>();
  const MatrixXd wide = centres * spread.asDiagonal();
  const VectorXd mass = masses(atlas);
  const VectorXd centre = centres.transpose() * mass;
  const MatrixXd offsets = wide.rowwise() - (wide.transpose() * mass).transpose();
  const Eigen::SelfAdjointEigenSolver<MatrixXd> solver(offsets.transpose() * mass.asDiagonal() * offsets);
  const double variance = std::max(0.0, solver.eigenvalues().sum());

  ChartMap map;
  map.centre.assign(centre.begin(), centre.end());
  for (Index d = 0; d < 2; ++d) {
    auto& kept = map.directions[static_cast<std::size_t>(d)];
    kept.assign(static_cast<std::size_t>(rank), 0.0);
    if (d >= rank) continue;
    VectorXd direction = solver.eigenvectors().col(rank - 1 - d);  // Eigen sorts them rising
    Index largest = 0;
    direction.cwiseAbs().maxCoeff(&largest);
    if (direction[largest] < 0) direction = -direction;
    direction = direction.cwiseProduct(spread);
    kept.assign(direction.begin(), direction.end());
    const double own = std::max(0.0, solver.eigenvalues()[rank - 1 - d]);
    map.explained[static_cast<std::size_t>(d)] = variance > 0 ? own / variance : 0;
  }
  double most = 0;
  for (Index c = 0; c < count; ++c) {
    const auto place = place_of(map, centres.row(c));
    most = std::max({most, std::abs(place.x), std::abs(place.y)});
    map.charts.push_back(place);
  }
  if (most <= 0) return map;
  for (auto& direction : map.directions) {
    for (auto& value : direction) value /= most;
  }
  for (auto& place : map.charts) place = {place.x / most, place.y / most};
  return map;
}

std::string drawn(const ChartMap& map, std::span<const std::uint32_t> seen, std::string_view indent) {
  std::vector<bool> is_seen(map.charts.size());
  for (const auto chart : seen) is_seen[chart] = true;
  struct Cell {
    int charts = 0, seen = 0;
  };
  std::vector<Cell> cells(kDrawnRows * kDrawnColumns);
  const auto at = [](double coordinate, std::size_t count) {
    const double share = std::clamp((coordinate + 1) / 2, 0.0, 1.0);
    return std::min(count - 1, static_cast<std::size_t>(share * static_cast<double>(count)));
  };
  for (std::size_t c = 0; c < map.charts.size(); ++c) {
    auto& cell = cells[at(-map.charts[c].y, kDrawnRows) * kDrawnColumns + at(map.charts[c].x, kDrawnColumns)];
    ++cell.charts;
    cell.seen += is_seen[c] ? 1 : 0;
  }
  std::string text;
  for (std::size_t row = 0; row < kDrawnRows; ++row) {
    std::string line(indent);
    for (std::size_t column = 0; column < kDrawnColumns; ++column) {
      const auto& cell = cells[row * kDrawnColumns + column];
      line += cell.charts == 0 ? ' ' : cell.seen == 0 ? '.' : cell.seen < cell.charts ? '+' : '#';
    }
    line.resize(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

}  // namespace cms::pipeline
