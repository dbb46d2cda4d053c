#include "pipeline/campaign_ledger.hpp"

#include <vector>

#include "pipeline/parallel.hpp"
#include "pipeline/step.hpp"
#include "pipeline/tariff.hpp"

namespace cms::pipeline {

Result<policy::Ledger> campaign_ledger(const Model& model, const ActivationSet& set,
                                       std::span<const tap::AccountRows> accounts,
                                       std::span<const std::uint32_t> members, const policy::PriceOptions& options,
                                       unsigned threads) {
  CMS_CHECK(matches(model.atlas.manifest, set.manifest));
  CMS_TRY(sum, policy::make_ledger(model.atlas.chart_count()));
  const auto made = tariff(model, options);
  std::vector<policy::Ledger> ledgers(members.size(), sum);
  std::vector<Scratch> scratches(threads);
  parallel_for(members.size(), threads, [&](unsigned worker, std::size_t m) {
    auto& scratch = scratches[worker];
    auto state = make_account(model);
    for (const auto row : accounts[members[m]].rows) {
      const auto distinct = state.window.distinct;
      const auto score = step(model, state, set.row(row), set.rows[row].time, scratch);
      policy::charge(made, ledgers[m], scratch.projected[0].chart, state.window.distinct == distinct, score);
    }
  });
  for (const auto& ledger : ledgers) sum = policy::merged(sum, ledger);
  return sum;
}

}  // namespace cms::pipeline
