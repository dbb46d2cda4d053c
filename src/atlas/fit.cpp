#include "atlas/fit.hpp"

#include <faiss/Clustering.h>
#include <faiss/IndexFlat.h>
#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "atlas/chart_geometry.hpp"
#include "base/directions.hpp"
#include "base/kernels.hpp"
#include "base/lanes.hpp"
#include "base/random.hpp"

namespace cms::atlas {
namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Rows = Eigen::Map<const Matrix>;

std::size_t row_count(std::span<const ActivationSet> sets) {
  std::size_t count = 0;
  for (const auto& set : sets) count += set.count();
  return count;
}

std::vector<float> all_values(std::span<const ActivationSet> sets) {
  std::vector<float> values;
  for (const auto& set : sets) values.insert(values.end(), set.values.begin(), set.values.end());
  return values;
}

Result<void> check_sets(std::span<const ActivationSet> manifold, std::span<const ActivationSet> benign,
                        const FitOptions& options) {
  const std::size_t needed = std::max<std::size_t>(kManifoldRowsMin, std::size_t{options.rank} * 2);
  if (row_count(manifold) < needed) {
    return fail(ErrorCode::bad_input, fmt::format("--manifold has {} rows; a rank of {} needs at least {}",
                                                  row_count(manifold), options.rank, needed));
  }
  if (row_count(benign) < kBenignRowsMin) {
    return fail(ErrorCode::bad_input,
                fmt::format("--benign has {} rows; densities need at least {}", row_count(benign), kBenignRowsMin));
  }
  const auto& manifest = manifold.front().manifest;
  const std::size_t rank_max = std::min<std::size_t>(manifest.dimension / 8 * 8, kWidthMax);
  if (options.rank == 0 || options.rank > rank_max || options.rank % 8 != 0) {
    return fail(ErrorCode::usage, fmt::format("--rank must be a multiple of 8 in 8..{}", rank_max));
  }
  if (options.chart_count > row_count(manifold)) {
    return fail(ErrorCode::usage, fmt::format("--charts {} is more than --manifold has rows ({})", options.chart_count,
                                              row_count(manifold)));
  }
  for (const auto& sets : {manifold, benign}) {
    for (const auto& set : sets) CMS_CHECK(matches(manifest, set.manifest));
  }
  return {};
}

// Oracle approximating shrinkage towards a multiple of the identity (Chen, Wiesel, Eldar, Hero 2010, eq. 23).
void shrink_oas(Eigen::MatrixXd& covariance, std::size_t rows) {
  const double n = static_cast<double>(rows);
  const double p = static_cast<double>(covariance.rows());
  const double trace = covariance.trace();
  const double square = covariance.squaredNorm();
  const double numerator = (1 - 2 / p) * square + trace * trace;
  const double denominator = (n + 1 - 2 / p) * (square - trace * trace / p);
  const double rho = denominator <= 0 ? 1.0 : std::min(1.0, numerator / denominator);
  covariance *= 1 - rho;
  covariance.diagonal().array() += rho * trace / p;
}

Result<void> fit_projection(Atlas& atlas, std::span<const float> values, std::size_t rows) {
  const auto d = static_cast<Eigen::Index>(atlas.manifest.dimension);
  const Rows x(values.data(), static_cast<Eigen::Index>(rows), d);
  const Eigen::VectorXd mean = x.cast<double>().colwise().mean();
  const Eigen::MatrixXd centred = x.cast<double>().rowwise() - mean.transpose();
  Eigen::MatrixXd covariance = centred.transpose() * centred / static_cast<double>(rows);
  if (!(covariance.trace() > 0)) return fail(ErrorCode::bad_input, "--manifold: all rows are equal");
  shrink_oas(covariance, rows);

  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(covariance);
  atlas.mean.resize(atlas.manifest.dimension);
  Eigen::Map<Eigen::VectorXf>(atlas.mean.data(), d) = mean.cast<float>();
  atlas.projection.resize(std::size_t{atlas.rank} * atlas.manifest.dimension);
  Eigen::Map<Matrix> projection(atlas.projection.data(), atlas.rank, d);
  for (Eigen::Index i = 0; i < atlas.rank; ++i) {
    Eigen::VectorXd axis = solver.eigenvectors().col(d - 1 - i);
    // A sign convention, so that the same sets give the same atlas whatever the solver's mood.
    Eigen::Index largest = 0;
    axis.cwiseAbs().maxCoeff(&largest);
    if (axis[largest] < 0) axis = -axis;
    projection.row(i) = (axis / std::sqrt(solver.eigenvalues()[d - 1 - i])).cast<float>().transpose();
  }
  return {};
}

void fit_sketch(Atlas& atlas, const FitOptions& options) {
  Random random(options.seed ^ 0x736b65746368ULL);
  atlas.sketch_dimension = options.sketch_dimension;
  atlas.sketch.resize(std::size_t{options.sketch_dimension} * atlas.manifest.dimension);
  for (float& value : atlas.sketch) value = static_cast<float>(random.normal());
}

std::vector<float> project_all(const Atlas& atlas, std::span<const ActivationSet> sets) {
  std::vector<float> points;
  points.reserve(row_count(sets) * atlas.rank);
  for (const auto& set : sets) {
    for (std::size_t i = 0; i < set.count(); ++i) {
      const auto point = project_point(atlas, set.row(i));
      points.insert(points.end(), point.begin(), point.end());
    }
  }
  return points;
}

// Spherical k-means; returns k x rank unit centroids.
std::vector<float> k_means(std::span<const float> points, std::uint32_t rank, std::uint32_t k, std::uint64_t seed) {
  faiss::ClusteringParameters parameters;
  parameters.spherical = true;
  parameters.niter = 30;
  parameters.nredo = 3;
  parameters.seed = static_cast<int>(seed & 0x7fffffff);
  parameters.min_points_per_centroid = 1;
  parameters.max_points_per_centroid = 1 << 20;
  faiss::Clustering clustering(static_cast<int>(rank), static_cast<int>(k), parameters);
  faiss::IndexFlatIP index(static_cast<faiss::Index::idx_t>(rank));
  clustering.train(static_cast<faiss::Index::idx_t>(points.size() / rank), points.data(), index);
  return clustering.centroids;
}

// Row numbers of `points`, nearest to the centroid first.
std::vector<std::uint32_t> rows_by_distance(std::span<const float> points, std::span<const float> centroid) {
  const std::size_t rank = centroid.size();
  std::vector<float> products(points.size() / rank);
  for (std::size_t i = 0; i < products.size(); ++i) products[i] = dot(points.subspan(i * rank, rank), centroid);
  std::vector<std::uint32_t> order(products.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return products[a] > products[b]; });
  return order;
}

void fit_charts(Atlas& atlas, std::span<const float> points, const FitOptions& options) {
  const auto rows = static_cast<std::uint32_t>(points.size() / atlas.rank);
  const std::uint32_t k = options.chart_count > 0 ? options.chart_count : std::clamp(rows / 20, 32U, 1024U);
  atlas.centroids = k_means(points, atlas.rank, k, options.seed);
  atlas.charts.resize(k);
  derive(atlas);
  atlas.frames.assign(std::size_t{k} * kFrameDimensionMax * atlas.rank, 0.0F);

  std::vector<std::vector<std::uint32_t>> own(k);
  for (std::uint32_t i = 0; i < rows; ++i) {
    own[nearest_chart(atlas, points.subspan(std::size_t{i} * atlas.rank, atlas.rank))].push_back(i);
  }
  for (std::uint32_t c = 0; c < k; ++c) {
    const auto nearest = rows_by_distance(points, atlas.centroid(c));
    const auto geometry = chart_geometry({points, atlas.rank, own[c], nearest}, atlas.centroid(c));
    auto& chart = atlas.charts[c];
    chart.radius = geometry.radius;
    chart.frame_dimension = geometry.frame_dimension;
    if (geometry.dimension) chart.dimension = static_cast<float>(*geometry.dimension);
    if (geometry.two_nn) chart.two_nn = static_cast<float>(*geometry.two_nn);
    if (geometry.scalar_curvature) chart.scalar_curvature = static_cast<float>(*geometry.scalar_curvature);
    std::copy(geometry.frame.begin(), geometry.frame.end(),
              atlas.frames.begin() + static_cast<std::ptrdiff_t>(std::size_t{c} * kFrameDimensionMax * atlas.rank));
  }
}

void fit_densities(Atlas& atlas, std::span<const float> points) {
  const std::size_t rows = points.size() / atlas.rank;
  std::vector<std::uint32_t> counts(atlas.chart_count(), 0);
  for (std::size_t i = 0; i < rows; ++i) ++counts[nearest_chart(atlas, points.subspan(i * atlas.rank, atlas.rank))];
  // Half a row is added to each chart (Krichevsky-Trofimov), so that no chart is impossible.
  const double total = static_cast<double>(rows) + 0.5 * atlas.chart_count();
  for (std::size_t c = 0; c < counts.size(); ++c) {
    atlas.charts[c].benign_mass = static_cast<float>(counts[c] / static_cast<double>(rows));
    atlas.charts[c].log_density = static_cast<float>(std::log((counts[c] + 0.5) / total));
  }
}

// All benign rows where they are few, otherwise the medoids of a k-means weighted by how many rows they stand for.
void fit_reference(Atlas& atlas, std::span<const float> points, const FitOptions& options) {
  const std::size_t rows = points.size() / atlas.rank;
  atlas.knn_k = options.knn_k;
  std::vector<std::size_t> kept(rows);
  std::iota(kept.begin(), kept.end(), std::size_t{0});
  std::vector<float> weights(rows, 1.0F / static_cast<float>(rows));
  if (rows > options.reference_max) {
    const auto centroids = k_means(points, atlas.rank, options.reference_max, options.seed + 1);
    std::vector<std::size_t> medoid(options.reference_max, rows);
    std::vector<float> nearest(options.reference_max, -2.0F), mass(options.reference_max, 0.0F);
    for (std::size_t i = 0; i < rows; ++i) {
      const auto point = points.subspan(i * atlas.rank, atlas.rank);
      std::size_t best = 0;
      float best_product = -2;
      for (std::size_t c = 0; c < options.reference_max; ++c) {
        const float product = dot(std::span<const float>(centroids).subspan(c * atlas.rank, atlas.rank), point);
        if (product > best_product) std::tie(best, best_product) = std::pair(c, product);
      }
      mass[best] += 1.0F / static_cast<float>(rows);
      if (best_product > nearest[best]) std::tie(medoid[best], nearest[best]) = std::pair(i, best_product);
    }
    kept.clear();
    weights.clear();
    for (std::size_t c = 0; c < options.reference_max; ++c) {
      if (mass[c] <= 0) continue;
      kept.push_back(medoid[c]);
      weights.push_back(mass[c]);
    }
  }
  atlas.reference_weights = weights;
  for (const std::size_t i : kept) {
    const auto rounded = round_direction(points.subspan(i * atlas.rank, atlas.rank));
    atlas.reference.insert(atlas.reference.end(), rounded.begin(), rounded.end());
  }
}

// Bandwidth by the median heuristic (Gretton et al. 2012, section 8) over all pairs, and the reference's self term.
void fit_kernel(Atlas& atlas) {
  const std::size_t count = atlas.reference_weights.size();
  const auto at = [&](std::size_t i) {
    return std::span<const std::int8_t>(atlas.reference).subspan(i * atlas.rank, atlas.rank);
  };
  std::vector<float> distances;
  distances.reserve(count * (count - 1) / 2);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const double inverse_j = inverse_length(dot(at(j), at(j)));
      distances.push_back(chord(dot(at(i), at(j)), inverse_length(dot(at(i), at(i))), inverse_j));
    }
  }
  auto sorted = distances;
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2), sorted.end());
  // Whitened prompts are nearly orthogonal, so the median is close to sqrt(2) and says little of who is near whom:
  // half of it lets the kernel see neighbourhoods.
  atlas.bandwidth = std::max(0.5F * sorted[sorted.size() / 2], 1e-3F);
  const double scale = -0.5 / (static_cast<double>(atlas.bandwidth) * atlas.bandwidth);
  double sum = 0, weight = 0;
  std::size_t pair = 0;
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < i; ++j, ++pair) {
      const double w = static_cast<double>(atlas.reference_weights[i]) * atlas.reference_weights[j];
      sum += w * std::exp(scale * distances[pair] * distances[pair]);
      weight += w;
    }
  }
  atlas.reference_self = static_cast<float>(sum / weight);
}

}  // namespace

Result<Atlas> fit(std::span<const ActivationSet> manifold, std::span<const ActivationSet> benign,
                  const FitOptions& options) {
  if (manifold.empty() || benign.empty()) return fail(ErrorCode::usage, "fit needs --manifold and --benign sets");
  CMS_CHECK(check_sets(manifold, benign, options));
  Atlas atlas;
  atlas.manifest = manifold.front().manifest;
  atlas.rank = options.rank;
  const auto values = all_values(manifold);
  CMS_CHECK(fit_projection(atlas, values, row_count(manifold)));
  fit_sketch(atlas, options);
  derive(atlas);
  const auto points = project_all(atlas, manifold);
  fit_charts(atlas, points, options);
  const auto benign_points = project_all(atlas, benign);
  fit_densities(atlas, benign_points);
  fit_reference(atlas, benign_points, options);
  fit_kernel(atlas);
  derive(atlas);
  return atlas;
}

}  // namespace cms::atlas
