#include "pipeline/standing.hpp"

#include "pipeline/tariff.hpp"

namespace cms::pipeline {

Standing standing_of(const Model& model, const policy::Tariff& prices, const Account& account, double time) {
  Standing standing;
  standing.score = score_at(model, account.state, time);
  standing.time = account.state.time;
  standing.records = account.records;
  standing.reading = account.state.reading;
  standing.history = account.history;
  if (const auto ledger = ledger_of(account.state)) {
    standing.price = policy::price_of_new_chart(prices, *ledger, standing.score);
  }
  return standing;
}

}  // namespace cms::pipeline
