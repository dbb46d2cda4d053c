#include "pipeline/cold_reader.hpp"

#include <gtest/gtest.h>

#include <future>
#include <mutex>
#include <string>
#include <vector>

namespace cms::pipeline {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kLong{120'000}, kShort{500};

// A disk whose first read takes until it is let go. Every account has as many records as its name has letters; there is
// nobody without a name.
class Disk {
 public:
  ColdReader::Read read(const store::AccountName& name) {
    {
      const std::lock_guard lock(mutex_);
      read_.push_back(name.account);
    }
    began_.set_value_once();
    gate_.wait();
    if (name.account.empty()) return std::nullopt;
    Head head;
    head.records = name.account.size();
    return head;
  }
  void let_go() { open_.set_value(); }
  void wait_until_it_reads() { began_.future.wait(); }
  std::vector<std::string> asked() {
    const std::lock_guard lock(mutex_);
    return read_;
  }
  [[nodiscard]] auto loader() {
    return [this](const store::AccountName& name) { return read(name); };
  }

 private:
  struct Once {
    std::promise<void> promise;
    std::future<void> future = promise.get_future();
    std::once_flag flag;
    void set_value_once() {
      std::call_once(flag, [this] { promise.set_value(); });
    }
  };
  std::promise<void> open_;
  std::shared_future<void> gate_ = open_.get_future().share();
  Once began_;
  std::mutex mutex_;
  std::vector<std::string> read_;
};

store::AccountName named(const std::string& account) { return {"t", account}; }

TEST(ColdReader, gives_what_is_loaded_and_nothing_of_nobody) {
  Disk disk;
  disk.let_go();
  ColdReader reader(disk.loader(), kLong);
  const auto found = reader.read(named("alice"));
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->records, 5U);
  const auto nobody = reader.read(named(""));
  ASSERT_TRUE(nobody);
  EXPECT_FALSE(*nobody);
}

TEST(ColdReader, reads_an_account_once_for_all_who_ask_before_it_is_begun) {
  Disk disk;
  ColdReader reader(disk.loader(), kLong);
  const auto ask = [&](const std::string& who) {
    return std::async(std::launch::async, [&reader, who] { return reader.read(named(who)); });
  };
  auto first = ask("a");
  disk.wait_until_it_reads();
  std::vector<std::future<ColdReader::Read>> more;
  for (int i = 0; i < 8; ++i) more.push_back(ask("bb"));
  // They have to be waiting before the disk goes on; one that comes late asks once more.
  std::this_thread::sleep_for(milliseconds(200));
  disk.let_go();
  EXPECT_TRUE(first.get());
  for (auto& one : more) EXPECT_EQ((*one.get())->records, 2U);
  EXPECT_LT(disk.asked().size(), 1U + more.size());
}

TEST(ColdReader, keeps_nobody_while_a_disk_hangs_and_looks_once_whether_it_is_back) {
  Disk disk;
  ColdReader reader(disk.loader(), kShort);
  EXPECT_FALSE(reader.read(named("a")));
  for (int i = 0; i < 1'000; ++i) EXPECT_FALSE(reader.read(named("b" + std::to_string(i))));
  EXPECT_EQ(disk.asked(), std::vector<std::string>{"a"}) << "what nobody waits for is not read";
  disk.let_go();
  ColdReader::Read back = reader.read(named("c"));
  for (int again = 0; again < 10'000 && !back; ++again) {
    std::this_thread::sleep_for(milliseconds(1));
    back = reader.read(named("c"));
  }
  ASSERT_TRUE(back && *back);
  EXPECT_EQ((*back)->records, 1U);
  for (const auto& one : disk.asked()) EXPECT_TRUE(one == "a" || one == "c") << one;
}

TEST(ColdReader, ends_without_reading_what_still_waits) {
  Disk disk;
  {
    ColdReader reader(disk.loader(), kShort);
    EXPECT_FALSE(reader.read(named("a")));
    disk.wait_until_it_reads();
    EXPECT_FALSE(reader.read(named("b")));
    disk.let_go();
  }
  EXPECT_EQ(disk.asked(), std::vector<std::string>{"a"});
}

}  // namespace
}  // namespace cms::pipeline
