#include "serve/authority.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/files.hpp"

namespace cms::serve {
namespace {

class authority : public testing::Test {
 protected:
  authority() : path_(std::filesystem::temp_directory_path() / fmt::format("cms_tokens_{}", ::getpid())) {}
  ~authority() override { std::filesystem::remove(path_); }
  std::filesystem::path path_;
};

TEST_F(authority, a_token_is_known_by_what_was_printed_and_kept_as_a_hash) {
  const auto made = make_token(Role::analyst, "acme", 1000.0).value();
  ASSERT_TRUE(append_credential(path_, made.credential));
  const auto kept = read_text_file(path_).value();
  EXPECT_EQ(kept.find(made.token.substr(made.token.rfind('_') + 1)), std::string::npos);
  const auto known = Authority::open(path_).value();
  const auto who = known.by_token(made.token, 999);
  ASSERT_TRUE(who);
  EXPECT_EQ(who->role, Role::analyst);
  EXPECT_EQ(who->tenant, "acme");
  EXPECT_FALSE(known.by_token(made.token, 1000));
  struct ::stat about {};
  ASSERT_EQ(::stat(path_.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600U);
}

TEST_F(authority, a_token_more_leaves_the_file_to_who_reads_it) {
  ASSERT_TRUE(append_credential(path_, make_token(Role::tap, "acme", std::nullopt)->credential));
  ASSERT_EQ(::chmod(path_.c_str(), 0640), 0);
  const bool may_give = ::chown(path_.c_str(), 1234, 1235) == 0;
  ASSERT_TRUE(append_credential(path_, make_token(Role::tap, "acme", std::nullopt)->credential));
  struct ::stat about {};
  ASSERT_EQ(::stat(path_.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0640U);
  EXPECT_EQ(about.st_uid, may_give ? 1234U : ::geteuid());
}

TEST_F(authority, every_changed_character_of_a_token_makes_it_unknown) {
  const auto made = make_token(Role::admin, "*", std::nullopt).value();
  ASSERT_TRUE(append_credential(path_, made.credential));
  const auto known = Authority::open(path_).value();
  ASSERT_TRUE(known.by_token(made.token, 0));
  for (std::size_t i = 0; i < made.token.size(); ++i) {
    auto changed = made.token;
    changed[i] = changed[i] == '1' ? '2' : '1';
    EXPECT_FALSE(known.by_token(changed, 0)) << i;
    EXPECT_FALSE(known.by_token(made.token.substr(0, i), 0)) << i;
  }
}

TEST_F(authority, a_reload_takes_up_new_tokens_and_keeps_the_old_ones_when_the_file_is_wrong) {
  const auto first = make_token(Role::tap, "acme", std::nullopt).value();
  const auto second = make_token(Role::tap, "other", std::nullopt).value();
  ASSERT_TRUE(append_credential(path_, first.credential));
  auto known = Authority::open(path_).value();
  EXPECT_FALSE(known.by_token(second.token, 0));
  ASSERT_TRUE(append_credential(path_, second.credential));
  ASSERT_TRUE(known.reload());
  EXPECT_TRUE(known.by_token(second.token, 0));
  ASSERT_TRUE(write_file(path_, "nonsense\n"));
  ::chmod(path_.c_str(), 0600);
  EXPECT_FALSE(known.reload());
  EXPECT_TRUE(known.by_token(first.token, 0));
}

TEST_F(authority, a_file_that_others_may_write_is_refused) {
  ASSERT_TRUE(write_file(path_, ""));
  ::chmod(path_.c_str(), 0620);
  EXPECT_FALSE(Authority::open(path_));
  ::chmod(path_.c_str(), 0600);
  EXPECT_TRUE(Authority::open(path_));
}

TEST_F(authority, without_a_file_nobody_is_known) {
  const auto known = Authority::open({}).value();
  EXPECT_FALSE(known.by_token("cms_0_0", 0));
  EXPECT_FALSE(known.by_subject("", 0));
}

TEST_F(authority, lines_are_checked_and_errors_name_them) {
  const std::string hash(64, 'a'), salt(32, 'b');
  const auto good = fmt::format("id reader acme - sha256:{}:{}\n", salt, hash);
  const auto certificate = "gateway tap * 1e3 cn:gate way.example \r\n";
  const auto parsed = parse_credentials("# a comment\n\n" + good + certificate).value();
  ASSERT_EQ(parsed.size(), 2U);
  EXPECT_EQ(format_credential(parsed[0]), good);
  EXPECT_EQ(parsed[1].subject, "gate way.example");
  EXPECT_EQ(parsed[1].expiry, 1000);
  const std::vector<std::string> wrong{
      "id", "id boss acme - cn:x", "id reader ACME - cn:x", "i/d reader acme - cn:x", "id reader acme soon cn:x",
      "id reader acme inf cn:x", "id reader acme - cn:", "id reader acme - sha256:aa:bb",
      fmt::format("id reader acme - sha256:{}:{}0", salt, hash), fmt::format("id reader acme - md5:{}:{}", salt, hash),
      "id reader acme - cn:x\nid reader acme - cn:y", "a reader acme - cn:x\nb reader acme - cn:x"};
  for (const auto& text : wrong) {
    const auto result = parse_credentials(good.substr(0, 0) + text);
    ASSERT_FALSE(result) << text;
    EXPECT_EQ(result.error().code, ErrorCode::bad_input);
    EXPECT_EQ(result.error().message.find(text.find('\n') == std::string::npos ? "line 1" : "line 2"), 0U) << text;
  }
}

TEST_F(authority, failures_of_one_ipv6_network_count_together_and_those_of_others_do_not) {
  auto known = Authority::open({}).value();
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(known.take_failure(fmt::format("2001:db8::{:x}", i), 0));
  EXPECT_FALSE(known.take_failure("2001:db8::ffff", 0));
  EXPECT_TRUE(known.take_failure("2001:db8:0:1::1", 0));
  EXPECT_TRUE(known.take_failure("10.0.0.1", 0));
  EXPECT_FALSE(known.take_failure("2001:db8::1", 2));
  EXPECT_TRUE(known.take_failure("2001:db8::1", 4));
}

TEST_F(authority, many_addresses_do_not_make_it_grow_and_the_latest_are_remembered) {
  auto known = Authority::open({}).value();
  for (int i = 0; i < 20'000; ++i) {
    EXPECT_TRUE(known.take_failure(fmt::format("10.{}.{}.{}", i >> 16, (i >> 8) & 255, i & 255), i * 1e-6));
  }
  for (int i = 0; i < 19; ++i) known.take_failure("10.0.78.31", 0.02);
  EXPECT_FALSE(known.take_failure("10.0.78.31", 0.02));
}

}  // namespace
}  // namespace cms::serve
