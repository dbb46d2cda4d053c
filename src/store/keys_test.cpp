#include "store/keys.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/files.hpp"
#include "store/store_example.hpp"

namespace cms::store {
namespace {

Bytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

TEST(Keys, a_made_key_is_read_by_its_owner_alone_and_never_overwritten) {
  const TestFolder folder;
  const auto path = folder.path / "acme.key";
  ASSERT_TRUE(make_key(path));
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_EQ(status.st_size, 65);
  const auto key = read_key(path);
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_NE(*key, Key{});
  const auto again = make_key(path);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::usage);
  EXPECT_EQ(*read_key(path), *key);
}

TEST(Keys, a_key_that_others_may_read_is_refused) {
  const TestFolder folder;
  ASSERT_TRUE(make_key(folder.path / "k"));
  ASSERT_EQ(::chmod((folder.path / "k").c_str(), 0640), 0);
  const auto key = read_key(folder.path / "k");
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().code, ErrorCode::bad_input);
  EXPECT_NE(key.error().message.find("chmod 600"), std::string::npos);
}

TEST(Keys, what_is_no_key_is_refused_without_being_repeated) {
  const std::string digits = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEF";
  EXPECT_TRUE(parse_key(digits + "F"));
  for (const auto& wrong : {digits, digits + "Fx", digits + "g", std::string()}) {
    const auto key = parse_key(wrong);
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().code, ErrorCode::bad_input);
    EXPECT_EQ(key.error().message.find("00112233"), std::string::npos);
  }
  const TestFolder folder;
  EXPECT_EQ(read_key(folder.path / "missing").error().code, ErrorCode::bad_input);
}

TEST(Keys, opened_content_is_what_was_sealed) {
  for (const std::size_t size : {0u, 1u, 15u, 16u, 17u, 1000u, 70'000u}) {
    const Bytes content(size, 7);
    std::string sealed = "before";
    ASSERT_TRUE(seal_anew(test_key(1), "row", content, sealed));
    EXPECT_EQ(sealed.size(), 6 + size + kSealBytes);
    const auto opened = open(test_key(1), "row", std::string_view(sealed).substr(6));
    ASSERT_TRUE(opened);
    EXPECT_EQ(*opened, content);
  }
}

TEST(Keys, every_changed_bit_another_key_and_another_row_are_refused) {
  std::string sealed;
  ASSERT_TRUE(seal_anew(test_key(1), "row", bytes_of("a content"), sealed));
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    std::string changed = sealed;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    const auto opened = open(test_key(1), "row", changed);
    ASSERT_FALSE(opened) << bit;
    EXPECT_EQ(opened.error().code, ErrorCode::bad_input);
  }
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_FALSE(open(test_key(1), "row", sealed.substr(0, size)));
  }
  EXPECT_FALSE(open(test_key(2), "row", sealed));
  EXPECT_FALSE(open(test_key(1), "rox", sealed));
  EXPECT_TRUE(open(test_key(1), "row", sealed));
}

// Test case 16 of McGrew and Viega, "The Galois/Counter Mode of Operation", 2005.
TEST(Keys, sealing_is_aes_256_gcm) {
  const auto from = [](std::string_view hex) {
    Bytes bytes;
    for (std::size_t i = 0; i < hex.size(); i += 2) {
      bytes.push_back(static_cast<std::uint8_t>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
    }
    return bytes;
  };
  const auto key = parse_key("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
  const Bytes iv = from("cafebabefacedbaddecaf888"), bound = from("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  Nonce nonce;
  std::copy(iv.begin(), iv.end(), nonce.begin());
  const Bytes content = from(
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
      "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
  std::string sealed;
  ASSERT_TRUE(seal(*key, nonce, {reinterpret_cast<const char*>(bound.data()), bound.size()}, content, sealed));
  EXPECT_EQ(to_hex(bytes_of(sealed)).substr(24),
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
            "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
            "76fc6ece0f4e1768cddf8853bb2d551b");
}

}  // namespace
}  // namespace cms::store
