#include "lab/kesarwani.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <numeric>

namespace cms::lab {
namespace {

using Eigen::Index;
using Counts = std::array<double, kSourceClasses>;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

double times_log(double count) { return count > 0 ? count * std::log2(count) : 0; }

// Entropy in bits times the number of what is counted.
double entropy_mass(const Counts& counts) {
  double sum = 0, logs = 0;
  for (const double count : counts) {
    sum += count;
    logs += times_log(count);
  }
  return times_log(sum) - logs;
}

struct Split {
  Index feature = -1;  // none
  float threshold = 0;  // up to it goes left
  double mass = 0;      // entropy mass of both sides
};

struct Node {
  Index feature = -1;  // a leaf
  float threshold = 0;
  std::uint32_t left = 0, right = 0;
};

// An account's tree. Node 0 is its root.
class Tree {
 public:
  Tree(const Rows& queries, std::span<const std::uint16_t> answers) : queries_(queries), answers_(answers) {
    for (Index count = 0; count <= queries.rows(); ++count) logs_.push_back(times_log(static_cast<double>(count)));
    std::vector<Index> all(static_cast<std::size_t>(queries.rows()));
    std::iota(all.begin(), all.end(), Index{0});
    grow(std::move(all));
  }

  [[nodiscard]] std::size_t size() const { return nodes_.size(); }

  [[nodiscard]] std::uint32_t leaf(const Eigen::Ref<const Eigen::RowVectorXf>& query) const {
    std::uint32_t at = 0;
    while (nodes_[at].feature >= 0) {
      at = query[nodes_[at].feature] <= nodes_[at].threshold ? nodes_[at].left : nodes_[at].right;
    }
    return at;
  }

 private:
  std::uint32_t grow(std::vector<Index> rows) {
    const auto number = static_cast<std::uint32_t>(nodes_.size());
    nodes_.emplace_back();
    Counts counts{};
    for (const auto row : rows) counts[answers_[static_cast<std::size_t>(row)]] += 1;
    const double mass = entropy_mass(counts);
    Split best{-1, 0, mass - 1e-9};
    for (Index feature = 0; mass > 0 && feature < queries_.cols(); ++feature) try_feature(feature, rows, counts, best);
    if (best.feature < 0) return number;
    std::vector<Index> left, right;
    for (const auto row : rows) (queries_(row, best.feature) <= best.threshold ? left : right).push_back(row);
    rows = {};
    const auto left_number = grow(std::move(left));
    const auto right_number = grow(std::move(right));
    nodes_[number] = {best.feature, best.threshold, left_number, right_number};
    return number;
  }

  // Leaves the best split so far in `best`; of equal ones the first.
  void try_feature(Index feature, std::vector<Index>& rows, const Counts& counts, Split& best) const {
    std::sort(rows.begin(), rows.end(), [&](Index a, Index b) {
      return std::pair(queries_(a, feature), a) < std::pair(queries_(b, feature), b);
    });
    std::array<std::size_t, kSourceClasses> right{}, left{};
    double left_logs = 0, right_logs = 0;
    for (std::size_t c = 0; c < counts.size(); ++c) {
      right[c] = static_cast<std::size_t>(counts[c]);
      right_logs += logs_[right[c]];
    }
    for (std::size_t i = 0; i + 1 < rows.size(); ++i) {
      const auto answer = answers_[static_cast<std::size_t>(rows[i])];
      left_logs += logs_[left[answer] + 1] - logs_[left[answer]];
      right_logs += logs_[right[answer] - 1] - logs_[right[answer]];
      ++left[answer];
      --right[answer];
      const float here = queries_(rows[i], feature), next = queries_(rows[i + 1], feature);
      if (!(here < next)) continue;
      const double mass = logs_[i + 1] - left_logs + logs_[rows.size() - i - 1] - right_logs;
      if (mass < best.mass) best = {feature, here, mass};
    }
  }

  const Rows& queries_;
  std::span<const std::uint16_t> answers_;
  std::vector<double> logs_;  // times_log() of every count there can be
  std::vector<Node> nodes_;
};

// The box of every class of `answers`; empty ones have lower above upper.
std::pair<Rows, Rows> boxes(const Rows& queries, std::span<const std::uint16_t> answers) {
  Rows lower = Rows::Constant(kSourceClasses, queries.cols(), kInfinity), upper = -lower;
  for (Index i = 0; i < queries.rows(); ++i) {
    const Index answer = answers[static_cast<std::size_t>(i)];
    lower.row(answer) = lower.row(answer).cwiseMin(queries.row(i));
    upper.row(answer) = upper.row(answer).cwiseMax(queries.row(i));
  }
  return {lower, upper};
}

}  // namespace

SourceModel make_source_model(Rows queries, std::vector<std::uint16_t> answers) {
  SourceModel source;
  Counts counts{};
  for (const auto answer : answers) counts[answer] += 1;
  source.entropy_bits = answers.empty() ? 0 : entropy_mass(counts) / static_cast<double>(answers.size());
  std::tie(source.lower, source.upper) = boxes(queries, answers);
  source.queries = std::move(queries);
  source.answers = std::move(answers);
  return source;
}

double information_gain(const SourceModel& source, const Rows& queries, std::span<const std::uint16_t> answers) {
  if (queries.rows() == 0 || !(source.entropy_bits > 0)) return 0;
  const Tree tree(queries, answers);
  std::vector<Counts> leaves(tree.size());
  for (Index i = 0; i < source.queries.rows(); ++i) {
    leaves[tree.leaf(source.queries.row(i))][source.answers[static_cast<std::size_t>(i)]] += 1;
  }
  double left = 0;
  for (const auto& leaf : leaves) left += entropy_mass(leaf);
  return 1 - left / static_cast<double>(source.answers.size()) / source.entropy_bits;
}

double box_coverage(const SourceModel& source, const Rows& queries, std::span<const std::uint16_t> answers) {
  const auto [lower, upper] = boxes(queries, answers);
  Eigen::VectorXd covered = Eigen::VectorXd::Zero(kSourceClasses);
  for (Index c = 0; c < covered.size(); ++c) {
    for (Index f = 0; f < queries.cols(); ++f) {
      const float width = source.upper(c, f) - source.lower(c, f);
      const float common = std::min(upper(c, f), source.upper(c, f)) - std::max(lower(c, f), source.lower(c, f));
      if (width > 0 && common > 0) covered[c] += double{common} / width / static_cast<double>(queries.cols());
    }
  }
  double sum = 0;
  for (const auto answer : source.answers) sum += covered[answer];
  return source.answers.empty() ? 0 : sum / static_cast<double>(source.answers.size());
}

}  // namespace cms::lab
