#include "pipeline/campaign_ledger.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "pipeline/model_example.hpp"
#include "pipeline/step.hpp"
#include "pipeline/tariff.hpp"

namespace cms::pipeline {
namespace {

// Four accounts of hostile streams, one after the other.
struct Example {
  Model model = with(example_model(), 64, 64, 1);
  ActivationSet set;
  std::vector<tap::AccountRows> accounts;

  Example() {
    set.manifest = model.atlas.manifest;
    for (std::uint64_t a = 0; a < 4; ++a) {
      const auto stream = example_stream(model, a + 1, 60);
      accounts.push_back({fmt::format("a{}", a), {}});
      for (std::size_t i = 0; i < stream.size(); ++i) {
        accounts.back().rows.push_back(set.rows.size());
        set.values.insert(set.values.end(), stream.row(i).begin(), stream.row(i).end());
        set.rows.push_back({accounts.back().account, static_cast<double>(i), 0, 0, {}});
      }
    }
  }
};

TEST(CampaignLedger, covers_what_any_member_has_seen_and_adds_up_what_they_paid) {
  const Example example;
  const std::vector<std::uint32_t> members = {1, 3};
  const policy::PriceOptions dear{.steepness = 2, .slack = .1};
  const auto together = campaign_ledger(example.model, example.set, example.accounts, members, dear, 1);
  ASSERT_TRUE(together);
  std::set<std::uint32_t> charts;
  std::uint64_t requests = 0, paid = 0;
  for (const auto member : members) {
    const auto alone = campaign_ledger(example.model, example.set, example.accounts, std::vector{member}, dear, 1);
    for (std::uint32_t c = 0; c < alone->chart_count; ++c) {
      if (alone->covers(c)) charts.insert(c);
    }
    requests += alone->requests;
    paid += alone->paid_thousandths;
    // What the account's own state remembers, but for what it was charged.
    auto state = make_account(example.model);
    Scratch scratch;
    for (const auto row : example.accounts[member].rows) {
      step(example.model, state, example.set.row(row), example.set.rows[row].time, scratch);
    }
    auto remembered = *ledger_of(state);
    remembered.paid_thousandths = alone->paid_thousandths;
    EXPECT_EQ(*alone, remembered);
  }
  EXPECT_EQ(together->covered(), charts.size());
  EXPECT_EQ(together->requests, requests);
  EXPECT_EQ(together->paid_thousandths, paid);
  EXPECT_GT(together->paid(), static_cast<double>(requests));
  EXPECT_EQ(*together, *campaign_ledger(example.model, example.set, example.accounts, members, dear, 3));
}

TEST(CampaignLedger, of_nobody_is_empty_and_of_another_model_is_refused) {
  Example example;
  EXPECT_EQ(campaign_ledger(example.model, example.set, example.accounts, {}, {}, 1)->requests, 0U);
  example.set.manifest.layer = "another";
  EXPECT_FALSE(campaign_ledger(example.model, example.set, example.accounts, std::vector{0U}, {}, 1));
}

}  // namespace
}  // namespace cms::pipeline
