#include "lab/packed_accounts.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "lab/corpus_example.hpp"
#include "lab/packed_tap.hpp"

namespace cms::lab {
namespace {

// `count` different words.
std::string sentence(const std::string& name, int count) {
  std::string text = fmt::format("{}0", name);
  for (int i = 1; i < count; ++i) text += fmt::format(" {}{}", name, i);
  return text;
}

// Four families of people with texts of 60 words, one of distillers with questions of 9 and a few longer ones.
struct Small {
  Example material;
  Corpus corpus;
  Texts texts{corpus, {}};

  Small() {
    Random random(4);
    const auto point = [&] { return point_near(std::vector<float>(kExampleRank, 0), random); };
    for (const std::string family : {"a", "b", "c", "d"}) {
      for (int i = 0; i < 30; ++i) {
        material.add(family, "human", "", 0, sentence(fmt::format("{}{}x", family, i), 60), point());
      }
    }
    for (int i = 0; i < 60; ++i) material.add("q", "distill", "", 0, sentence(fmt::format("q{}x", i), 9), point());
    material.add("q", "distill", "", 0, sentence("long", 25), point());
    material.add("q", "distill", "", 0, "two\nlines", point());
    material.add("q", "distill", "", 0, "said by two", point());
    material.add("p", "distill", "", 0, "Said  by two", point());
    corpus = material.corpus();
    for (const auto& info : material.infos) texts.of_row.push_back(info.more["text"]);
  }
  std::vector<std::uint32_t> questions() { return questions_of(texts, distillers(corpus)); }
};

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
}

TEST(PackedAccounts, questions_are_texts_of_one_segment_and_one_line_that_are_said_once) {
  Small small;
  const auto questions = small.questions();
  EXPECT_EQ(questions.size(), 60U);
  for (const auto row : questions) EXPECT_EQ(sequences_of(small.texts.of_row[row], Cut::segments).size(), 1U);
}

TEST(PackedAccounts, packing_keeps_every_question_once_and_leaves_out_what_fills_no_request) {
  Small small;
  const auto questions = small.questions();
  const auto requests = packed(small.texts, questions, 7);
  ASSERT_EQ(requests.size(), 8U);
  std::set<std::string> asked;
  for (const auto& request : requests) {
    EXPECT_EQ(request.questions, 7U);
    EXPECT_EQ(lines_of(request.text), 7U);
    for (const auto& line : sequences_of(request.text, Cut::lines)) EXPECT_TRUE(asked.insert(line).second);
  }
  EXPECT_EQ(asked.size(), 56U);
}

TEST(PackedAccounts, a_preamble_of_whole_segments_hides_the_question_from_a_tap_that_reads_no_more) {
  Small small;
  Random random(2);
  const auto requests = packed(small.texts, small.questions(), 1);
  const auto people_rows = people(small.corpus);
  for (const std::uint32_t segments : {1U, 2U, 3U}) {
    const auto before = preambles(small.texts, people_rows, 2 * segments, 20, random);
    EXPECT_EQ(before.size(), 20U);
    const auto account = wrapped(requests, before);
    ASSERT_EQ(account.size(), before.size());
    std::set<std::string> said;
    for (std::size_t i = 0; i < account.size(); ++i) {
      auto expected = sequences_of(before[i], Cut::segments);
      ASSERT_EQ(expected.size(), segments);
      for (const auto& one : expected) EXPECT_TRUE(said.insert(one).second) << "a segment twice";
      expected.push_back(requests[i].text);
      EXPECT_EQ(sequences_of(account[i].text, Cut::segments), expected);
      EXPECT_EQ(account[i].questions, 1U);
    }
  }
}

TEST(PackedAccounts, half_a_segment_more_mixes_preamble_and_question) {
  Small small;
  Random random(2);
  const auto requests = packed(small.texts, small.questions(), 1);
  const auto account = wrapped(requests, preambles(small.texts, people(small.corpus), 3, 5, random));
  ASSERT_EQ(account.size(), 5U);
  for (std::size_t i = 0; i < account.size(); ++i) {
    const auto sequences = sequences_of(account[i].text, Cut::segments);
    ASSERT_EQ(sequences.size(), 2U);
    EXPECT_TRUE(sequences[1].ends_with(requests[i].text));
    EXPECT_NE(sequences[1], requests[i].text);
  }
}

// Families of people with ten texts of two whole segments each, and what follows them.
Example families_of_people(int families, const std::string& after) {
  Example material;
  Random random(6);
  for (int family = 0; family < families; ++family) {
    const std::string name(1, static_cast<char>('a' + family));
    for (int i = 0; i < 10; ++i) {
      const auto text = sentence(fmt::format("{}{}x", name, i), 48) + after;
      material.add(name, "human", "", 0, text, point_near(std::vector<float>(kExampleRank, 0), random));
    }
  }
  return material;
}

std::vector<std::string> preambles_of(const Example& material, std::uint32_t segments, std::size_t count) {
  const auto corpus = material.corpus();
  Texts texts{corpus, {}};
  for (const auto& info : material.infos) texts.of_row.push_back(info.more["text"]);
  Random random(7);
  return preambles(texts, people(corpus), 2 * segments, count, random);
}

TEST(PackedAccounts, preambles_go_on_over_all_families_while_any_has_a_text) {
  // Six of the twelve, all that an honest power account moves in, have 120 segments.
  const auto material = families_of_people(12, "");
  EXPECT_EQ(preambles_of(material, 1, 150).size(), 150U);
  EXPECT_EQ(preambles_of(material, 2, 150).size(), 120U);
  EXPECT_EQ(preambles_of(material, 8, 150).size(), 30U);
}

TEST(PackedAccounts, a_segment_that_many_texts_go_on_with_is_in_one_preamble) {
  const auto before = preambles_of(families_of_people(3, " " + sentence("s", 24)), 1, 150);
  EXPECT_EQ(before.size(), 61U);
  EXPECT_EQ(std::set<std::string>(before.begin(), before.end()).size(), before.size());
}

TEST(PackedAccounts, accounts_of_too_few_requests_are_dropped_and_counted) {
  const TextRequest request{"word", 1};
  std::vector<TextAccount> accounts = {TextAccount(99, request), TextAccount(100, request), {}};
  EXPECT_EQ(drop_short(accounts, 100), 2U);
  ASSERT_EQ(accounts.size(), 1U);
  EXPECT_EQ(accounts.front().size(), 100U);
}

TEST(PackedAccounts, what_is_drawn_is_drawn_once) {
  Small small;
  Random random(9);
  const auto requests = packed(small.texts, small.questions(), 1);
  std::set<std::string> texts;
  for (const auto& request : drawn(requests, 40, random)) EXPECT_TRUE(texts.insert(request.text).second);
  EXPECT_EQ(texts.size(), 40U);
  EXPECT_EQ(drawn(requests, 1'000, random).size(), requests.size());
}

}  // namespace
}  // namespace cms::lab
