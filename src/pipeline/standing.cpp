#include "pipeline/standing.hpp"

namespace cms::pipeline {

Head head_of(const Account& account) {
  const auto& state = account.state;
  return {state.score,           state.time,      state.window.requests,
          state.window.distinct, account.records, state.window.visited_count()};
}

Standing standing_of(const Model& model, const policy::Tariff& prices, const Head& head, double time) {
  Standing standing;
  standing.score = score::score_at(model.calibration, head.score, head.requests, time);
  standing.score.coverage = static_cast<double>(head.charts) / model.atlas.chart_count();
  standing.time = head.time;
  standing.records = head.records;
  // Beyond that many there is no ledger, and no price.
  if (model.atlas.chart_count() <= policy::kLedgerChartsMax) {
    standing.price = policy::price_of_new_chart(prices, head.charts, head.distinct, standing.score);
  }
  return standing;
}

}  // namespace cms::pipeline
