#include "measure/coherence/coherence.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "types/fixed_point.hpp"

namespace cms::coherence {
namespace {

constexpr double kUnits = units_per_one(30);

double square(double x) { return x * x; }

std::int64_t squared_step(float distance) { return round_even(square(distance) * kUnits); }

// Adds (sign 1) or takes out (sign -1) the turn at b of a path a, b, c: <b - a, c - b> by the law of cosines.
void count_turn(State& state, float ab, float bc, float ac, std::int64_t sign) {
  if (ab == 0 || bc == 0) return;
  const double inner = (square(ac) - square(ab) - square(bc)) / 2;
  const double angle = std::acos(std::clamp(inner / (double{ab} * bc), -1.0, 1.0));
  state.angles += sign * round_even(angle * kUnits);
  state.turns += sign;
}

}  // namespace

void update(State& state, const Distances& after, const RowChange& change) {
  const std::uint32_t count = change.count;
  const auto slot = [&](std::uint32_t steps) { return (change.slot + steps) % count; };
  if (!change.before.empty() && count >= 2) {
    const std::uint32_t second = slot(1);
    state.squares -= squared_step(change.before[second]);
    if (count >= 3) {
      const std::uint32_t third = slot(2);
      count_turn(state, change.before[second], after(second, third), change.before[third], -1);
    }
  }
  if (count >= 2) {
    const std::uint32_t last = slot(count - 1);
    state.squares += squared_step(change.after[last]);
    if (count >= 3) {
      const std::uint32_t before_last = slot(count - 2);
      count_turn(state, after(before_last, last), change.after[last], change.after[before_last], 1);
    }
  }
}

State sum(const Distances& distances, std::span<const std::uint32_t> path) {
  State state;
  for (std::size_t i = 1; i < path.size(); ++i) {
    const float step = distances(path[i - 1], path[i]);
    state.squares += squared_step(step);
    if (i >= 2) {
      count_turn(state, distances(path[i - 2], path[i - 1]), step, distances(path[i - 2], path[i]), 1);
    }
  }
  return state;
}

std::optional<double> above_mean(const State& state, std::uint32_t points, double mean_cosine) {
  if (points < 3) return std::nullopt;
  return 1 - static_cast<double>(state.squares) / kUnits / (2.0 * (points - 1)) - mean_cosine;
}

std::optional<double> turning_angle(const State& state) {
  if (state.turns <= 0) return std::nullopt;
  // Rounded angles of pi may lie above it by half a unit.
  return std::min(static_cast<double>(state.angles) / kUnits / static_cast<double>(state.turns), std::numbers::pi);
}

}  // namespace cms::coherence
