#include "lab/word_detector.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "lab/words.hpp"

namespace cms::lab {
namespace {

TEST(Words, are_lowered_and_parted_by_all_that_is_no_letter) {
  EXPECT_EQ(words_of("Don't stop -- 3 Times!"), (Words{"don", "t", "stop", "3", "times"}));
  EXPECT_TRUE(words_of(" ?! ").empty());
  EXPECT_EQ(folded("One,two"), " one two ");
  EXPECT_EQ(folded(""), " ");
}

Words request(Random& random) {
  static const std::vector<std::string> verbs = {"play", "stop", "pause", "skip"};
  static const std::vector<std::string> things = {"song", "album", "radio", "track", "video"};
  return {"please", verbs[random.below(4)], "the", things[random.below(5)], "in", "my", "kitchen"};
}

class WordDetectorTest : public testing::Test {
 protected:
  WordDetectorTest() {
    for (int i = 0; i < 300; ++i) texts_.push_back(request(random_));
  }
  Random random_{1};
  std::vector<Words> texts_;
};

TEST_F(WordDetectorTest, finds_shuffled_and_foreign_texts_stranger_than_peoples) {
  const WordDetector detector(texts_, 1);
  const double own = detector.anomaly(request(random_));
  Words shuffled = request(random_);
  random_.shuffle(shuffled);
  EXPECT_LT(own, .2);
  EXPECT_GT(detector.anomaly(shuffled), own + .2);
  EXPECT_GT(detector.anomaly({"song", "my", "my", "please", "radio"}), own + .2);
}

TEST_F(WordDetectorTest, is_stranger_the_more_words_are_replaced) {
  const WordDetector detector(texts_, 1);
  const Words text = request(random_);
  double before = detector.anomaly(text);
  Words changed = text;
  for (const std::size_t at : {1, 3, 5}) {
    changed[at] = "video";
    const double now = detector.anomaly(changed);
    if (changed[at] != text[at]) {
      EXPECT_GT(now, before) << at;
    }
    before = now;
  }
}

TEST_F(WordDetectorTest, is_the_same_for_equal_texts_and_seed) {
  const WordDetector one(texts_, 7), same(texts_, 7), other(texts_, 8);
  const Words text = request(random_);
  EXPECT_EQ(one.anomaly(text), same.anomaly(text));
  EXPECT_NE(one.anomaly(text), other.anomaly(text));
  EXPECT_EQ(one.anomaly({}), 0);
  EXPECT_EQ(WordDetector({}, 1).anomaly(text), .5);
}

}  // namespace
}  // namespace cms::lab
