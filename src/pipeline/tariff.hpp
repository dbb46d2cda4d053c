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

// A knot in the middle of every age bin that has an evaluation, the last at the middle of what of its bin lies below
// the horizon. Where evaluations are far apart a knot lies up to an eighth of an octave later than what was measured.
policy::Tariff tariff(const Model& model, const policy::PriceOptions& options = {});

// The ledger of an account that nobody has charged so far: what its window has seen, at the price of ordinary requests.
// Errors: `usage` under an atlas of more than policy::kLedgerChartsMax charts.
Result<policy::Ledger> ledger_of(const AccountState& state);

}  // namespace cms::pipeline
