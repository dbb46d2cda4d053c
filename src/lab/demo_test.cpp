#include "lab/demo.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "lab/demo_example.hpp"
#include "tap/activation_set.hpp"
#include "tap/prompts.hpp"

namespace cms::lab {
namespace {

constexpr std::uint32_t kPerKind = 6;

DemoOptions few_accounts(std::uint64_t seed) {
  DemoOptions options;
  options.seed = seed;
  options.calibration_per_kind = kPerKind;
  return options;
}

Demo demo_of(const ActivationSet& set, const DemoOptions& options) {
  auto demo = compose_demo(set, options);
  EXPECT_TRUE(demo.has_value()) << (demo ? "" : demo.error().message);
  return demo.value_or(Demo{});
}

const Demo& demo() {
  static const Demo made = demo_of(annotated_set(), few_accounts(1));
  return made;
}

std::string text_of(const RowInfo& row, const char* key) { return row.more.at(key).get<std::string>(); }

std::set<std::string> texts(const ActivationSet& set) {
  std::set<std::string> all;
  for (const auto& row : set.rows) all.insert(text_of(row, "text"));
  return all;
}

// Rows by account.
std::map<std::string, std::vector<const RowInfo*>> accounts_of(const ActivationSet& set) {
  std::map<std::string, std::vector<const RowInfo*>> accounts;
  for (const auto& row : set.rows) accounts[row.account].push_back(&row);
  return accounts;
}

void expect_disjoint(const std::set<std::string>& a, const std::set<std::string>& b) {
  for (const auto& text : a) EXPECT_FALSE(b.contains(text)) << text;
}

TEST(Demo, no_text_lies_in_two_parts) {
  expect_disjoint(texts(demo().manifold), texts(demo().calibrate));
  expect_disjoint(texts(demo().manifold), texts(demo().live));
  expect_disjoint(texts(demo().calibrate), texts(demo().live));
  const auto manifold = texts(demo().manifold);
  for (const auto& text : texts(demo().benign)) EXPECT_TRUE(manifold.contains(text));
}

TEST(Demo, the_manifold_is_all_of_split_fit_and_benign_its_people) {
  EXPECT_EQ(demo().manifold.count(), 7U * 60 + 6 * 44);
  EXPECT_EQ(demo().benign.count(), 7U * 60);
  for (const auto& row : demo().manifold.rows) EXPECT_EQ(text_of(row, "split"), "fit");
  for (const auto& row : demo().benign.rows) EXPECT_EQ(text_of(row, "kind"), "people");
}

TEST(Demo, no_account_holds_a_text_twice) {
  for (const auto* set : {&demo().calibrate, &demo().live}) {
    for (const auto& [account, rows] : accounts_of(*set)) {
      std::set<std::string> seen;
      for (const auto* row : rows) EXPECT_TRUE(seen.insert(text_of(*row, "text")).second) << account;
    }
  }
}

TEST(Demo, live_accounts_are_ten_honest_ones_and_six_attackers_of_64_to_96_requests) {
  const auto accounts = accounts_of(demo().live);
  std::map<std::string, int> kinds;
  for (const auto& [account, rows] : accounts) {
    EXPECT_GE(rows.size(), 64U) << account;
    EXPECT_LE(rows.size(), 96U) << account;
    ++kinds[text_of(*rows.front(), "kind")];
  }
  const std::map<std::string, int> expected = {
      {"single", 4}, {"mixed", 2},      {"power", 2},  {"generalist", 1}, {"batch", 1},   {"naive", 1},
      {"sorted", 1}, {"systematic", 1}, {"diluted", 1}, {"clustered", 1},  {"replayed", 1}};
  EXPECT_EQ(kinds, expected);
}

TEST(Demo, only_attackers_send_what_distillers_wrote_and_only_rows_of_split_demo_are_live) {
  std::map<std::string, std::set<std::string>> origins;
  for (const auto& row : demo().live.rows) {
    EXPECT_EQ(text_of(row, "split"), "demo");
    origins[text_of(row, "kind")].insert(text_of(row, "origin"));
    EXPECT_EQ(row.account.starts_with("attacker-") || !row.more.at("from_attacker").get<bool>(), true) << row.account;
  }
  const std::set<std::string> people = {"people"}, distiller = {"distiller"}, both = {"distiller", "people"};
  for (const auto* kind : {"single", "mixed", "power", "generalist", "batch", "replayed"}) {
    EXPECT_EQ(origins[kind], people);
  }
  for (const auto* kind : {"naive", "systematic", "sorted", "clustered"}) EXPECT_EQ(origins[kind], distiller);
  EXPECT_EQ(origins["diluted"], both);
}

TEST(Demo, single_accounts_and_the_batch_job_have_a_field_each) {
  std::set<std::string> fields;
  std::size_t accounts = 0;
  for (const auto& [account, rows] : accounts_of(demo().live)) {
    const auto kind = text_of(*rows.front(), "kind");
    if (kind != "single" && kind != "batch") continue;
    ++accounts;
    fields.insert(text_of(*rows.front(), "field"));
    for (const auto* row : rows) EXPECT_EQ(text_of(*row, "field"), text_of(*rows.front(), "field"));
  }
  EXPECT_EQ(fields.size(), accounts);
}

TEST(Demo, calibration_accounts_are_people_of_split_calibrate_named_by_kind) {
  const auto accounts = accounts_of(demo().calibrate);
  EXPECT_EQ(accounts.size(), 5U * kPerKind);
  for (const auto* kind : {"single", "mixed", "power", "generalist", "batch"}) {
    EXPECT_TRUE(accounts.contains(fmt::format("calibrate-{}-{:03}", kind, kPerKind - 1))) << kind;
  }
  for (const auto& row : demo().calibrate.rows) {
    EXPECT_EQ(text_of(row, "split"), "calibrate");
    EXPECT_EQ(text_of(row, "origin"), "people");
  }
}

TEST(Demo, live_accounts_depend_on_the_seed_and_not_on_how_many_calibrate) {
  auto more = few_accounts(1);
  more.calibration_per_kind = kPerKind + 1;
  const auto same = demo_of(annotated_set(), more);
  const auto other = demo_of(annotated_set(), few_accounts(2));
  ASSERT_EQ(same.live.count(), demo().live.count());
  for (std::size_t i = 0; i < same.live.count(); ++i) EXPECT_EQ(same.live.rows[i].more, demo().live.rows[i].more);
  EXPECT_EQ(same.live.values, demo().live.values);
  EXPECT_NE(other.live.values, demo().live.values);
}

TEST(Demo, a_row_without_split_or_a_text_in_two_parts_is_bad_input) {
  auto unsplit = annotated_set();
  unsplit.rows[5].more["split"] = "test";
  auto shared = annotated_set();
  shared.rows[0].more["text"] = shared.rows[60].more["text"];  // fit and calibrate
  for (const auto& set : {unsplit, shared}) {
    const auto made = compose_demo(set, few_accounts(1));
    ASSERT_FALSE(made.has_value());
    EXPECT_EQ(made.error().code, ErrorCode::bad_input);
  }
}

TEST(Demo, a_part_too_small_for_its_accounts_is_bad_input) {
  auto set = annotated_set();
  for (auto& row : set.rows) {
    if (row.more["split"] == "demo" && row.more["kind"] == "people") row.more["split"] = "calibrate";
  }
  const auto made = compose_demo(set, few_accounts(1));
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().code, ErrorCode::bad_input);
}

TEST(Demo, what_is_written_is_read_back_as_sets_and_prompts) {
  const auto folder = std::filesystem::temp_directory_path() / fmt::format("cms-demo-{}", ::getpid());
  ASSERT_TRUE(write_demo(folder, demo()).has_value());
  const auto calibrate = tap::read_set(folder / "calibrate");
  const auto expected = tap::read_set(folder / "expected");
  const auto prompts = tap::read_prompts(folder / "live.jsonl");
  ASSERT_TRUE(calibrate && expected && prompts);
  EXPECT_EQ(calibrate->count(), demo().calibrate.count());
  ASSERT_EQ(prompts->texts.size(), expected->count());
  for (std::size_t i = 0; i < prompts->texts.size(); ++i) {
    EXPECT_EQ(prompts->texts[i], text_of(expected->rows[i], "text"));
    EXPECT_EQ(prompts->infos[i].account, expected->rows[i].account);
    EXPECT_EQ(prompts->infos[i].time, expected->rows[i].time);
    EXPECT_EQ(prompts->infos[i].more, expected->rows[i].more);
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace cms::lab
