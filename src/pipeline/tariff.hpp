// The tariff of a model: how many charts accounts of each age may open at the price of ordinary requests.
//
// It comes out of the calibration that is in every atlas: the upper quantile, by age, of the charts that honest
// accounts had visited. So an atlas needs nothing more, and its charts, as many and as large as they are, are counted
// against their own.
// Threads: pure. Cost: linear in the age bins.
#pragma once

#include "pipeline/step.hpp"
#include "policy/price.hpp"

namespace cms::pipeline {

// The age bins that have an evaluation, and the middle of each; of the last bin the middle of what lies below the
// horizon. Where evaluations are far apart it lies up to an eighth of an octave later than what was measured.
struct MeasuredAge {
  std::size_t bin = 0;
  double age = 0;  // distinct requests
};
std::vector<MeasuredAge> measured_ages(const score::Calibration& calibration);

// A knot at each of them.
policy::Tariff tariff(const Model& model, const policy::PriceOptions& options = {});

// The ledger of an account that nobody has charged so far: what its window has seen, at the price of ordinary requests.
// Errors: `usage` under an atlas of more than policy::kLedgerChartsMax charts.
Result<policy::Ledger> ledger_of(const AccountState& state);

}  // namespace cms::pipeline
