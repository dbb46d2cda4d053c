// What is left of a snapshot that failed.
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>

#include "store/injecting_env.hpp"
#include "store/store_example.hpp"

namespace cms::store {
namespace {

// The files outlive it.
Result<Store> with_one_record(const std::filesystem::path& path, rocksdb::Env& files) {
  auto options = test_options(path);
  options.environment = &files;
  auto store = Store::open(options, test_keys());
  if (!store) return store;
  const AccountName name{"acme", "ann"};
  const Write write{name, test_record(name, 1, true)};
  CMS_CHECK(store->commit({&write, 1}, {}));
  return store;
}

TEST(Copies, a_part_of_a_snapshot_that_cannot_be_removed_is_told) {
  bool named = false;
  for (std::uint64_t number = 1; number < 400 && !named; ++number) {
    const TestFolder folder;
    const auto files = std::make_shared<InjectingFiles>();
    const auto environment = rocksdb::NewCompositeEnv(files);
    const auto store = with_one_record(folder.path / "store", *environment);
    ASSERT_TRUE(store) << store.error().message;
    files->fail_at(number, Fault::crash);
    const auto done = store->snapshot(folder.path / "copy");
    ASSERT_FALSE(done) << "no operation failed while the snapshot lay there";
    named = std::filesystem::exists(folder.path / "copy");
    if (!named && !std::filesystem::exists(folder.path / "copy.tmp")) continue;
    EXPECT_NE(done.error().message.find("a part of it is left"), std::string::npos) << done.error().message;
  }
  EXPECT_TRUE(named);
}

// A snapshot never comes to its name, and its files cannot be removed so many times.
class NeverNamed final : public rocksdb::FileSystemWrapper {
 public:
  explicit NeverNamed(int refusals) : FileSystemWrapper(rocksdb::FileSystem::Default()), refusals_(refusals) {}
  const char* Name() const override { return "NeverNamed"; }
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override {
    if (from.ends_with("copy.tmp")) return rocksdb::IOStatus::IOError("no name");
    return FileSystemWrapper::RenameFile(from, to, options, debug);
  }
  rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override {
    if (path.find("copy.tmp") != std::string::npos && refusals_-- > 0) return rocksdb::IOStatus::IOError("it stays");
    return FileSystemWrapper::DeleteFile(path, options, debug);
  }

 private:
  std::atomic<int> refusals_;
};

TEST(Copies, what_a_failed_snapshot_has_under_another_name_is_removed_too_or_told) {
  for (const bool stays : {false, true}) {
    const TestFolder folder;
    const auto environment = rocksdb::NewCompositeEnv(std::make_shared<NeverNamed>(stays ? 1'000'000 : 1));
    const auto store = with_one_record(folder.path / "store", *environment);
    ASSERT_TRUE(store) << store.error().message;
    const auto done = store->snapshot(folder.path / "copy");
    ASSERT_FALSE(done);
    EXPECT_EQ(std::filesystem::exists(folder.path / "copy.tmp"), stays) << done.error().message;
    const auto left = "a part of it is left: removing " + (folder.path / "copy.tmp").string();
    EXPECT_EQ(done.error().message.find(left) != std::string::npos, stays) << done.error().message;
  }
}

}  // namespace
}  // namespace cms::store
