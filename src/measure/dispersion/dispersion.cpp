#include "measure/dispersion/dispersion.hpp"

#include <span>

#include "types/fixed_point.hpp"

namespace cms::dispersion {
namespace {

constexpr double kUnits = units_per_one(30);

// A point's own entry is 0 and adds nothing.
std::int64_t squares_of(std::span<const float> row) {
  std::int64_t squares = 0;
  for (const float d : row) squares += round_even(double{d} * d * kUnits);
  return squares;
}

}  // namespace

void update(State& state, const RowChange& change) {
  state.squares += squares_of(change.after) - squares_of(change.before);
}

State sum(const Distances& distances) {
  State state;
  for (std::uint32_t i = 1; i < distances.count; ++i) state.squares += squares_of({distances.row(i), i});
  return state;
}

std::optional<double> mean_cosine(const State& state, std::uint32_t count) {
  if (count < 2) return std::nullopt;
  return 1 - static_cast<double>(state.squares) / kUnits / (1.0 * count * (count - 1));
}

std::optional<double> mean_cosine(const Distances& distances) { return mean_cosine(sum(distances), distances.count); }

}  // namespace cms::dispersion
