// The composers over the shared real rows, with random points: form and invariants, not figures.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "lab/attackers.hpp"
#include "lab/corpus_example.hpp"
#include "lab/honest.hpp"
#include "lab/split.hpp"

namespace cms::lab {
namespace {

std::vector<RowInfo> read_rows(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::vector<RowInfo> rows;
  for (std::string line; std::getline(file, line);) {
    rows.emplace_back();
    rows.back().more = nlohmann::json::parse(line, nullptr, false);
  }
  return rows;
}

TEST(shared_rows, are_split_and_composed_soundly) {
  const char* folder = std::getenv("CMS_SHARED_DIR");
  if (folder == nullptr) GTEST_SKIP() << "CMS_SHARED_DIR is not set";
  const auto activations = std::filesystem::path(folder) / "data" / "activations";
  if (!std::filesystem::exists(activations)) GTEST_SKIP() << activations << " does not exist";
  auto infos = read_rows(activations / "human.jsonl");
  for (auto& row : read_rows(activations / "distill.jsonl")) infos.push_back(std::move(row));
  Random random(1);
  std::vector<float> points(infos.size() * 16);
  for (auto& value : points) value = static_cast<float>(random.normal());
  const auto corpus = make_corpus(infos, points, 16, CorpusOptions{.words_max = 24, .chars_max = 144});
  ASSERT_TRUE(corpus.has_value()) << corpus.error().message;

  const SplitOptions options{.unseen = {"clinc", "nq_open", "sgd", "alpaca"},
                             .manifold = {"natinst_gpt3", "cot_elicit"}};
  const auto split = split_corpus(*corpus, options);
  ASSERT_TRUE(split.has_value()) << split.error().message;
  EXPECT_TRUE(check_disjoint(*corpus, *split).has_value());
  EXPECT_LT(split->dropped_count, corpus->rows.size() / 50);

  const auto honest = subset(*corpus, split->test, [](const CorpusRow& r) { return r.origin == Origin::people; });
  const auto bought = subset(*corpus, split->test, [](const CorpusRow& r) { return r.origin == Origin::distiller; });
  for (const auto compose : {single, mixed, power, generalist, batch}) {
    const auto accounts = compose_many(10, [&] { return compose(*corpus, honest, HonestOptions{}, random); });
    EXPECT_EQ(accounts.size(), 10U);
    for (const auto& account : accounts) expect_sound(*corpus, account, honest, Length{});
  }
  for (const auto compose : {naive, systematic, clustered, sorted, stream}) {
    const auto accounts = compose_many(10, [&] { return compose(*corpus, bought, AttackOptions{}, random); });
    EXPECT_EQ(accounts.size(), 10U);
    for (const auto& account : accounts) expect_sound(*corpus, account, bought, Length{});
  }
  const auto mixture = diluted(*corpus, {.attack = bought, .cover = honest}, AttackOptions{}, random);
  ASSERT_TRUE(mixture.has_value());
  expect_sound(*corpus, *mixture, split->test, Length{});
}

}  // namespace
}  // namespace cms::lab
