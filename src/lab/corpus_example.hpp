// A small corpus for the tests of the lab: people in six families (two of conversations), distillers in three.
//
// Points lie around one centre a family, some of them equal; phrases like "yes please" recur in conversations, and
// two families of distillers share texts: the cases in which an account or a split goes wrong easily.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "lab/corpus.hpp"
#include "lab/corpus_account.hpp"

namespace cms::lab {

inline constexpr std::uint32_t kExampleRank = 12;

struct Example {
  std::vector<RowInfo> infos;
  std::vector<float> points;

  void add(const std::string& family, const std::string& kind, const std::string& conversation, int turn,
           const std::string& text, const std::vector<float>& point) {
    RowInfo info;
    info.more = {{"family", family}, {"kind", kind}, {"turn", turn}, {"text", text}, {"conversation", nullptr}};
    if (!conversation.empty()) info.more["conversation"] = conversation;
    infos.push_back(std::move(info));
    points.insert(points.end(), point.begin(), point.end());
  }
  [[nodiscard]] Corpus corpus() const {
    auto made = make_corpus(infos, points, kExampleRank, CorpusOptions{});
    EXPECT_TRUE(made.has_value()) << (made ? "" : made.error().message);
    return made.value_or(Corpus{});
  }
};

inline std::vector<float> point_near(const std::vector<float>& centre, Random& random) {
  std::vector<float> point;
  for (const float value : centre) point.push_back(value + static_cast<float>(0.7 * random.normal()));
  return point;
}

inline Example example(std::uint64_t seed) {
  Random random(seed);
  Example all;
  const auto centre = [&] { return point_near(std::vector<float>(kExampleRank, 0), random); };
  for (const std::string family : {"talk_a", "talk_b"}) {
    const auto middle = centre();
    for (int talk = 0; talk < 36; ++talk) {
      for (int turn = 0; turn < 5; ++turn) {
        const bool phrase = turn == 3 && talk % 4 == 0;
        const auto text = phrase ? std::string("Yes  please") : fmt::format("{}{}", family, talk * 5 + turn);
        // Turns come last first: the order of the rows is not the order of the talk.
        all.add(family, "human", std::to_string(talk), 4 - turn, text, point_near(middle, random));
      }
    }
  }
  for (const std::string family : {"ask_a", "ask_b", "ask_c", "ask_d"}) {
    const auto middle = centre();
    for (int i = 0; i < 160; ++i) {
      all.add(family, "human", "", 0, fmt::format("{}{}", family, i),
              i % 20 == 0 ? middle : point_near(middle, random));
    }
  }
  for (const std::string family : {"buy_a", "buy_b", "buy_c"}) {
    const auto middle = centre();
    for (int i = 0; i < 200; ++i) {
      const bool common = family != "buy_c" && i < 60;
      all.add(family, "distill", "stream", i, fmt::format("{}{}", common ? "common" : family, i),
              point_near(middle, random));
    }
  }
  return all;
}

inline std::vector<std::uint32_t> people(const Corpus& corpus) {
  return subset(corpus, all_rows(corpus), [](const CorpusRow& row) { return row.origin == Origin::people; });
}

inline std::vector<std::uint32_t> distillers(const Corpus& corpus) {
  return subset(corpus, all_rows(corpus), [](const CorpusRow& row) { return row.origin == Origin::distiller; });
}

inline std::size_t distinct_texts(const Corpus& corpus, const std::vector<std::uint32_t>& rows) {
  std::set<std::uint32_t> texts;
  for (const auto row : rows) texts.insert(corpus.rows[row].text_id);
  return texts.size();
}

inline std::set<std::uint32_t> families_of(const Corpus& corpus, const std::vector<std::uint32_t>& rows) {
  std::set<std::uint32_t> families;
  for (const auto row : rows) families.insert(corpus.rows[row].family);
  return families;
}

// What every account must be, whatever its kind.
inline void expect_sound(const Corpus& corpus, const ComposedAccount& account,
                         const std::vector<std::uint32_t>& pool, const Length& length) {
  EXPECT_GE(account.rows.size(), length.requests_min);
  EXPECT_LE(account.rows.size(), length.requests);
  EXPECT_EQ(account.from_attacker.size(), account.rows.size());
  EXPECT_EQ(distinct_texts(corpus, account.rows), account.rows.size()) << account.kind << " holds a text twice";
  const std::set<std::uint32_t> allowed(pool.begin(), pool.end());
  for (const auto row : account.rows) EXPECT_TRUE(allowed.contains(row)) << account.kind << " left its pool";
}

}  // namespace cms::lab
