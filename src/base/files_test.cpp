#include "base/files.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <unistd.h>

#include <csignal>
#include <filesystem>

namespace cms {
namespace {

namespace fs = std::filesystem;

class Files : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("cms_files_" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator{}));
  }
  fs::path folder_;
};

// Files may not grow past `bytes` while this lives: the kernel then says EFBIG as a full disk says ENOSPC.
class SizeLimit {
 public:
  explicit SizeLimit(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~SizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

TEST_F(Files, a_written_file_is_read_back_and_replaced_whole) {
  const auto path = folder_ / "a";
  ASSERT_TRUE(write_file(path, std::string_view("first")));
  ASSERT_TRUE(write_file(path, std::string_view("second")));
  EXPECT_EQ(*read_text_file(path), "second");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(Files, a_missing_file_is_bad_input_and_named) {
  const auto content = read_file(folder_ / "none");
  ASSERT_FALSE(content);
  EXPECT_EQ(content.error().code, ErrorCode::bad_input);
  EXPECT_NE(content.error().message.find("none"), std::string::npos);
}

TEST_F(Files, a_full_disk_leaves_the_old_file_and_nothing_else) {
  const auto path = folder_ / "a";
  ASSERT_TRUE(write_file(path, std::string_view("good")));
  {
    SizeLimit limit(1000);
    const auto result = write_file(path, std::string(5000, 'x'));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::failed);
  }
  EXPECT_EQ(*read_text_file(path), "good");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(Files, an_unwritable_folder_is_an_error) {
  const auto result = write_file(folder_ / "no" / "such" / "a", std::string_view("x"));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::failed);
}

TEST_F(Files, a_write_goes_through_a_symbolic_link_and_never_replaces_a_pipe) {
  ASSERT_TRUE(write_file(folder_ / "real", std::string_view("old")));
  fs::create_symlink(folder_ / "real", folder_ / "link");
  ASSERT_TRUE(write_file(folder_ / "link", std::string_view("new")));
  EXPECT_TRUE(fs::is_symlink(folder_ / "link"));
  EXPECT_EQ(*read_text_file(folder_ / "real"), "new");
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(write_file(folder_ / "pipe", std::string_view("x")).error().code, ErrorCode::failed);
  EXPECT_TRUE(fs::is_fifo(folder_ / "pipe"));
}

struct stat about(const fs::path& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status;
}

TEST_F(Files, what_replaces_a_file_has_its_mode_and_where_that_may_be_given_its_owner_and_group) {
  const auto path = folder_ / "a";
  ASSERT_TRUE(write_file(path, std::string_view("old")));
  ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
  ASSERT_TRUE(write_file(path, std::string_view("new")));
  EXPECT_EQ(about(path).st_mode & 07777, 0640U);
  if (::geteuid() != 0) GTEST_SKIP() << "only root may give files away";
  ASSERT_EQ(::chown(path.c_str(), 1234, 1235), 0);
  ASSERT_TRUE(write_file(path, std::string_view("newer")));
  EXPECT_EQ(*read_text_file(path), "newer");
  EXPECT_EQ(about(path).st_uid, 1234U);
  EXPECT_EQ(about(path).st_gid, 1235U);
  EXPECT_EQ(about(path).st_mode & 07777, 0640U);
}

TEST_F(Files, a_file_of_another_owner_that_cannot_be_replaced_by_one_of_the_same_stays_and_the_chown_is_named) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root has files of others here";
  const auto path = folder_ / "a";
  ASSERT_TRUE(write_file(path, std::string_view("old")));
  ASSERT_EQ(::chmod(folder_.c_str(), 0777), 0);
  ASSERT_EQ(::seteuid(1234), 0);
  const auto done = write_file(path, std::string_view("new"));
  ASSERT_EQ(::seteuid(0), 0);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::failed);
  EXPECT_NE(done.error().message.find("chown 0:0 " + path.string() + " after"), std::string::npos)
      << done.error().message;
  EXPECT_EQ(*read_text_file(path), "old");
  EXPECT_EQ(entries(), 1U);
}

TEST_F(Files, an_append_file_opens_at_a_length_and_cuts_off_the_rest) {
  const auto path = folder_ / "a";
  ASSERT_TRUE(write_file(path, std::string_view("0123456789")));
  auto file = AppendFile::open(path, 4);
  ASSERT_TRUE(file);
  ASSERT_TRUE(file->append(std::string_view("xy")));
  ASSERT_TRUE(file->sync());
  EXPECT_EQ(*read_text_file(path), "0123xy");
}

}  // namespace
}  // namespace cms
