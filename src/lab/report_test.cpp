#include "lab/report.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "lab/demo.hpp"
#include "lab/demo_example.hpp"
#include "pipeline/fit.hpp"
#include "pipeline/step.hpp"
#include "tap/activation_set.hpp"

namespace cms::lab {
namespace {

struct Scene {
  pipeline::Model model;
  ActivationSet live;
  Report report;
};

Scene make_scene() {
  DemoOptions options;
  options.calibration_per_kind = 24;
  auto demo = compose_demo(annotated_set(), options);
  EXPECT_TRUE(demo.has_value());
  pipeline::FitOptions fit_options;
  fit_options.threads = 2;
  auto fitted = pipeline::fit(std::span(&demo->manifold, 1), std::span(&demo->benign, 1),
                              std::span(&demo->calibrate, 1), fit_options, {});
  EXPECT_TRUE(fitted.has_value()) << (fitted ? "" : fitted.error().message);
  Scene scene{std::move(fitted->model), std::move(demo->live), {}};
  scene.report = *make_report(scene.model, scene.live, policy::Ladder{}, 2);
  return scene;
}

const Scene& scene() {
  static const Scene made = make_scene();
  return made;
}

std::vector<nlohmann::json> parsed_lines(const std::string& text) {
  std::vector<nlohmann::json> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

TEST(Report, scores_are_those_of_the_pipeline_bit_for_bit) {
  const auto accounts = *tap::rows_by_account(scene().live);
  ASSERT_EQ(scene().report.accounts.size(), accounts.size());
  pipeline::Scratch scratch;
  for (std::size_t a = 0; a < accounts.size(); ++a) {
    auto state = pipeline::make_account(scene().model);
    const auto& scores = scene().report.accounts[a].scores;
    ASSERT_EQ(scores.size(), accounts[a].rows.size());
    for (std::size_t i = 0; i < scores.size(); ++i) {
      const auto row = accounts[a].rows[i];
      const auto score =
          pipeline::step(scene().model, state, scene().live.row(row), scene().live.rows[row].time, scratch);
      EXPECT_EQ(scores[i].computed, score.computed);
      EXPECT_EQ(scores[i].poh, score.poh);
      EXPECT_EQ(scores[i].reasons, score.reasons);
      EXPECT_EQ(scores[i].coverage, score.coverage);
    }
  }
}

TEST(Report, lowest_noticed_and_flagged_are_what_a_look_at_every_score_finds) {
  for (const auto& account : scene().report.accounts) {
    double lowest = 2;
    std::optional<std::size_t> noticed, flagged;
    for (std::size_t i = 0; i < account.scores.size(); ++i) {
      const auto& score = account.scores[i];
      if (!score.computed) continue;
      lowest = std::min(lowest, score.poh);
      if (score.poh <= .05 && !noticed) noticed = i;
      if (score.poh <= .01 && !flagged) flagged = i;
    }
    EXPECT_EQ(at_lowest(account).poh, lowest);
    EXPECT_EQ(account.noticed, noticed);
    EXPECT_EQ(account.flagged, flagged);
  }
}

TEST(Report, the_verdict_counts_what_the_accounts_say) {
  for (const bool attackers : {false, true}) {
    std::size_t accounts = 0, noticed = 0, flagged = 0;
    for (const auto& account : scene().report.accounts) {
      if (account.account.starts_with("attacker-") != attackers) continue;
      ++accounts;
      noticed += account.noticed.has_value() ? 1U : 0U;
      flagged += account.flagged.has_value() ? 1U : 0U;
    }
    const auto counted = tally(scene().report, attackers);
    EXPECT_EQ(counted.accounts, accounts);
    EXPECT_EQ(counted.noticed, noticed);
    EXPECT_EQ(counted.flagged, flagged);
    const auto words = attackers ? fmt::format("Attackers: {} of {} noticed", noticed, accounts)
                                 : fmt::format("Honest:    {} of {} flagged, {} noticed", flagged, accounts, noticed);
    EXPECT_NE(describe(scene().report).find(words), std::string::npos) << words;
  }
}

TEST(Report, a_verdict_is_never_better_than_the_scores) {
  auto report = scene().report;
  for (auto& account : report.accounts) {
    account.noticed = account.attacker ? std::optional<std::size_t>() : std::optional<std::size_t>(20);
    account.flagged = account.noticed;
  }
  const auto words = describe(report);
  EXPECT_NE(words.find("Attackers: 0 of 6 noticed"), std::string::npos) << words;
  EXPECT_NE(words.find("Honest:    10 of 10 flagged, 10 noticed"), std::string::npos) << words;
}

TEST(Report, json_lines_hold_every_account_then_goal_lines) {
  const auto lines = parsed_lines(json_lines(scene().report));
  const auto& accounts = scene().report.accounts;
  ASSERT_GT(lines.size(), accounts.size());
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    EXPECT_EQ(lines[i].at("account"), accounts[i].account);
    EXPECT_EQ(lines[i].at("poh_min").get<double>(), at_lowest(accounts[i]).poh);
    EXPECT_EQ(lines[i].at("noticed_at").is_null(), !accounts[i].noticed.has_value());
    double sum = 0, before = 1;
    for (const auto& reason : lines[i].at("reasons")) {
      EXPECT_LE(reason.at("share").get<double>(), before);
      before = reason.at("share").get<double>();
      sum += before;
    }
    EXPECT_TRUE(lines[i].at("reasons").empty() || std::abs(sum - 1) < 1e-9) << sum;
  }
  for (std::size_t i = accounts.size(); i < lines.size(); ++i) {
    for (const auto* key : {"what", "figure", "goal", "holds"}) EXPECT_TRUE(lines[i].contains(key)) << lines[i];
  }
}

TEST(Report, the_page_draws_the_numbers_of_the_scores) {
  const auto data = page_data(scene().report, scene().model);
  const auto& accounts = scene().report.accounts;
  ASSERT_EQ(data.at("accounts").size(), accounts.size());
  for (std::size_t a = 0; a < accounts.size(); ++a) {
    const auto& drawn = data.at("accounts")[a];
    ASSERT_EQ(drawn.at("poh").size(), accounts[a].scores.size());
    for (std::size_t i = 0; i < accounts[a].scores.size(); ++i) {
      const auto& score = accounts[a].scores[i];
      EXPECT_EQ(drawn.at("poh")[i], score.computed ? nlohmann::json(score.poh) : nlohmann::json());
      EXPECT_NEAR(drawn.at("coverage")[i].get<double>(), score.coverage, 1e-4);
    }
    EXPECT_EQ(drawn.at("charts").size(), accounts[a].scores.size());
    EXPECT_FALSE(drawn.at("h0").empty());
  }
  EXPECT_EQ(data.at("charts").size(), scene().model.atlas.chart_count());
  EXPECT_EQ(data.at("attackers").at("noticed"), tally(scene().report, true).noticed);
}

TEST(Report, evidence_at_a_threshold_is_where_the_rank_crosses_it) {
  const auto data = page_data(scene().report, scene().model);
  const auto at = data.at("evidence_at").at("0.05");
  ASSERT_TRUE(at.is_number());
  EXPECT_LE(score::rank(scene().model.calibration, at.get<double>() + 1e-3).poh, .05);
  EXPECT_GT(score::rank(scene().model.calibration, at.get<double>() - 1e-3).poh, .05);
}

TEST(Report, the_page_needs_nothing_from_outside_and_has_no_hole_left) {
  const auto html = page(scene().report, scene().model);
  for (const auto* outside : {"http:", "https:", "//cdn", "src=", "@import", "url(", "{{"}) {
    EXPECT_EQ(html.find(outside), std::string::npos) << outside;
  }
  EXPECT_NE(html.find("prefers-color-scheme: dark"), std::string::npos);
}

TEST(Report, a_hostile_account_name_stays_text) {
  auto live = scene().live;
  for (auto& row : live.rows) {
    if (row.account == live.rows.front().account) row.account = "</script><script>alert(1)</script>\xff";
  }
  const auto report = make_report(scene().model, live, policy::Ladder{}, 1);
  ASSERT_TRUE(report.has_value());
  const auto html = page(*report, scene().model);
  EXPECT_EQ(html.find("<script>alert"), std::string::npos);
  EXPECT_NE(html.find("\\u003c/script>\\u003cscript>alert(1)"), std::string::npos);
}

TEST(Report, a_row_that_does_not_say_who_sent_it_is_refused_with_its_line) {
  for (const bool there : {false, true}) {
    auto live = scene().live;
    if (there) live.rows[7].more["from_attacker"] = "yes";
    else live.rows[7].more.erase("from_attacker");
    const auto report = make_report(scene().model, live, policy::Ladder{}, 1);
    ASSERT_FALSE(report.has_value());
    EXPECT_NE(report.error().message.find("line 8 has no \"from_attacker\""), std::string::npos);
  }
}

TEST(Report, an_account_too_young_to_be_scored_has_no_number) {
  auto live = scene().live;
  live.rows.resize(10);
  live.values.resize(10 * live.manifest.dimension);
  const auto report = make_report(scene().model, live, policy::Ladder{}, 1);
  ASSERT_TRUE(report.has_value());
  EXPECT_TRUE(parsed_lines(json_lines(*report)).front().at("poh_min").is_null());
  EXPECT_TRUE(page_data(*report, scene().model).at("accounts")[0].at("poh_min").is_null());
  EXPECT_FALSE(report->accounts[0].noticed.has_value());
}

TEST(Agreement, rows_agree_with_themselves_and_with_a_little_noise) {
  auto noisy = scene().live;
  Random random(3);
  for (float& value : noisy.values) value *= 1 + 0.01F * static_cast<float>(random.normal());
  const auto same = check_agreement(scene().live, scene().live, scene().model.atlas);
  const auto near = check_agreement(noisy, scene().live, scene().model.atlas);
  ASSERT_TRUE(same && near);
  EXPECT_NEAR(same->least, 1, 1e-9);
  EXPECT_EQ(same->rows, scene().live.count());
  EXPECT_LT(near->median, 1);
}

TEST(Agreement, one_row_of_another_text_or_a_shift_of_all_fails) {
  auto one = scene().live;
  std::fill_n(one.values.begin(), one.manifest.dimension, -1.0F);
  auto all = scene().live;
  std::rotate(all.values.begin(), all.values.begin() + all.manifest.dimension, all.values.end());
  for (const auto& set : {one, all}) {
    const auto checked = check_agreement(set, scene().live, scene().model.atlas);
    ASSERT_FALSE(checked.has_value());
    EXPECT_EQ(checked.error().code, ErrorCode::failed);
  }
}

TEST(Agreement, an_unknown_id_is_bad_input_and_another_model_refused) {
  auto unknown = scene().live;
  unknown.rows[3].more["id"] = "nobody";
  const auto missing = check_agreement(unknown, scene().live, scene().model.atlas);
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, ErrorCode::bad_input);
  auto other = scene().live;
  other.manifest.model_name = "another";
  const auto refused = check_agreement(other, scene().live, scene().model.atlas);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::refused);
}

}  // namespace
}  // namespace cms::lab
