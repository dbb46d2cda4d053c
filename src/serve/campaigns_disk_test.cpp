// Campaigns over a disk that does not give everything.
#include <gtest/gtest.h>

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "serve/campaigns_example.hpp"
#include "serve/missing_accounts.hpp"

namespace cms::serve {
namespace {

using Words = std::vector<std::string>;

// As after a start: everybody is to be read.
void ask_for_all(Campaigns& campaigns) {
  for (int i = 0; i < ColdWorld::kMembers; ++i) campaigns.again({"acme", ColdWorld::member(i)});
}

void pass(ServeWorld& world, double seconds) { world.now = world.now + seconds; }

TEST(CampaignsDisk, an_account_that_the_disk_never_gives_holds_the_others_up_for_half_a_minute_and_is_told_of_once) {
  ColdWorld cold("campaign_sector");
  cold.ingest_members();
  cold.settle();
  const auto bad = cold.spoil_a_member();
  ASSERT_FALSE(bad.empty());
  Restarted again(cold.world);
  ask_for_all(again.made);
  again.made.set_filled();
  for (int update = 0; update < 2; ++update) {
    again.made.update(*cold.engine);
    EXPECT_FALSE(again.made.counters().filled);
    EXPECT_FALSE(again.made.picture("acme")->filled);
  }
  EXPECT_EQ(again.told, Words());
  EXPECT_EQ(again.said, Words());
  pass(cold.world, MissingAccounts::kPatience_s);
  for (int update = 0; update < 3; ++update) {
    again.made.update(*cold.engine);
    EXPECT_TRUE(again.made.counters().filled);
    EXPECT_TRUE(again.made.picture("acme")->filled);
    EXPECT_EQ(again.made.counters().waiting, 0U) << "a bad sector is not asked for at every update";
  }
  EXPECT_EQ(again.told, Words{"flagged"});
  ASSERT_EQ(again.said.size(), 1U);
  const auto pseudonym = cold.world.store().pseudonym({"acme", *bad.begin()}).value();
  EXPECT_NE(again.said[0].find(pseudonym), std::string::npos) << again.said[0];
  EXPECT_EQ(again.made.counters().accounts, ColdWorld::kMembers - bad.size());
  cold.files->mend();
  pass(cold.world, MissingAccounts::kAskAgain_s);
  again.made.update(*cold.engine);
  again.made.update(*cold.engine);
  EXPECT_EQ(again.made.counters().accounts, std::uint64_t{ColdWorld::kMembers});
}

TEST(CampaignsDisk, nobody_is_judged_while_one_that_the_disk_did_not_give_waits_behind_others) {
  ColdWorld cold("campaign_moment");
  cold.ingest_members();
  cold.settle();
  ASSERT_FALSE(cold.spoil_a_member().empty());
  Restarted again(cold.world);
  ask_for_all(again.made);
  // Two updates read them, and whoever is missing comes with the third.
  const std::size_t others = 2 * Campaigns::kReadsMax - ColdWorld::kMembers;
  for (std::size_t i = 0; i < others; ++i) again.made.again({"acme", "nobody" + std::to_string(i)});
  again.made.set_filled();
  for (int update = 0; update < 3; ++update) {
    again.made.update(*cold.engine);
    EXPECT_EQ(again.made.counters().filled, update == 2) << update;
    cold.files->mend();
  }
  EXPECT_EQ(again.made.counters().accounts, std::uint64_t{ColdWorld::kMembers});
  EXPECT_EQ(again.said, Words());
}

TEST(CampaignsDisk, an_account_that_is_erased_is_not_waited_for) {
  ColdWorld cold("campaign_sector_erased");
  cold.ingest_members();
  cold.settle();
  const auto bad = cold.spoil_a_member();
  Restarted again(cold.world);
  ask_for_all(again.made);
  again.made.set_filled();
  again.made.update(*cold.engine);
  EXPECT_FALSE(again.made.counters().filled);
  for (const auto& account : bad) again.made.forget({"acme", account});
  again.made.update(*cold.engine);
  EXPECT_TRUE(again.made.counters().filled);
}

TEST(CampaignsDisk, a_document_that_the_disk_does_not_give_is_an_error_and_not_none) {
  ColdWorld cold("campaign_document");
  cold.world.make_campaign("member");
  cold.files->kill();
  ASSERT_EQ(cold.world.ingest("member1", 3, 4).status, 503U);  // from here on the store is closed
  std::vector<std::string> said;
  Campaigns::Hooks hooks{[](const auto&, const auto&) {}, [&](const auto& words) { said.push_back(words); },
                         [](const auto&, auto) {}};
  const auto refused = Campaigns::recall({}, ServeWorld::suspicious(), cold.world.store(), kRestartedTenants,
                                         [] { return ServeWorld::kNow; }, std::move(hooks));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::failed);
  EXPECT_NE(refused.error().message.find("campaigns of tenant acme"), std::string::npos) << refused.error().message;
  EXPECT_EQ(said, Words()) << "that they are found anew";
}

TEST(CampaignsDisk, what_is_found_beside_a_document_that_cannot_be_renumbered_whole_is_told_and_not_kept) {
  ColdWorld cold("campaign_held");
  cold.ingest_members();
  fleet::TrackedCampaign old;
  old.id = 7;
  old.poh = old.held_poh = .005;
  old.members = {12345};  // the pseudonym of somebody
  auto first = fleet::encode(std::span(&old, 1));
  first[0] = 1;
  ASSERT_TRUE(cold.world.store().put_tenant_document(
      "acme", "campaigns", {reinterpret_cast<const char*>(first.data()), first.size()}));
  cold.settle();
  ASSERT_FALSE(cold.spoil_a_member().empty());
  Restarted again(cold.world);
  EXPECT_GE(again.said.size(), 1U);
  ask_for_all(again.made);
  again.made.set_filled();
  again.made.update(*cold.engine);
  pass(cold.world, MissingAccounts::kPatience_s);
  again.made.update(*cold.engine);
  EXPECT_EQ(std::ranges::count(again.told, "flagged"), 1);
  again.made.finish();
  EXPECT_EQ(cold.world.store().tenant_document("acme", "campaigns").value().value(), first);
}

}  // namespace
}  // namespace cms::serve
