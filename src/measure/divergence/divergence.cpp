#include "measure/divergence/divergence.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "base/directions.hpp"
#include "base/units.hpp"
#include "types/fixed_point.hpp"

namespace cms::divergence {
namespace {

constexpr double kKernelUnits = units_per_one(32);
constexpr double kValueUnits = units_per_one(40);
constexpr float kValueMax = 1024;  // in units: 2^50

std::optional<double> if_finite(double value) {
  if (!std::isfinite(value)) return std::nullopt;
  return value;
}

// Of a point with all others: its kernel with itself, at `own`, does not count.
std::int64_t kernels_of(std::span<const float> row, std::uint32_t own, float scale, Scratch& scratch) {
  if (row.empty()) return 0;
  scratch.kernels.resize(row.size());
  gaussians(row, scale, scratch.kernels);
  return sum_of_units(scratch.kernels, kKernelUnits) - round_even(double{scratch.kernels[own]} * kKernelUnits);
}

// False for NaN too.
bool in_range(std::span<const float> values) {
  bool within = true;
  for (const float value : values) within &= std::abs(value) <= kValueMax;
  return within;
}

double mean(std::int64_t total, std::size_t count) {
  return static_cast<double>(total) / kValueUnits / static_cast<double>(count);
}

}  // namespace

std::optional<double> mean_log_density(std::span<const float> log_densities) {
  if (log_densities.empty()) return std::nullopt;
  double total = 0;
  for (const float value : log_densities) total += value;
  return if_finite(total / static_cast<double>(log_densities.size()));
}

std::optional<Neighbours> neighbours(std::span<const float> distances, Scratch& scratch) {
  if (distances.empty() || !in_range(distances)) return std::nullopt;
  auto& values = scratch.values;
  values.resize(distances.size());
  std::int64_t all = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = round_even(double{distances[i]} * kValueUnits);
    all += values[i];
  }
  const std::size_t tenth = (values.size() + 9) / 10;
  // The greatest `tenth` come first, in no order that matters.
  const auto last = values.begin() + static_cast<std::ptrdiff_t>(tenth - 1);
  std::nth_element(values.begin(), last, values.end(), std::greater<>());
  std::int64_t greatest = 0;
  for (std::size_t i = 0; i < tenth; ++i) greatest += values[i];
  return Neighbours{mean(all, values.size()), mean(greatest, tenth)};
}

float Reference::scale() const {
  if (!(bandwidth > 0)) return 0;
  return static_cast<float>(std::min(1 / (2 * bandwidth * bandwidth), double{std::numeric_limits<float>::max()}));
}

void update(State& state, const RowChange& change, float scale, Scratch& scratch) {
  state.kernels += kernels_of(change.after, change.slot, scale, scratch);
  state.kernels -= kernels_of(change.before, change.slot, scale, scratch);
}

State sum(const Distances& distances, float scale, Scratch& scratch) {
  State state;
  for (std::uint32_t i = 1; i < distances.count; ++i) {
    state.kernels += kernels_of({distances.row(i), i + 1}, i, scale, scratch);
  }
  return state;
}

std::optional<double> mmd(const State& state, std::uint32_t count, std::span<const float> kernel_to_reference,
                          const Reference& reference) {
  if (count < 2 || kernel_to_reference.size() != count || !(reference.bandwidth > 0)) return std::nullopt;
  if (!in_range(kernel_to_reference)) return std::nullopt;
  const std::int64_t total = sum_of_units(kernel_to_reference, kValueUnits);
  const double pairs = static_cast<double>(state.kernels) / kKernelUnits;
  return if_finite(2 * pairs / (1.0 * count * (count - 1)) - 2 * mean(total, count) + reference.self_kernel);
}

}  // namespace cms::divergence
