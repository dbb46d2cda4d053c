#include "measure/homology/homology.hpp"

#include <gtest/gtest.h>

#include <bitset>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <new>

#include "measure/homology/test_windows.hpp"

namespace {
std::size_t allocations = 0;
}

// Counts what this program allocates, so that a test can say "nothing".
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  std::abort();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace cms::homology {
namespace {

constexpr std::uint32_t kOraclePoints = 24;
constexpr std::uint32_t kOracleEdges = kOraclePoints * (kOraclePoints - 1) / 2;

struct OracleEdge {
  float length;
  std::uint32_t i, j;
  auto operator<=>(const OracleEdge&) const = default;
};

// Components of a graph, recoloured at each merge.
std::vector<bool> tree_edges(const std::vector<OracleEdge>& edges, std::uint32_t count) {
  std::vector<std::uint32_t> colour(count);
  for (std::uint32_t i = 0; i < count; ++i) colour[i] = i;
  std::vector<bool> tree;
  for (const auto& edge : edges) {
    const auto from = colour[edge.i];
    const auto to = colour[edge.j];
    tree.push_back(from != to);
    for (auto& c : colour) c = c == from ? to : c;
  }
  return tree;
}

// The definition: reduces the boundary matrix of all triangles, without threshold or short cut.
Diagrams oracle(const Matrix& matrix) {
  using Column = std::bitset<kOracleEdges>;
  std::vector<OracleEdge> edges;
  for (std::uint32_t i = 0; i < matrix.count; ++i) {
    for (std::uint32_t j = i + 1; j < matrix.count; ++j) edges.push_back({matrix.at(i, j), i, j});
  }
  std::sort(edges.begin(), edges.end());
  std::vector<std::vector<std::size_t>> index(matrix.count, std::vector<std::size_t>(matrix.count));
  for (std::size_t e = 0; e < edges.size(); ++e) {
    index[edges[e].i][edges[e].j] = index[edges[e].j][edges[e].i] = e;
  }
  std::vector<std::array<std::size_t, 3>> triangles;  // edges, youngest first
  for (std::uint32_t i = 0; i < matrix.count; ++i) {
    for (std::uint32_t j = i + 1; j < matrix.count; ++j) {
      for (std::uint32_t k = j + 1; k < matrix.count; ++k) {
        triangles.push_back({index[i][j], index[i][k], index[j][k]});
        std::sort(triangles.back().rbegin(), triangles.back().rend());
      }
    }
  }
  std::sort(triangles.begin(), triangles.end());

  Diagrams result;
  const auto tree = tree_edges(edges, matrix.count);
  for (std::size_t e = 0; e < edges.size(); ++e) {
    if (tree[e] && edges[e].length > 0) result.h0.push_back({0, edges[e].length});
  }
  std::vector<Column> reduced(edges.size());
  for (const auto& triangle : triangles) {
    Column column;
    for (const auto e : triangle) column.set(e);
    for (std::size_t e = triangle[0] + 1; e-- > 0;) {
      if (!column[e]) continue;
      if (reduced[e].any()) {
        column ^= reduced[e];
        continue;
      }
      reduced[e] = column;
      const Bar bar{edges[e].length, edges[triangle[0]].length};
      if (bar.death > bar.birth) result.h1.push_back(bar);
      break;
    }
  }
  std::sort(result.h0.begin(), result.h0.end());
  std::sort(result.h1.begin(), result.h1.end());
  return result;
}

Diagrams compute(const Matrix& matrix, const Options& options = {}) {
  Scratch scratch;
  Diagrams out;
  diagrams(matrix.view(), options, scratch, out);
  return out;
}

void expect_equal(const Diagrams& a, const Diagrams& b) {
  EXPECT_EQ(a.h0, b.h0);
  EXPECT_EQ(a.h1, b.h1);
  EXPECT_EQ(a.truncated, b.truncated);
}

Matrix permuted(const Matrix& matrix, Random& random) {
  std::vector<std::uint32_t> order(matrix.count);
  std::iota(order.begin(), order.end(), 0U);
  random.shuffle(order);
  Matrix result(matrix.count);
  for (std::uint32_t i = 0; i < matrix.count; ++i) {
    for (std::uint32_t j = 0; j < i; ++j) result.set(i, j, matrix.at(order[i], order[j]));
  }
  return result;
}

class EveryFamily : public testing::TestWithParam<std::string_view> {};
INSTANTIATE_TEST_SUITE_P(Homology, EveryFamily, testing::ValuesIn(kFamilies),
                         [](const auto& test) { return std::string(test.param); });

TEST_P(EveryFamily, equals_the_reduction_of_the_whole_boundary_matrix) {
  Random random(1);
  Scratch scratch;
  Diagrams out;
  std::size_t loops = 0;
  for (std::uint32_t count = 2; count <= kOraclePoints; ++count) {
    for (int repeat = 0; repeat < 4; ++repeat) {
      const Matrix matrix = make_window(GetParam(), count, random);
      diagrams(matrix.view(), {}, scratch, out);
      SCOPED_TRACE(count);
      expect_equal(out, oracle(matrix));
      loops += out.h1.size();
    }
  }
  EXPECT_EQ(loops > 0, GetParam() != "all_equal");
}

TEST_P(EveryFamily, permuting_the_points_changes_no_bar) {
  Random random(2);
  for (const std::uint32_t count : {3U, 20U, 64U, 65U, 130U}) {
    const Matrix matrix = make_window(GetParam(), count, random);
    expect_equal(compute(matrix), compute(permuted(matrix, random)));
  }
}

TEST_P(EveryFamily, scaling_the_distances_by_two_scales_every_bar) {
  Random random(3);
  Matrix matrix = make_window(GetParam(), 50, random);
  Diagrams expected = compute(matrix);
  for (auto& value : matrix.values) value *= 2;
  for (auto* bars : {&expected.h0, &expected.h1}) {
    for (auto& bar : *bars) bar = {2 * bar.birth, 2 * bar.death};
  }
  expect_equal(compute(matrix), expected);
}

TEST_P(EveryFamily, a_repeated_point_adds_no_bar) {
  Random random(4);
  for (const std::uint32_t count : {5U, 33U, 63U, 64U, 128U}) {
    const Matrix matrix = make_window(GetParam(), count, random);
    Matrix larger(count + 1);
    const auto twin = static_cast<std::uint32_t>(random.below(count));
    for (std::uint32_t i = 0; i <= count; ++i) {
      for (std::uint32_t j = 0; j < i; ++j) larger.set(i, j, matrix.at(i == count ? twin : i, j));
    }
    expect_equal(compute(larger), compute(matrix));
  }
}

TEST_P(EveryFamily, h0_alone_is_that_of_the_whole_and_tells_whether_there_is_h1) {
  Random random(6);
  Scratch scratch;
  Diagrams out, whole;
  for (const std::uint32_t count : {2U, 3U, 5U, 12U, 40U, 64U, 65U, 100U, 128U, 129U, 256U}) {
    const Matrix matrix = make_window(GetParam(), count, random);
    const Work full = diagrams(matrix.view(), {.work_budget = work_budget(256)}, scratch, whole);
    const Work work = diagrams(matrix.view(), {.dimension_max = 0}, scratch, out);
    EXPECT_EQ(out.h0, whole.h0);
    EXPECT_TRUE(out.h1.empty());
    EXPECT_EQ(out.truncated, full.classes > 0);
    EXPECT_EQ(work.radius, full.radius);
    // What records of the store were made with before: a budget that the first class ends.
    Diagrams broke;
    diagrams(matrix.view(), {.work_budget = 0}, scratch, broke);
    EXPECT_EQ(out.h0, broke.h0);
    EXPECT_EQ(out.truncated, broke.truncated);
    EXPECT_TRUE(broke.h1.empty() || !broke.truncated);
  }
}

TEST_P(EveryFamily, a_budget_gives_a_true_prefix_or_the_whole) {
  Random random(5);
  Scratch scratch;
  Diagrams out;
  for (const std::uint32_t count : {12U, 40U, 64U, 100U}) {
    const Matrix matrix = make_window(GetParam(), count, random);
    Diagrams whole;
    const Work full = diagrams(matrix.view(), {}, scratch, whole);
    for (std::uint64_t budget : {std::uint64_t{0}, full.units / 10, full.units / 2, full.units - 1}) {
      if (full.units == 0) continue;
      const Work work = diagrams(matrix.view(), {budget}, scratch, out);

      EXPECT_TRUE(out.truncated);
      EXPECT_EQ(out.h0, whole.h0);
      EXPECT_EQ(work.classes, full.classes);
      EXPECT_EQ(work.radius, full.radius);
      EXPECT_TRUE(std::includes(whole.h1.begin(), whole.h1.end(), out.h1.begin(), out.h1.end()));
      const auto early = [&](const Bar& bar) { return bar.death < work.exact_below; };
      EXPECT_EQ(std::count_if(whole.h1.begin(), whole.h1.end(), early),
                std::count_if(out.h1.begin(), out.h1.end(), early));
      for (const Bar& bar : out.h1) EXPECT_LE(bar.death, work.exact_below);

      // The bars of the whole are those found and one for each open class, short of classes of length 0.
      std::vector<float> births(work.open_births.begin(), work.open_births.end());
      EXPECT_TRUE(std::is_sorted(births.begin(), births.end()));
      EXPECT_FALSE(births.empty());
      for (const Bar& bar : out.h1) births.push_back(bar.birth);
      std::vector<float> true_births;
      for (const Bar& bar : whole.h1) true_births.push_back(bar.birth);
      std::sort(births.begin(), births.end());
      EXPECT_TRUE(std::includes(births.begin(), births.end(), true_births.begin(), true_births.end()));
      for (const Bar& bar : whole.h1) EXPECT_LE(bar.death, work.radius);
    }
    const Work enough = diagrams(matrix.view(), {full.units}, scratch, out);
    expect_equal(out, whole);
    EXPECT_FALSE(out.truncated);
    EXPECT_TRUE(enough.open_births.empty());
    EXPECT_EQ(enough.units, full.units);
  }
}

TEST_P(EveryFamily, memory_left_by_other_windows_changes_nothing) {
  Random random(6);
  Scratch scratch;
  Diagrams out;
  for (const std::uint32_t count : {130U, 4U, 64U, 256U, 2U, 65U, 1U, 0U, 30U}) {
    const Matrix other = make_window("crossed_clusters", std::min(count + 9, 100U), random);
    diagrams(other.view(), {count * 20}, scratch, out);
    const Matrix matrix = make_window(GetParam(), count, random);
    diagrams(matrix.view(), {}, scratch, out);
    expect_equal(out, compute(matrix));
  }
}

TEST(Diagrams, allocate_nothing_after_warm_up) {
  Random random(11);
  std::vector<Matrix> windows;
  for (const auto family : kFamilies) windows.push_back(make_window(family, 64, random));
  Scratch scratch;
  Diagrams out;
  for (const Matrix& matrix : windows) diagrams(matrix.view(), {}, scratch, out);

  const std::size_t before = allocations;
  for (int repeat = 0; repeat < 10; ++repeat) {
    for (const Matrix& matrix : windows) diagrams(matrix.view(), {}, scratch, out);
  }

  EXPECT_GT(before, 0U);
  EXPECT_EQ(allocations, before);
}

TEST(Diagrams, of_fewer_than_two_points_are_empty) {
  for (const std::uint32_t count : {0U, 1U}) expect_equal(compute(Matrix(count)), {});
}

TEST(Diagrams, of_two_points_are_one_bar_of_their_distance) {
  expect_equal(compute(all_equal(2, 1.25)), {{{0, 1.25F}}, {}, false});
  expect_equal(compute(all_equal(2, 0)), {});
}

TEST(Diagrams, of_a_square_hold_one_loop_from_side_to_diagonal) {
  const auto out = compute(euclidean({{0, 0}, {0, 1}, {1, 1}, {1, 0}}));
  expect_equal(out, {{{0, 1}, {0, 1}, {0, 1}}, {{1, std::sqrt(2.0F)}}, false});
}

TEST(Diagrams, of_a_regular_polygon_hold_the_loop_that_theory_gives) {
  // Adamaszek and Adams 2017: the loop of n = 3m points on a circle dies at the side of the inscribed triangle.
  for (const std::uint32_t count : {6U, 12U, 63U, 66U, 255U}) {
    Points points;
    for (std::uint32_t i = 0; i < count; ++i) {
      const double angle = 2 * std::numbers::pi * i / count;
      points.push_back({std::cos(angle), std::sin(angle)});
    }
    const auto out = compute(euclidean(points));
    const Bar longest = *std::max_element(out.h1.begin(), out.h1.end(), [](const Bar& a, const Bar& b) {
      return a.death - a.birth < b.death - b.birth;
    });
    EXPECT_NEAR(longest.birth, 2 * std::sin(std::numbers::pi / count), 1e-6);
    EXPECT_NEAR(longest.death, std::sqrt(3.0), 1e-6);
  }
}

TEST(Diagrams, of_a_torus_show_its_two_loops) {
  Points points;
  for (int a = 0; a < 16; ++a) {
    for (int b = 0; b < 16; ++b) {
      const double u = 2 * std::numbers::pi * a / 16;
      const double v = 2 * std::numbers::pi * b / 16;
      points.push_back({std::cos(u), std::sin(u), std::cos(v), std::sin(v)});
    }
  }
  const auto out = compute(euclidean(points));
  EXPECT_EQ(std::count_if(out.h1.begin(), out.h1.end(), [](const Bar& bar) { return bar.death - bar.birth > 0.5F; }),
            2);
}

TEST(Diagrams, of_crossed_clusters_open_every_class_at_once) {
  Random random(7);
  const Matrix matrix = crossed_clusters(256, random);
  Scratch scratch;
  Diagrams out;
  const Work work = diagrams(matrix.view(), {160'000}, scratch, out);
  EXPECT_EQ(work.classes, 127U * 127U);
  EXPECT_EQ(out.h0.size(), 255U);
  EXPECT_TRUE(out.truncated);
  EXPECT_LT(work.units, 3U * 160'000U);  // the last step, not taken, was to double what is there
}

TEST(Diagrams, move_no_more_than_the_points_do) {
  // Stability: the longest bar moves by at most twice the largest change of a distance.
  Random random(8);
  for (int repeat = 0; repeat < 20; ++repeat) {
    Points points = loop(60, 3, 0.02, random);
    const Summary before = summarise(compute(euclidean(points)));
    const double reach = 0.01;
    for (auto& point : points) {
      for (auto& x : point) x += reach / std::sqrt(3.0) * (2 * random.uniform() - 1);
    }
    const Summary after = summarise(compute(euclidean(points)));
    EXPECT_NEAR(before.h1->max, after.h1->max, 4 * reach);
    EXPECT_NEAR(before.h0.max, after.h0.max, 4 * reach);
  }
}

TEST(Diagrams, read_the_rows_at_their_stride) {
  Random random(9);
  const Matrix matrix = make_window("sphere_4", 40, random);
  Matrix wide(70);
  for (std::uint32_t i = 0; i < 40; ++i) {
    for (std::uint32_t j = 0; j < 70; ++j) wide.values[i * 70 + j] = j < 40 ? matrix.at(i, j) : 9.0F;
  }
  Scratch scratch;
  Diagrams out;
  const Work work = diagrams({wide.values, 40, 70}, {}, scratch, out);
  expect_equal(out, compute(matrix));
  EXPECT_LE(work.radius, 2);
}

TEST(Check, accepts_windows_of_every_family) {
  Random random(10);
  for (const auto family : kFamilies) {
    for (const std::uint32_t count : {0U, 1U, 2U, 64U, 256U}) {
      EXPECT_TRUE(check(make_window(family, count, random).view())) << family;
    }
  }
}

TEST(Check, names_the_entry_that_is_no_distance) {
  const float kInfinity = std::numeric_limits<float>::infinity();
  for (const float bad : {-1.0F, kInfinity, -kInfinity, std::numeric_limits<float>::quiet_NaN()}) {
    Matrix matrix = all_equal(5, 1);
    matrix.set(3, 1, bad);
    const auto result = check(matrix.view());
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::bad_input);
    EXPECT_NE(result.error().message.find("(3, 1)"), std::string::npos) << result.error().message;
  }
}

TEST(Check, refuses_what_is_lopsided_too_large_or_too_short) {
  Matrix lopsided = all_equal(4, 1);
  lopsided.values[1] = 2;
  EXPECT_FALSE(check(lopsided.view()));
  Matrix diagonal = all_equal(4, 1);
  diagonal.values[5] = 0.5F;
  EXPECT_FALSE(check(diagonal.view()));
  EXPECT_FALSE(check(all_equal(257, 1).view()));
  const Matrix small = all_equal(4, 1);
  EXPECT_FALSE(check({small.values, 5, 5}));
  EXPECT_FALSE(check({small.values, 4, 3}));
}

}  // namespace
}  // namespace cms::homology
