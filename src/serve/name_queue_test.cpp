#include "serve/name_queue.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.hpp"

namespace cms::serve {
namespace {

TEST(NameQueue, gives_each_name_once_in_the_order_of_their_first_coming) {
  NameQueue queue;
  std::vector<std::string> plain;  // the oracle
  Random random(1);
  for (int step = 0; step < 5'000; ++step) {
    const auto name = "account" + std::to_string(random.below(60));
    const auto at = std::ranges::find(plain, name);
    const bool waits = at != plain.end();
    EXPECT_EQ(queue.contains(name), waits);
    const auto way = random.below(10);
    if (way < 7) {
      EXPECT_EQ(queue.push(name), !waits);
      if (!waits) plain.push_back(name);
    } else if (way < 9) {
      EXPECT_EQ(queue.erase(name), waits);
      if (waits) plain.erase(at);
    } else {
      const auto taken = std::min<std::size_t>(random.below(12), plain.size());
      EXPECT_EQ(queue.take(taken), (std::vector<std::string>(plain.begin(), plain.begin() + std::ptrdiff_t(taken))));
      plain.erase(plain.begin(), plain.begin() + std::ptrdiff_t(taken));
    }
    ASSERT_EQ(queue.size(), plain.size());
  }
  EXPECT_EQ(queue.take(1'000), plain);
}

}  // namespace
}  // namespace cms::serve
