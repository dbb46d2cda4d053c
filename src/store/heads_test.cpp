#include "store/heads.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/random.hpp"

namespace cms::store {
namespace {

// A prefix as rows have it, of an account with this number.
std::string prefix_of(std::uint32_t account) {
  std::string prefix(kAccountPrefixBytes, 'A');
  for (std::size_t i = 0; i < sizeof account; ++i) prefix[prefix.size() - 1 - i] = static_cast<char>(account >> 8 * i);
  return prefix;
}

TEST(Heads, what_is_found_is_what_was_put_last_and_the_latest_are_always_found) {
  constexpr std::size_t kGenerationMax = 8;
  Heads heads(kGenerationMax);
  std::map<std::uint32_t, std::uint64_t> last;  // of each account, what was put
  std::vector<std::uint32_t> order;             // accounts as they were put, erased ones too
  Random random(7);
  for (std::uint64_t turn = 1; turn <= 20'000; ++turn) {
    const auto account = static_cast<std::uint32_t>(random.below(24));
    if (random.below(16) == 0) {
      heads.erase(prefix_of(account));
      last.erase(account);
      ASSERT_EQ(heads.find(prefix_of(account)), nullptr);
      continue;
    }
    Head head;
    head.there = true;
    head.last = turn;
    heads.put(prefix_of(account), head);
    last[account] = turn;
    std::erase(order, account);
    order.push_back(account);

    std::size_t known = 0;
    for (const auto& [other, number] : last) {
      const Head* found = heads.find(prefix_of(other));
      if (found == nullptr) continue;
      ++known;
      ASSERT_EQ(found->last, number);
    }
    ASSERT_LE(known, 2 * kGenerationMax);
    const std::size_t sure = std::min(kGenerationMax, order.size());
    for (std::size_t i = 1; i <= sure; ++i) {
      const auto recent = order[order.size() - i];
      ASSERT_EQ(heads.find(prefix_of(recent)) != nullptr, last.contains(recent));
    }
  }
  heads.clear();
  for (std::uint32_t account = 0; account < 24; ++account) EXPECT_EQ(heads.find(prefix_of(account)), nullptr);
}

}  // namespace
}  // namespace cms::store
