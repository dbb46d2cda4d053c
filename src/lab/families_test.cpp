#include "lab/families.hpp"

#include <gtest/gtest.h>

#include "base/files.hpp"

namespace cms::lab {
namespace {

const std::string kGood =
    "generalist = [\"a\"]\nconversations = []\n"
    "[report]\nunseen = [\"b\"]\nmanifold = [\"c\"]\ninstruction-sets = [\"d\"]\nstreams = [\"d\", \"e\"]\n"
    "[tune]\nunseen = [\"f\"]\nmanifold = [\"c\"]\ninstruction-sets = [\"g\"]\nstreams = [\"g\"]\n";

Result<Families> read(const std::string& text) {
  const auto path = std::filesystem::path(::testing::TempDir()) / "families_test.toml";
  EXPECT_TRUE(write_file(path, text));
  return read_families(path);
}

// kGood with one piece replaced.
std::string changed(const std::string& from, const std::string& to) {
  auto text = kGood;
  text.replace(text.find(from), from.size(), to);
  return text;
}

TEST(Families, built_in_ones_are_there_and_keep_tune_and_report_apart) {
  const auto families = shared_families();
  EXPECT_EQ(families.report.unseen.size(), 4U);
  EXPECT_EQ(families.report.streams.size(), 9U);
  EXPECT_EQ(families.tune.instruction_sets.back(), kOwnDistillers);
  EXPECT_FALSE(families.generalist.empty());
}

TEST(Families, a_file_says_which_is_which) {
  const auto families = read(kGood);
  ASSERT_TRUE(families) << families.error().message;
  EXPECT_EQ(families->report.instruction_sets, std::vector<std::string>{"d"});
  EXPECT_EQ(families->tune.unseen, std::vector<std::string>{"f"});
  EXPECT_TRUE(families->conversations.empty());
  EXPECT_TRUE(families->held_out.empty());
  EXPECT_EQ(read("held-out = [\"h\"]\n" + kGood)->held_out, std::vector<std::string>{"h"});
}

TEST(Families, that_are_one_here_are_listed_under_its_name) {
  EXPECT_TRUE(read(kGood)->merged.empty());
  const auto families = read(kGood + "[merged]\n\"a.b\" = [\"x\", \"y\"]\nc = [\"z\"]\n");
  ASSERT_TRUE(families) << families.error().message;
  EXPECT_EQ(families->merged.at("a.b"), (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(families->merged.size(), 2U);
  for (const auto* wrong : {"[merged]\na = \"x\"\n", "[merged]\na = [\"x\"]\nb = [\"x\"]\n"}) {
    EXPECT_NE(read(kGood + wrong).error().message.find("\"merged\""), std::string::npos);
  }
  EXPECT_NE(read("merged = 5\n" + kGood).error().message.find("no section"), std::string::npos);
}

TEST(Families, a_family_in_both_modes_is_refused) {
  for (const auto& text : {changed("unseen = [\"f\"]", "unseen = [\"b\"]"),
                           changed("streams = [\"g\"]", "streams = [\"e\"]"),
                           changed("instruction-sets = [\"g\"]", "instruction-sets = [\"e\"]")}) {
    const auto families = read(text);
    ASSERT_FALSE(families);
    EXPECT_EQ(families.error().code, ErrorCode::bad_input);
    EXPECT_NE(families.error().message.find("in report and in tune"), std::string::npos);
  }
}

TEST(Families, what_is_missing_or_no_list_of_names_is_told_with_its_key) {
  EXPECT_NE(read(changed("generalist", "general")).error().message.find("\"generalist\""), std::string::npos);
  EXPECT_NE(read(changed("[tune]", "[tuned]")).error().message.find("\"tune.unseen\""), std::string::npos);
  EXPECT_NE(read(changed("[\"a\"]", "[1]")).error().message.find("no text"), std::string::npos);
  EXPECT_NE(read(changed("[\"a\"]", "[")).error().message.find("line"), std::string::npos);
}

}  // namespace
}  // namespace cms::lab
