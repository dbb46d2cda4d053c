// The whole path against GUDHI's simplex tree and persistent cohomology, an implementation that shares no idea with
// ours beyond the definition. Its headers are heavy to compile, hence a source of its own.
//
// CMS_HOMOLOGY_WINDOWS multiplies the number of windows (docs/measures/homology.md has the result of a long run).
#include <gtest/gtest.h>
#include <gudhi/Persistent_cohomology.h>
#include <gudhi/Rips_complex.h>
#include <gudhi/Simplex_tree.h>

#include <cstdlib>

#include "measure/homology/homology.hpp"
#include "measure/homology/test_windows.hpp"
#include "tap/activation_set.hpp"

namespace cms::homology {
namespace {

std::vector<Bar> intervals(const std::vector<std::pair<double, double>>& found) {
  std::vector<Bar> bars;
  for (const auto& [birth, death] : found) {
    if (std::isfinite(death)) bars.push_back({static_cast<float>(birth), static_cast<float>(death)});
  }
  std::sort(bars.begin(), bars.end());
  return bars;
}

Diagrams by_gudhi(const Matrix& matrix) {
  using Tree = Gudhi::Simplex_tree<>;
  using Cohomology = Gudhi::persistent_cohomology::Persistent_cohomology<Tree, Gudhi::persistent_cohomology::Field_Zp>;
  std::vector<std::vector<double>> lower(matrix.count);
  for (std::uint32_t i = 0; i < matrix.count; ++i) {
    for (std::uint32_t j = 0; j < i; ++j) lower[i].push_back(std::abs(double{matrix.at(i, j)}));
  }
  Gudhi::rips_complex::Rips_complex<double> rips(lower, double{enclosing_radius(matrix.view())});
  Tree tree;
  rips.create_complex(tree, 2);
  Cohomology cohomology(tree);
  cohomology.init_coefficients(2);
  cohomology.compute_persistent_cohomology(0);
  return {intervals(cohomology.intervals_in_dimension(0)), intervals(cohomology.intervals_in_dimension(1)), false};
}

int multiplier() {
  const char* text = std::getenv("CMS_HOMOLOGY_WINDOWS");
  return text == nullptr ? 1 : std::max(1, std::atoi(text));
}

struct Tally {
  std::size_t windows = 0;
  std::size_t h0_bars = 0;
  std::size_t h1_bars = 0;
};

// Every length is one of the given floats on both sides, so equality is exact.
void expect_gudhi_agrees(const Matrix& matrix, Tally& tally) {
  Scratch scratch;
  Diagrams ours;
  diagrams(matrix.view(), {}, scratch, ours);
  const Diagrams theirs = by_gudhi(matrix);
  EXPECT_EQ(ours.h0, theirs.h0);
  EXPECT_EQ(ours.h1, theirs.h1);
  ++tally.windows;
  tally.h0_bars += ours.h0.size();
  tally.h1_bars += ours.h1.size();
}

void expect_gudhi_agrees_on_all_families(std::uint32_t count_min, std::uint32_t count_max, int windows) {
  Random random(count_max);
  Tally tally;
  for (const auto family : kFamilies) {
    for (int window = 0; window < windows * multiplier(); ++window) {
      const auto count = count_min + static_cast<std::uint32_t>(random.below(count_max - count_min + 1));
      SCOPED_TRACE(testing::Message() << family << ", " << count << " points, window " << window);
      expect_gudhi_agrees(make_window(family, count, random), tally);
      if (testing::Test::HasFailure()) return;
    }
  }
  testing::Test::RecordProperty("windows", std::to_string(tally.windows));
  testing::Test::RecordProperty("h0_bars", std::to_string(tally.h0_bars));
  testing::Test::RecordProperty("h1_bars", std::to_string(tally.h1_bars));
  EXPECT_GT(tally.h1_bars, tally.windows);
}

TEST(Gudhi, agrees_on_small_windows) { expect_gudhi_agrees_on_all_families(2, 40, 50); }

TEST(Gudhi, agrees_on_windows_of_one_word) { expect_gudhi_agrees_on_all_families(41, 64, 5); }

// Rows of the shipped set, centred and brought to the sphere.
TEST(Gudhi, agrees_on_real_activations) {
  const auto set = tap::read_set(std::string(std::getenv("CMS_SOURCE_DIR")) + "/examples/activations");
  ASSERT_TRUE(set) << set.error().message;
  const std::size_t dimension = set->manifest.dimension;
  std::vector<double> mean(dimension);
  for (std::size_t row = 0; row < set->count(); ++row) {
    for (std::size_t x = 0; x < dimension; ++x) mean[x] += set->row(row)[x] / static_cast<double>(set->count());
  }
  Random random(14);
  Tally tally;
  for (int window = 0; window < 60 * multiplier(); ++window) {
    Points points(2 + random.below(63), std::vector<double>(dimension));
    const bool neighbours = random.below(2) == 0;  // rows that lie together are of one field
    const std::size_t first = random.below(set->count() - points.size());
    for (std::size_t i = 0; i < points.size(); ++i) {
      const auto row = set->row(neighbours ? first + i : random.below(set->count()));
      for (std::size_t x = 0; x < dimension; ++x) points[i][x] = row[x] - mean[x];
    }
    SCOPED_TRACE(testing::Message() << "window " << window);
    expect_gudhi_agrees(euclidean(on_sphere(points)), tally);
  }
  EXPECT_GT(tally.h1_bars, 10 * tally.windows);
}

TEST(Gudhi, agrees_on_windows_of_two_words) { expect_gudhi_agrees_on_all_families(65, 80, 1); }

TEST(Gudhi, agrees_at_the_edges_of_the_widths) {
  Random random(11);
  Tally tally;
  for (const std::uint32_t count : {64U, 65U, 128U, 129U}) {
    for (const auto* family : {"sphere_10", "repeats"}) {
      SCOPED_TRACE(testing::Message() << family << ", " << count << " points");
      expect_gudhi_agrees(make_window(family, count, random), tally);
    }
  }
  // At 256 points GUDHI needs a small enclosing radius to be quick; clusters around a hub have one.
  Matrix matrix = make_window("circle", 256, random);
  for (std::uint32_t i = 1; i < 256; ++i) matrix.set(i, 0, 0.4);
  expect_gudhi_agrees(matrix, tally);
  EXPECT_GT(tally.h1_bars, 100U);
}

}  // namespace
}  // namespace cms::homology
