// Windows for the tests of homology: families of points and matrices, ordinary and hostile, by seed.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <numeric>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "types/distances.hpp"

namespace cms::homology {

// A distance matrix that owns its values.
struct Matrix {
  std::vector<float> values;
  std::uint32_t count = 0;

  explicit Matrix(std::uint32_t points) : values(std::size_t{points} * points, 0.0F), count(points) {}

  [[nodiscard]] Distances view() const { return {values, count, count}; }
  [[nodiscard]] float at(std::uint32_t i, std::uint32_t j) const { return values[std::size_t{i} * count + j]; }
  void set(std::uint32_t i, std::uint32_t j, double distance) {
    values[std::size_t{i} * count + j] = values[std::size_t{j} * count + i] = static_cast<float>(distance);
  }
};

// Smallest length at which some point is joined to all others; beyond it the complex is a cone.
inline float enclosing_radius(const Distances& distances) {
  float radius = std::numeric_limits<float>::max();
  for (std::uint32_t i = 0; i < distances.count; ++i) {
    radius = std::min(radius, *std::max_element(distances.row(i), distances.row(i) + distances.count));
  }
  return radius;
}

using Points = std::vector<std::vector<double>>;

inline Matrix euclidean(const Points& points) {
  Matrix matrix(static_cast<std::uint32_t>(points.size()));
  for (std::uint32_t i = 0; i < matrix.count; ++i) {
    for (std::uint32_t j = 0; j < i; ++j) {
      double sum = 0;
      for (std::size_t x = 0; x < points[i].size(); ++x) sum += std::pow(points[i][x] - points[j][x], 2);
      matrix.set(i, j, std::sqrt(sum));
    }
  }
  return matrix;
}

inline Points gaussian(std::uint32_t count, std::size_t dimension, Random& random) {
  Points points(count, std::vector<double>(dimension));
  for (auto& point : points) {
    for (auto& x : point) x = random.normal();
  }
  return points;
}

// The model's own case: chords of the unit sphere.
inline Points on_sphere(Points points) {
  for (auto& point : points) {
    const double norm = std::sqrt(std::inner_product(point.begin(), point.end(), point.begin(), 0.0));
    for (auto& x : point) x /= norm;
  }
  return points;
}

// One noisy loop in the first two coordinates.
inline Points loop(std::uint32_t count, std::size_t dimension, double noise, Random& random) {
  Points points = gaussian(count, dimension, random);
  for (auto& point : points) {
    const double angle = 2 * std::numbers::pi * random.uniform();
    for (auto& x : point) x *= noise;
    point[0] += std::cos(angle);
    point[1] += std::sin(angle);
  }
  return points;
}

inline Points clusters(std::uint32_t count, std::size_t dimension, Random& random) {
  const Points centres = gaussian(4, dimension, random);
  Points points = gaussian(count, dimension, random);
  for (auto& point : points) {
    const auto& centre = centres[random.below(centres.size())];
    for (std::size_t x = 0; x < dimension; ++x) point[x] = 3 * centre[x] + 0.1 * point[x];
  }
  return points;
}

// Every point about three times over: lengths 0 and ties everywhere.
inline Points repeats(std::uint32_t count, std::size_t dimension, Random& random) {
  const Points originals = gaussian(count / 3 + 1, dimension, random);
  Points points;
  for (std::uint32_t i = 0; i < count; ++i) points.push_back(originals[random.below(originals.size())]);
  return points;
}

inline Points grid(std::uint32_t count, Random& random) {
  Points points(count, std::vector<double>(2));
  for (auto& point : points) {
    for (auto& x : point) x = static_cast<double>(random.below(6));
  }
  return points;
}

// Two centred simplices in orthogonal subspaces: distances across are a little shorter than those within, so that
// the relative neighbourhood graph is almost complete bipartite, here with points of a sphere.
inline Points orthogonal_simplices(std::uint32_t count, double noise, Random& random) {
  Points points = gaussian(count, count, random);
  const std::uint32_t half = count / 2;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t begin = i < half ? 0 : half;
    const std::uint32_t end = i < half ? half : count;
    for (auto& x : points[i]) x *= noise;
    for (std::uint32_t x = begin; x < end; ++x) points[i][x] -= 1.0 / (end - begin);
    points[i][i] += 1;
  }
  return points;
}

// Two circles in orthogonal planes.
inline Points orthogonal_circles(std::uint32_t count, Random& random) {
  Points points(count, std::vector<double>(4, 0.0));
  for (std::uint32_t i = 0; i < count; ++i) {
    const double angle = 2 * std::numbers::pi * random.uniform();
    points[i][i % 2 * 2] = std::cos(angle);
    points[i][i % 2 * 2 + 1] = std::sin(angle);
  }
  return points;
}

// Lengths drawn one by one in [1, 2], which any choice makes a metric.
inline Matrix random_metric(std::uint32_t count, Random& random) {
  Matrix matrix(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    for (std::uint32_t j = 0; j < i; ++j) matrix.set(i, j, 1 + random.uniform());
  }
  return matrix;
}

inline Matrix integer_metric(std::uint32_t count, Random& random) {
  Matrix matrix(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    for (std::uint32_t j = 0; j < i; ++j) matrix.set(i, j, 1 + static_cast<double>(random.below(5)));
  }
  return matrix;
}

// Two crossed clusters: every distance across is shorter than any within, so that the relative neighbourhood graph
// is complete bipartite and (W/2 - 1)^2 classes are open at once. The worst case of the algorithm.
inline Matrix crossed_clusters(std::uint32_t count, Random& random) {
  Matrix matrix(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    for (std::uint32_t j = 0; j < i; ++j) matrix.set(i, j, ((i + j) % 2 ? 1 : 1.5) + random.uniform() / 2);
  }
  return matrix;
}

inline Matrix all_equal(std::uint32_t count, double distance) {
  Matrix matrix(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    for (std::uint32_t j = 0; j < i; ++j) matrix.set(i, j, distance);
  }
  return matrix;
}

// Chords with some lengths 0 or -0 between different points; not a metric, and nothing may rest on its being one.
inline Matrix with_zeros(std::uint32_t count, Random& random) {
  Matrix matrix = euclidean(on_sphere(gaussian(count, 5, random)));
  for (std::uint32_t i = 0; i < count; ++i) {
    for (std::uint32_t j = 0; j < i; ++j) {
      if (random.below(10) == 0) matrix.set(i, j, random.below(2) ? 0.0 : -0.0);
    }
  }
  return matrix;
}

inline constexpr std::array<std::string_view, 17> kFamilies = {
    "sphere_4",       "sphere_10",     "sphere_64",        "plane", "circle",
    "loop_in_100",    "clusters",      "repeats",          "grid",  "orthogonal_simplices",
    "integer_metric", "random_metric", "crossed_clusters", "zeros", "orthogonal_simplices_exact",
    "all_equal",      "orthogonal_circles"};

inline Matrix make_window(std::string_view family, std::uint32_t count, Random& random) {
  if (family == "sphere_4") return euclidean(on_sphere(gaussian(count, 4, random)));
  if (family == "sphere_10") return euclidean(on_sphere(gaussian(count, 10, random)));
  if (family == "sphere_64") return euclidean(on_sphere(gaussian(count, 64, random)));
  if (family == "plane") return euclidean(gaussian(count, 2, random));
  if (family == "circle") return euclidean(loop(count, 2, 0, random));
  if (family == "loop_in_100") return euclidean(loop(count, 100, 0.05, random));
  if (family == "clusters") return euclidean(clusters(count, 8, random));
  if (family == "repeats") return euclidean(repeats(count, 3, random));
  if (family == "grid") return euclidean(grid(count, random));
  if (family == "integer_metric") return integer_metric(count, random);
  if (family == "random_metric") return random_metric(count, random);
  if (family == "crossed_clusters") return crossed_clusters(count, random);
  if (family == "zeros") return with_zeros(count, random);
  if (family == "orthogonal_simplices") return euclidean(orthogonal_simplices(count, 1e-3, random));
  if (family == "orthogonal_simplices_exact") return euclidean(orthogonal_simplices(count, 0, random));
  if (family == "orthogonal_circles") return euclidean(orthogonal_circles(count, random));
  return all_equal(count, static_cast<double>(random.below(3)));
}

}  // namespace cms::homology
