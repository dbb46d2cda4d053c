#include "lab/theft_equations.hpp"

#include <fmt/format.h>

#include <Eigen/QR>
#include <cmath>
#include <limits>

namespace cms::lab {
namespace {

constexpr int kPowerSteps = 30;  // enough for two digits of the greatest eigenvalue, which the step leaves room for

// n x C, the scores before the softmax.
Eigen::MatrixXd scores(const Head& head, const Eigen::MatrixXd& rows) {
  const auto d = head.cols() - 1;
  return (rows * head.leftCols(d).transpose()).rowwise() + head.col(d).transpose();
}

Eigen::MatrixXd with_ones(const Eigen::MatrixXd& rows) {
  Eigen::MatrixXd result(rows.rows(), rows.cols() + 1);
  result << rows, Eigen::VectorXd::Ones(rows.rows());
  return result;
}

// Greatest eigenvalue of X^T X / n, by powers.
double greatest_curvature(const Eigen::MatrixXd& x) {
  Eigen::VectorXd v = Eigen::VectorXd::Ones(x.cols());
  double value = 0;
  for (int i = 0; i < kPowerSteps; ++i) {
    v.normalize();
    v = x.transpose() * (x * v) / static_cast<double>(x.rows());
    value = v.norm();
  }
  return value;
}

Eigen::MatrixXd softmax(Eigen::MatrixXd values) {
  values.colwise() -= values.rowwise().maxCoeff().eval();
  values = values.array().exp().matrix();
  const Eigen::VectorXd sums = values.rowwise().sum();
  return values.array().colwise() / sums.array();
}

// Nesterov's method on standardised features with a last column of ones; the bias is not shrunk.
Head descend(const Eigen::MatrixXd& x, const Eigen::MatrixXd& wanted, const HeadOptions& options) {
  const auto d = x.cols() - 1;
  // The softmax's own curvature is at most 1/2; a tenth more for the powers' error.
  const double rate = 1 / (0.55 * greatest_curvature(x) + options.ridge);
  Head head = Head::Zero(wanted.cols(), x.cols());
  Head ahead = head;
  for (std::uint32_t step = 1; step <= options.steps; ++step) {
    const Eigen::MatrixXd excess = softmax(x * ahead.transpose()) - wanted;
    Head gradient = excess.transpose() * x / static_cast<double>(x.rows());
    gradient.leftCols(d) += options.ridge * ahead.leftCols(d);
    const Head next = ahead - rate * gradient;
    ahead = next + (step - 1.0) / (step + 2.0) * (next - head);
    head = next;
  }
  return head;
}

}  // namespace

Head fit_head(const Eigen::MatrixXd& rows, std::span<const std::size_t> labels, std::size_t classes,
              const HeadOptions& options) {
  const auto d = rows.cols();
  const Eigen::RowVectorXd mean = rows.colwise().mean();
  const Eigen::MatrixXd centred = rows.rowwise() - mean;
  Eigen::RowVectorXd scale = (centred.colwise().squaredNorm() / static_cast<double>(rows.rows())).cwiseSqrt();
  scale = (scale.array() > 0).select(scale, 1);
  Eigen::MatrixXd wanted = Eigen::MatrixXd::Zero(rows.rows(), static_cast<Eigen::Index>(classes));
  for (Eigen::Index i = 0; i < rows.rows(); ++i) wanted(i, static_cast<Eigen::Index>(labels[i])) = 1;
  Head head = descend(with_ones(centred.array().rowwise() / scale.array()), wanted, options);
  head.leftCols(d).array().rowwise() /= scale.array();
  head.col(d) -= head.leftCols(d) * mean.transpose();
  return head;
}

Eigen::MatrixXd probabilities(const Head& head, const Eigen::MatrixXd& rows) { return softmax(scores(head, rows)); }

std::vector<std::size_t> decisions(const Head& head, const Eigen::MatrixXd& rows) {
  const Eigen::MatrixXd values = scores(head, rows);
  std::vector<std::size_t> result(static_cast<std::size_t>(rows.rows()));
  for (Eigen::Index i = 0; i < rows.rows(); ++i) {
    Eigen::Index best = 0;
    values.row(i).maxCoeff(&best);
    result[i] = static_cast<std::size_t>(best);
  }
  return result;
}

std::string precision_name(Precision precision) {
  switch (precision) {
    case Precision::float64: return "float64";
    case Precision::float32: return "float32";
    case Precision::decimals_4: return "4 decimals";
    case Precision::decimals_3: return "3 decimals";
  }
  return "";
}

Eigen::MatrixXd printed(const Eigen::MatrixXd& probabilities, Precision precision) {
  switch (precision) {
    case Precision::float64: break;
    case Precision::float32: return probabilities.cast<float>().cast<double>();
    case Precision::decimals_4: return (probabilities.array() * 1e4).round() / 1e4;
    case Precision::decimals_3: return (probabilities.array() * 1e3).round() / 1e3;
  }
  return probabilities;
}

double least_probability(Precision precision) {
  switch (precision) {
    case Precision::float64: break;
    case Precision::float32: return std::numeric_limits<float>::denorm_min() / 2.0;
    case Precision::decimals_4: return 0.5e-4;
    case Precision::decimals_3: return 0.5e-3;
  }
  return std::numeric_limits<double>::min();
}

Result<StolenHead> steal_head(const Eigen::MatrixXd& queries, const Eigen::MatrixXd& answers, double least) {
  const auto unknowns = queries.cols() + 1;
  const auto others = answers.cols() - 1;
  if (answers.rows() != queries.rows() || others < 1) {
    return fail(ErrorCode::bad_input, fmt::format("{} queries need as many answers of at least 2 probabilities, not "
                                                  "{} of {}", queries.rows(), answers.rows(), answers.cols()));
  }
  if (!queries.allFinite() || !answers.allFinite() || answers.minCoeff() < 0) {
    return fail(ErrorCode::bad_input, "queries and answers must be finite, and probabilities not negative");
  }
  if (queries.rows() < unknowns) {
    return fail(ErrorCode::usage, fmt::format("{} queries are too few for the {} unknowns of a class: ask at least {} "
                                              "rows", queries.rows(), unknowns, unknowns));
  }
  const Eigen::ColPivHouseholderQR<Eigen::MatrixXd> solver(with_ones(queries));
  if (solver.rank() < unknowns) {
    return fail(ErrorCode::bad_input, fmt::format("the {} queries have rank {}, the {} unknowns of a class need {}: "
                                                  "ask rows that are less alike", queries.rows(), solver.rank(),
                                                  unknowns, unknowns));
  }
  StolenHead stolen;
  stolen.queries = static_cast<std::uint64_t>(queries.rows());
  stolen.clamped = static_cast<std::uint64_t>((answers.array() < least).count());
  const Eigen::MatrixXd logs = answers.cwiseMax(least).array().log();
  const Eigen::MatrixXd ratios = logs.rightCols(others).colwise() - logs.col(0);
  stolen.differences = solver.solve(ratios).transpose();
  return stolen;
}

HeadError compare_heads(const StolenHead& stolen, const Head& victim) {
  const Head truth = victim.bottomRows(victim.rows() - 1).rowwise() - victim.row(0);
  const Head error = stolen.differences - truth;
  return {error.cwiseAbs().maxCoeff(), error.norm() / truth.norm()};
}

double agreement(const StolenHead& stolen, const Head& victim, const Eigen::MatrixXd& rows) {
  Head own = Head::Zero(victim.rows(), victim.cols());
  own.bottomRows(victim.rows() - 1) = stolen.differences;
  const auto theirs = decisions(victim, rows);
  const auto ours = decisions(own, rows);
  std::size_t same = 0;
  for (std::size_t i = 0; i < ours.size(); ++i) same += ours[i] == theirs[i] ? 1 : 0;
  return static_cast<double>(same) / static_cast<double>(ours.size());
}

}  // namespace cms::lab
