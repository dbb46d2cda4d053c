// What the tests of the statistical measures share: the stored oracle and matrices of chord distances.
//
// statistics.json is written by statistics.py; a null in it stands for "cannot be measured". Tests only.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "types/distances.hpp"

namespace cms::oracle {

// One section of the file; by value, so that a range-for keeps it alive. Throws, and so fails the test, when the file
// cannot be read or lacks the section.
inline nlohmann::json statistics(const std::string& section) {
  const char* folder = std::getenv("CMS_SOURCE_DIR");
  std::ifstream file(std::string(folder == nullptr ? "." : folder) + "/tests/oracles/statistics.json");
  return nlohmann::json::parse(file).at(section);
}

// Expects `actual` to be what the oracle says, within `tolerance` of max(1, |expected|).
inline void expect_equal(const std::optional<double>& actual, const nlohmann::json& expected, double tolerance,
                         const std::string& what) {
  ASSERT_EQ(actual.has_value(), !expected.is_null()) << what;
  if (!actual) return;
  EXPECT_NEAR(*actual, expected.get<double>(), tolerance * std::max(1.0, std::abs(expected.get<double>()))) << what;
}

// A matrix of chord distances and its owner.
struct Matrix {
  std::vector<float> values;
  std::uint32_t count = 0;

  [[nodiscard]] Distances view() const { return {values, count, count}; }
};

// Distances of the directions of `rows`, rounded as statistics.py rounds them.
template <typename Number>
Matrix chord_distances(const std::vector<std::vector<Number>>& rows) {
  const auto dot = [](const std::vector<Number>& x, const std::vector<Number>& y) {
    double sum = 0;
    for (std::size_t k = 0; k < x.size(); ++k) sum += static_cast<double>(x[k]) * static_cast<double>(y[k]);
    return sum;
  };
  Matrix matrix{std::vector<float>(rows.size() * rows.size()), static_cast<std::uint32_t>(rows.size())};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const double norms = std::sqrt(dot(rows[i], rows[i])) * std::sqrt(dot(rows[j], rows[j]));
      const double squared = std::max(0.0, 2 - 2 * (dot(rows[i], rows[j]) / norms));
      matrix.values[i * rows.size() + j] = matrix.values[j * rows.size() + i] = static_cast<float>(std::sqrt(squared));
    }
  }
  return matrix;
}

}  // namespace cms::oracle
