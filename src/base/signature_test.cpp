#include "base/signature.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string_view>

#include "base/files.hpp"

namespace cms {
namespace {

// Keys made for this test with `openssl genpkey -algorithm ed25519`; they protect nothing.
constexpr std::string_view kPrivate =
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIHAnVeyLdJRzx7PTuTD6WYU9ACfVNRD8iuOkueQlYvv1\n-----END PRIVATE "
    "KEY-----\n";
constexpr std::string_view kPublic =
    "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAWZDVjhfBSejHcIAShkAEMYUhAc6lUoEYX419J7L/SYA=\n-----END PUBLIC "
    "KEY-----\n";
constexpr std::string_view kOther =
    "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA0X3uMYtqzhb3BnrOfd0/5Gzu3SG01FlPIaaAr6i7cfk=\n-----END PUBLIC "
    "KEY-----\n";

class Signature : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("cms_signature_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
    ASSERT_TRUE(write_file(folder_ / "private", kPrivate));
    ASSERT_TRUE(write_file(folder_ / "public", kPublic));
    ASSERT_TRUE(write_file(folder_ / "other", kOther));
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_;
  Bytes message_ = {1, 2, 3, 4, 5};
};

TEST_F(Signature, is_accepted_under_its_own_key_only) {
  const auto signature = sign(message_, folder_ / "private");
  ASSERT_TRUE(signature) << signature.error().message;
  EXPECT_EQ(signature->size(), 64u);
  EXPECT_TRUE(verify(message_, *signature, folder_ / "public"));
  EXPECT_EQ(verify(message_, *signature, folder_ / "other").error().code, ErrorCode::refused);
}

TEST_F(Signature, of_another_message_or_with_a_flipped_bit_is_refused) {
  const auto signature = *sign(message_, folder_ / "private");
  auto other = message_;
  other[0] ^= 1;
  EXPECT_EQ(verify(other, signature, folder_ / "public").error().code, ErrorCode::refused);
  for (std::size_t i = 0; i < signature.size(); ++i) {
    auto damaged = signature;
    damaged[i] ^= 4;
    EXPECT_EQ(verify(message_, damaged, folder_ / "public").error().code, ErrorCode::refused);
  }
  EXPECT_EQ(verify(message_, {}, folder_ / "public").error().code, ErrorCode::refused);
}

TEST_F(Signature, a_file_that_is_no_key_is_bad_input) {
  ASSERT_TRUE(write_file(folder_ / "junk", std::string_view("no key")));
  EXPECT_EQ(sign(message_, folder_ / "junk").error().code, ErrorCode::bad_input);
  EXPECT_EQ(verify(message_, message_, folder_ / "private").error().code, ErrorCode::bad_input);
  EXPECT_EQ(sign(message_, folder_ / "missing").error().code, ErrorCode::bad_input);
}

}  // namespace
}  // namespace cms
