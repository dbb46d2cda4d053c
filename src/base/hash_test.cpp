#include "base/hash.hpp"

#include <gtest/gtest.h>

namespace cms {
namespace {

TEST(Hash, sha256_gives_the_digest_of_the_standard) {
  const std::string text = "abc";
  EXPECT_EQ(to_hex(sha256({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()})),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Hash, stable_hash_is_the_first_eight_bytes_of_the_digest) {
  EXPECT_EQ(stable_hash("abc"), 0xeacf018fbf1678baULL);
}

}  // namespace
}  // namespace cms
