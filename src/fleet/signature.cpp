#include "fleet/signature.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>

#include "types/fixed_point.hpp"

namespace cms::fleet {
namespace {

constexpr int kPointBits = 16, kWeightBits = 20, kFactorBits = 30;
constexpr double kPointUnits = units_per_one(kPointBits), kWeightUnits = units_per_one(kWeightBits);
using Sums = std::array<std::int32_t, kSignatureDimensions>;

// A sum times a factor of kFactorBits, rounded to the nearest, halves away from 0. In two parts: the product of the
// greatest weight and factor has more than 64 bits.
std::int64_t times(std::int64_t sum, std::int64_t factor) {
  constexpr std::int64_t kOne = std::int64_t{1} << kFactorBits;
  const std::int64_t whole = std::abs(sum);
  const std::int64_t size = whole / kOne * factor + ((whole % kOne * factor + kOne / 2) >> kFactorBits);
  return sum < 0 ? -size : size;
}

// A coordinate that grows no further than 32 bits hold. What add() and decay() write stays below; sums of damaged
// signatures may not.
void grow(std::int32_t& sum, std::int64_t by) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  sum = static_cast<std::int32_t>(std::clamp(sum + by, -kMost, kMost));
}

void grow(std::uint32_t& count, std::uint32_t by) {
  count = static_cast<std::uint32_t>(std::min<std::uint64_t>(std::uint64_t{count} + by, kEpochRequestsMax));
}

void scale(Signature& signature, double factor) {
  const auto once = round_even(factor * units_per_one(kFactorBits));
  const auto twice = round_even(factor * factor * units_per_one(kFactorBits));
  for (auto& sum : signature.points) sum = static_cast<std::int32_t>(times(sum, once));
  for (auto& sum : signature.residuals) sum = static_cast<std::int32_t>(times(sum, once));
  signature.weight = times(signature.weight, once);
  signature.weight_squares = times(signature.weight_squares, twice);
  signature.residual_squares = times(signature.residual_squares, twice);
}

double product(const Sums& a, const Sums& b) {
  double sum = 0;  // exact up to 2^53; 64 products of merged damaged signatures may exceed 2^63
  for (std::size_t d = 0; d < a.size(); ++d) sum += static_cast<double>(a[d]) * b[d];
  return sum / (kPointUnits * kPointUnits);
}

// Whether every coordinate is one that `weight` requests of at most `most` each can have left, and half a request more
// for roundings: then requests up to kWeightMax fit on top.
bool fits(const Sums& sums, double weight, double most) {
  return std::all_of(sums.begin(), sums.end(), [&](std::int32_t sum) {
    return std::abs(static_cast<double>(sum)) <= weight * most + kPointUnits / 2;
  });
}

double length_of(const Sums& sums) {
  double squares = 0;
  for (const auto sum : sums) squares += static_cast<double>(sum) * sum;
  return std::sqrt(squares);
}

// The squared length of the mean of what is drawn from, own terms removed.
std::optional<double> norm_squared(const Sums& sums, double weight, double squares, double own) {
  const double pairs = weight * weight - squares;
  if (pairs <= 1e-9 * weight * weight || pairs <= 0) return std::nullopt;
  return (product(sums, sums) - own) / pairs;
}

double distance_of(const Signature& a, const Signature& b, Sums Signature::* sums, std::int64_t Signature::* own) {
  const auto norm = [&](const Signature& one) {
    return norm_squared(one.*sums, static_cast<double>(one.weight) / kWeightUnits,
                        static_cast<double>(one.weight_squares) / kWeightUnits,
                        static_cast<double>(one.*own) / kWeightUnits);
  };
  const auto first = norm(a), second = norm(b);
  if (!first || !second) return 0;
  return *first + *second - 2 * product(a.*sums, b.*sums) / (weight_of(a) * weight_of(b));
}

}  // namespace

void reserve_charts(Signature& signature, std::size_t charts) {
  if (charts > kChartsMax) return;
  for (auto* set : {&signature.charts, &signature.charts_before}) set->reserve(charts);
}

std::size_t bytes_apart(const Signature& signature) {
  return signature.charts.bytes_apart() + signature.charts_before.bytes_apart();
}

void add(Signature& signature, const Projected& projected, std::span<const float> centre) {
  signature.charts.insert(projected.chart);
  grow(signature.epoch_requests, 1);
  signature.requests += 1;
  const auto one = round_even(kWeightUnits);
  if (signature.weight + one > std::int64_t{kWeightMax} * one) return;
  const std::size_t dimensions = std::min(projected.point.size(), kSignatureDimensions);
  std::int64_t squares = 0;  // of the coordinates kept: own terms are removed as those of points of length 1
  for (std::size_t d = 0; d < dimensions; ++d) squares += std::int64_t{projected.point[d]} * projected.point[d];
  const double length = std::sqrt(static_cast<double>(std::max<std::int64_t>(1, squares)));
  double residual = 0;
  for (std::size_t d = 0; d < dimensions; ++d) {
    const double value = projected.point[d] / length;
    const double off = value - static_cast<double>(centre[d]);
    grow(signature.points[d], round_even(value * kPointUnits));
    grow(signature.residuals[d], round_even(off * kPointUnits));
    residual += off * off;
  }
  signature.weight += one;
  signature.weight_squares += one;
  signature.residual_squares += round_even(residual * kWeightUnits);
}

void decay(Signature& signature, const SignatureOptions& options) {
  scale(signature, std::exp2(-1 / options.half_life_requests));
  if (signature.epoch_requests < options.epoch_requests) return;
  signature.charts_before.swap(signature.charts);
  signature.epoch_requests_before = signature.epoch_requests;
  signature.charts.clear();
  signature.epoch_requests = 0;
}

void take(Signature& signature, const Projected& projected, std::span<const float> centre,
          const SignatureOptions& options) {
  decay(signature, options);
  add(signature, projected, centre);
}

void merge(Signature& signature, const Signature& other) {
  auto added = other;
  if (signature.weight + added.weight > std::int64_t{kWeightMax} * round_even(kWeightUnits)) {
    scale(signature, .5);
    scale(added, .5);
  }
  for (std::size_t d = 0; d < kSignatureDimensions; ++d) {
    grow(signature.points[d], added.points[d]);
    grow(signature.residuals[d], added.residuals[d]);
  }
  signature.weight += added.weight;
  signature.weight_squares += added.weight_squares;
  signature.residual_squares += added.residual_squares;
  signature.charts.insert(added.charts);
  signature.charts_before.insert(added.charts_before);
  grow(signature.epoch_requests, added.epoch_requests);
  grow(signature.epoch_requests_before, added.epoch_requests_before);
  signature.requests = std::min(signature.requests + added.requests, kSignatureRequestsMax);
}

double weight_of(const Signature& signature) { return static_cast<double>(signature.weight) / kWeightUnits; }

double effective_requests(const Signature& signature) {
  if (signature.weight_squares <= 0) return 0;
  const double weight = weight_of(signature);
  return weight * weight / (static_cast<double>(signature.weight_squares) / kWeightUnits);
}

std::array<float, kSignatureDimensions> mean_point(const Signature& signature) {
  std::array<float, kSignatureDimensions> mean{};
  if (signature.weight <= 0) return mean;
  const double units = weight_of(signature) * kPointUnits;
  for (std::size_t d = 0; d < mean.size(); ++d) mean[d] = static_cast<float>(signature.points[d] / units);
  return mean;
}

double distance_squared(const Signature& a, const Signature& b) {
  return distance_of(a, b, &Signature::points, &Signature::weight_squares);  // points have length 1
}

double style_distance_squared(const Signature& a, const Signature& b) {
  return distance_of(a, b, &Signature::residuals, &Signature::residual_squares);
}

std::array<float, kSignatureDimensions> style_direction(const Signature& signature) {
  std::array<double, kSignatureDimensions> centre{}, style{};
  double along = 0, squares = 0, length = 0;
  for (std::size_t d = 0; d < centre.size(); ++d) {
    centre[d] = static_cast<double>(signature.points[d]) - signature.residuals[d];
    along += signature.residuals[d] * centre[d];
    squares += centre[d] * centre[d];
  }
  for (std::size_t d = 0; d < style.size(); ++d) {
    style[d] = signature.residuals[d] - (squares > 0 ? along / squares : 0) * centre[d];
    length += style[d] * style[d];
  }
  std::array<float, kSignatureDimensions> direction{};
  if (length <= kSignatureDimensions) return direction;  // a unit in each coordinate: what roundings leave
  for (std::size_t d = 0; d < style.size(); ++d) direction[d] = static_cast<float>(style[d] / std::sqrt(length));
  return direction;
}

std::array<std::uint64_t, kChartWords> charts_of(const Signature& signature) {
  std::array<std::uint64_t, kChartWords> charts{};
  for (std::size_t w = 0; w < kChartWords; ++w) charts[w] = signature.charts.word(w) | signature.charts_before.word(w);
  return charts;
}

std::uint32_t chart_count(const std::array<std::uint64_t, kChartWords>& charts) {
  int count = 0;
  for (const auto word : charts) count += std::popcount(word);
  return static_cast<std::uint32_t>(count);
}

std::uint32_t chart_requests(const Signature& signature) {
  return signature.epoch_requests + signature.epoch_requests_before;
}

void encode(const Signature& signature, ByteWriter& out) {
  for (const auto sum : signature.points) out.put(sum);
  for (const auto sum : signature.residuals) out.put(sum);
  out.put(signature.weight);
  out.put(signature.weight_squares);
  out.put(signature.residual_squares);
  for (const auto* set : {&signature.charts, &signature.charts_before}) {
    for (std::size_t w = 0; w < kChartWords; ++w) out.put(set->word(w));
  }
  out.put(signature.epoch_requests);
  out.put(signature.epoch_requests_before);
  out.put(signature.requests);
}

Result<Signature> decode_signature(ByteReader& in) {
  Signature signature;
  for (auto& sum : signature.points) sum = in.get<std::int32_t>();
  for (auto& sum : signature.residuals) sum = in.get<std::int32_t>();
  signature.weight = in.get<std::int64_t>();
  signature.weight_squares = in.get<std::int64_t>();
  signature.residual_squares = in.get<std::int64_t>();
  for (auto* set : {&signature.charts, &signature.charts_before}) {
    for (std::size_t w = 0; w < kChartWords; ++w) set->set_word(w, in.get<std::uint64_t>());
  }
  signature.epoch_requests = in.get<std::uint32_t>();
  signature.epoch_requests_before = in.get<std::uint32_t>();
  signature.requests = in.get<std::uint64_t>();
  if (in.failed()) return fail(ErrorCode::bad_input, "signature: ends early");
  const std::int64_t most = std::int64_t{kWeightMax} * round_even(kWeightUnits);
  const auto within = [&](std::int64_t sum, std::int64_t bound) { return sum >= 0 && sum <= bound; };
  bool valid = within(signature.weight, most) && within(signature.weight_squares, signature.weight + 1) &&
               within(signature.residual_squares, 5 * signature.weight_squares + 1);
  // Each rounding may leave half a unit in a coordinate.
  const double bound = weight_of(signature) * (kPointUnits + 8) + 8 * kWeightMax;
  valid = valid && length_of(signature.points) <= bound && length_of(signature.residuals) <= 2 * bound;
  valid = valid && fits(signature.points, weight_of(signature), kPointUnits) &&
          fits(signature.residuals, weight_of(signature), 2 * kPointUnits);
  valid = valid && signature.epoch_requests <= kEpochRequestsMax &&
          signature.epoch_requests_before <= kEpochRequestsMax && signature.requests <= kSignatureRequestsMax;
  valid = valid && chart_count(charts_of(signature)) <= chart_requests(signature) &&
          chart_requests(signature) <= signature.requests;
  if (!valid) return fail(ErrorCode::bad_input, "signature: damaged");
  return signature;
}

}  // namespace cms::fleet
