// The whole path against the program `ripser` (Bauer 2021), through files and at its print precision.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "measure/homology/homology.hpp"
#include "measure/homology/test_windows.hpp"

namespace cms::homology {
namespace {

// Ripser prints floats with the default of iostreams, six digits.
double as_printed(float value) {
  std::ostringstream out;
  out << value;
  return std::stod(out.str());
}

using Pairs = std::vector<std::pair<double, double>>;

Pairs as_printed(const std::vector<Bar>& bars) {
  Pairs pairs;
  for (const Bar& bar : bars) pairs.emplace_back(as_printed(bar.birth), as_printed(bar.death));
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

std::string output_of(const std::string& command) {
  std::string text;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return text;
  std::array<char, 4096> block;
  while (const std::size_t count = fread(block.data(), 1, block.size(), pipe)) text.append(block.data(), count);
  pclose(pipe);
  return text;
}

// Lines " [birth,death)" below "persistence intervals in dim D:"; the infinite bar is " [0, )".
std::array<Pairs, 2> parse(const std::string& text) {
  std::array<Pairs, 2> result;
  std::istringstream lines(text);
  std::size_t dimension = 0;
  for (std::string line; std::getline(lines, line);) {
    double birth = 0;
    double death = 0;
    std::sscanf(line.c_str(), "persistence intervals in dim %zu:", &dimension);
    if (std::sscanf(line.c_str(), " [%lf,%lf)", &birth, &death) == 2) result.at(dimension).emplace_back(birth, death);
  }
  for (auto& pairs : result) std::sort(pairs.begin(), pairs.end());
  return result;
}

class Ripser : public testing::Test {
 protected:
  void SetUp() override {
    if (output_of("command -v ripser").empty()) GTEST_SKIP() << "the program `ripser` is not installed";
    path_ = std::filesystem::temp_directory_path() / ("cms_ripser_" + std::to_string(getpid()));
  }
  void TearDown() override {
    if (!path_.empty()) std::filesystem::remove(path_);
  }

  std::array<Pairs, 2> run(const Matrix& matrix) {
    std::ofstream file(path_);
    file.precision(9);
    for (std::uint32_t i = 1; i < matrix.count; ++i) {
      for (std::uint32_t j = 0; j < i; ++j) file << matrix.at(i, j) << (j + 1 < i ? ',' : '\n');
    }
    file.close();
    return parse(output_of("ripser --format lower-distance --dim 1 " + path_.string()));
  }

  std::filesystem::path path_;
};

// Compares one window; gives the number of its bars of H1.
std::size_t expect_agreement(const Matrix& matrix, const std::array<Pairs, 2>& theirs) {
  Scratch scratch;
  Diagrams out;
  diagrams(matrix.view(), {}, scratch, out);
  EXPECT_EQ(as_printed(out.h0), theirs[0]);
  EXPECT_EQ(as_printed(out.h1), theirs[1]);
  return theirs[1].size();
}

TEST_F(Ripser, agrees_at_its_print_precision) {
  Random random(12);
  std::size_t loops = 0;
  for (const auto family : kFamilies) {
    for (const std::uint32_t count : {9U, 40U, 64U, 100U}) {
      SCOPED_TRACE(testing::Message() << family << ' ' << count);
      const Matrix matrix = make_window(family, count, random);
      loops += expect_agreement(matrix, run(matrix));
    }
  }
  EXPECT_GT(loops, 1000U);
}

TEST_F(Ripser, agrees_on_many_small_windows) {
  Random random(15);
  std::size_t loops = 0;
  for (const auto family : kFamilies) {
    for (int window = 0; window < 56; ++window) {
      const auto count = 2 + static_cast<std::uint32_t>(random.below(39));
      SCOPED_TRACE(testing::Message() << family << ' ' << count << ", window " << window);
      const Matrix matrix = make_window(family, count, random);
      loops += expect_agreement(matrix, run(matrix));
      if (HasFailure()) return;
    }
  }
  EXPECT_GT(loops, 5000U);
}

TEST_F(Ripser, agrees_at_256_points) {
  Random random(13);
  const Matrix matrix = make_window("sphere_10", 256, random);
  EXPECT_GT(expect_agreement(matrix, run(matrix)), 100U);
}

}  // namespace
}  // namespace cms::homology
