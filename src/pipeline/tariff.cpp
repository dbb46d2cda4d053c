#include "pipeline/tariff.hpp"

#include <algorithm>
#include <cmath>

namespace cms::pipeline {
namespace {

// The quantile at Phi(2.5), .994: the last of the table. Where it lies is noise of a few accounts in a small
// calibration; PriceOptions::slack makes room.
constexpr std::size_t kKnot = score::kKnots - 1;

// Ages of bin b are 16 x 2^(b / 4) up to 16 x 2^((b + 1) / 4) (score::age_bin).
double begin_of(std::size_t bin) {
  return 16 * std::exp2(static_cast<double>(bin) / 4);
}

}  // namespace

std::vector<MeasuredAge> measured_ages(const score::Calibration& calibration) {
  std::vector<MeasuredAge> ages;
  for (std::size_t b = 0; b < calibration.tables.size(); ++b) {
    const double end = std::min(begin_of(b + 1), std::max<double>(calibration.horizon, begin_of(b)));
    // A bin into which no evaluation falls has the table of a neighbour, of another age.
    const auto last = static_cast<std::uint64_t>(std::ceil(begin_of(b + 1))) - 1;
    if (score::age_bin(static_cast<std::uint32_t>(score::last_on_grid(calibration.options, last))) != b) continue;
    ages.push_back({b, std::sqrt(begin_of(b) * end)});
  }
  return ages;
}

policy::Tariff tariff(const Model& model, const policy::PriceOptions& options) {
  policy::Tariff made{options, {}};
  const auto charts = static_cast<std::size_t>(Measure::charts_horizon);
  double most = 0;
  for (const auto& [bin, age] : measured_ages(model.calibration)) {
    most = std::max(most, static_cast<double>(model.calibration.tables[bin][charts].knots[kKnot]));
    made.allowance.push_back({age, most});
  }
  return made;
}

Result<policy::Ledger> ledger_of(const AccountState& state) {
  CMS_TRY(ledger, policy::make_ledger(state.window.options.chart_count));
  const auto visited = window::parts(state.window).visited;
  for (std::uint32_t chart = 0; chart < ledger.chart_count; ++chart) {
    if (window::has_bit(visited, chart)) ledger.charts[chart / 64] |= std::uint64_t{1} << chart % 64;
  }
  ledger.requests = state.window.requests;
  ledger.distinct = state.window.distinct;
  ledger.paid_thousandths = 1'000 * ledger.requests;
  return ledger;
}

}  // namespace cms::pipeline
