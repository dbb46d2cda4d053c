#include "serve/ocsf.hpp"

#include <gtest/gtest.h>

#include "serve/event_example.hpp"
#include "serve/webhook_message.hpp"

namespace cms::serve {
namespace {

Event changed(std::optional<Action> before, Action action) {
  auto event = example_event();
  event.before = before;
  event.action = action;
  return event;
}

TEST(Ocsf, a_finding_has_every_attribute_that_the_class_requires_with_its_type) {
  for (int a = 0; a <= static_cast<int>(Action::review); ++a) {
    for (int b = 0; b <= static_cast<int>(Action::review); ++b) {
      const auto finding = ocsf_finding(changed(static_cast<Action>(b), static_cast<Action>(a)), "1.2.3");
      ASSERT_TRUE(finding);
      const auto& f = *finding;
      EXPECT_EQ(f["class_uid"], 2004);
      EXPECT_EQ(f["category_uid"], 2);
      EXPECT_EQ(f["type_uid"], 200400 + f["activity_id"].get<int>());
      EXPECT_TRUE(f["activity_id"] >= 1 && f["activity_id"] <= 3);
      EXPECT_TRUE(f["severity_id"] >= 1 && f["severity_id"] <= 4);
      EXPECT_EQ(f["time"], 1'700'000'000'250);
      EXPECT_TRUE(f["time"].is_number_integer());
      EXPECT_EQ(f["metadata"]["version"], "1.4.0");
      EXPECT_EQ(f["metadata"]["product"]["vendor_name"], "CMS");
      EXPECT_EQ(f["metadata"]["product"]["version"], "1.2.3");
      EXPECT_TRUE(f["finding_info"]["uid"].is_string());
      EXPECT_TRUE(f["finding_info"]["title"].is_string());
      EXPECT_EQ(f["finding_info"]["analytic"]["type_id"], 3);
      EXPECT_EQ(f["finding_info"]["attacks"][0]["technique"]["uid"], "AML.T0024.002");
      EXPECT_EQ(f["evidences"][0]["actor"]["user"]["uid"], "0123456789abcdef");
    }
  }
}

TEST(Ocsf, a_finding_is_created_updated_and_closed_under_one_uid) {
  const auto created = ocsf_finding(changed(Action::allow, Action::limit), "1");
  const auto updated = ocsf_finding(changed(Action::limit, Action::review), "1");
  const auto closed = ocsf_finding(changed(Action::review, Action::allow), "1");
  EXPECT_EQ((*created)["activity_id"], 1);
  EXPECT_EQ((*created)["status"], "New");
  EXPECT_EQ((*updated)["activity_id"], 2);
  EXPECT_EQ((*updated)["status"], "In Progress");
  EXPECT_EQ((*closed)["activity_id"], 3);
  EXPECT_EQ((*closed)["status"], "Resolved");
  for (const auto& finding : {created, updated, closed}) {
    EXPECT_EQ((*finding)["finding_info"]["uid"], "acme/0123456789abcdef");
  }
  EXPECT_EQ((*ocsf_finding(changed(std::nullopt, Action::limit), "1"))["activity_id"], 1);
}

TEST(Ocsf, severity_and_alert_follow_the_action) {
  int last = 0;
  for (int a = 0; a <= static_cast<int>(Action::review); ++a) {
    const auto finding = *ocsf_finding(changed(Action::allow, static_cast<Action>(a)), "1");
    EXPECT_GE(finding["severity_id"].get<int>(), last);
    last = finding["severity_id"].get<int>();
    EXPECT_EQ(finding["is_alert"].get<bool>(), static_cast<Action>(a) >= Action::limit);
  }
}

TEST(Ocsf, what_is_no_change_of_action_is_no_finding) {
  for (int kind = 1; kind <= static_cast<int>(EventKind::campaign); ++kind) {
    auto event = example_event();
    event.kind = static_cast<EventKind>(kind);
    EXPECT_FALSE(ocsf_finding(event, "1"));
  }
  auto without = example_event();
  without.action.reset();
  EXPECT_FALSE(ocsf_finding(without, "1"));
}

TEST(Ocsf, a_campaign_is_a_finding_of_its_own_in_shadow_too) {
  auto event = example_event();
  event.kind = EventKind::campaign;
  event.account.clear();
  event.before = event.action = Action::allow;
  event.why = "31 accounts cover 60 charts together.";
  int activity = 1;
  for (const auto change : {fleet::CampaignChange::flagged, fleet::CampaignChange::grown,
                            fleet::CampaignChange::released}) {
    event.campaign = Event::Campaign{"0123456789abcdef", change, 31};
    const auto finding = *ocsf_finding(event, "1");
    EXPECT_EQ(finding["activity_id"], activity);
    EXPECT_EQ(finding["type_uid"], 200400 + activity++);
    EXPECT_EQ(finding["is_alert"], change != fleet::CampaignChange::released);
    EXPECT_EQ(finding["finding_info"]["uid"], "acme/campaign/0123456789abcdef");
    EXPECT_FALSE(finding.contains("evidences"));
    EXPECT_EQ(finding["unmapped"]["campaign"]["accounts"], 31);
  }
}

TEST(Ocsf, the_name_is_there_only_when_the_event_has_it) {
  auto event = example_event();
  EXPECT_FALSE((*ocsf_finding(event, "1"))["evidences"][0]["actor"]["user"].contains("name"));
  event.name = "anna";
  EXPECT_EQ((*ocsf_finding(event, "1"))["evidences"][0]["actor"]["user"]["name"], "anna");
}

TEST(Ocsf, no_form_in_which_an_event_leaves_holds_the_name_of_the_account) {
  const std::string canary = "canary-7f3a@example.org";
  pipeline::Change change;
  change.name = {"acme", canary};
  change.time = 1'700'000'000;
  change.score.computed = true;
  change.score.poh = 0.001;
  ActionWatch watch;
  EventOptions options;
  for (const bool names : {false, true}) {
    options.names = names;
    watch.accounts.clear();
    const auto event = take(watch, options, change, "0f0f", "atlas", [](const Score&) { return Action::limit; }, 1);
    ASSERT_TRUE(event);
    for (const auto& text : {event_line(*event), webhook_body(*event), ocsf_finding(*event, "1")->dump()}) {
      EXPECT_EQ(text.find(canary) != std::string::npos, names) << text;
    }
  }
}

}  // namespace
}  // namespace cms::serve
