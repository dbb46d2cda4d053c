#include "serve/held_policy.hpp"

#include <gtest/gtest.h>

namespace cms::serve {
namespace {

store::Key key_of(std::uint8_t byte) {
  store::Key key;
  key.bytes.fill(byte);
  return key;
}

policy::Ladder ladder_of(const HeldPolicy& held, const policy::Policy& read, std::string_view tenant) {
  return policy::ladder_of(held.keyed(read), tenant, "account");
}

TEST(HeldPolicy, jitters_by_each_tenants_own_key_whoever_else_is_there) {
  HeldPolicy alone, both;
  alone.set_tenants({{"a", key_of(1)}});
  both.set_tenants({{"a", key_of(1)}, {"b", key_of(2)}});
  const policy::Policy usual;
  EXPECT_LT(ladder_of(alone, usual, "a").limit, usual.ladder.limit);
  EXPECT_EQ(ladder_of(alone, usual, "a"), ladder_of(both, usual, "a"));
  EXPECT_EQ(ladder_of(alone, usual, "b"), usual.ladder);
  EXPECT_LT(ladder_of(both, usual, "b").limit, usual.ladder.limit);
}

TEST(HeldPolicy, keeps_the_key_that_a_policy_names) {
  HeldPolicy held;
  held.set_tenants({{"a", key_of(1)}});
  policy::Policy named;
  named.jitter_key = jitter_key_of(key_of(2));
  EXPECT_EQ(ladder_of(held, named, "a"), policy::ladder_of(named, "a", "account"));
  named.jitter = 0;
  EXPECT_EQ(ladder_of(held, named, "a"), named.ladder);
}

TEST(HeldPolicy, who_reads_one_keeps_it_while_another_takes_its_place) {
  HeldPolicy held;
  EXPECT_EQ(held.get(), nullptr);
  held.set({});
  const auto first = held.get();
  policy::Policy next;
  next.shadow = true;
  held.set(next);
  EXPECT_FALSE(first->shadow);
  EXPECT_TRUE(held.get()->shadow);
}

// HMAC-SHA256 of "cms policy 1 jitter" under 32 bytes of 1, by Python's hmac: its first and its last byte.
TEST(HeldPolicy, keys_are_what_another_program_computes) {
  EXPECT_EQ(jitter_key_of(key_of(1))[0], 0xe5);
  EXPECT_EQ(jitter_key_of(key_of(1))[31], 0x70);
}

}  // namespace
}  // namespace cms::serve
