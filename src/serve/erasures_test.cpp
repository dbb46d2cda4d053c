#include "serve/erasures.hpp"

#include <gtest/gtest.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <thread>

#include "serve/serve_example.hpp"

namespace cms::serve {
namespace {

TEST(Erasures, twenty_that_wait_together_take_two_compactions_and_none_is_served_by_one_that_began_before_it) {
  std::promise<void> began, go_on;
  std::atomic<int> compactions = 0, served = 0;
  {
    Erasures erasures([&]() -> Result<void> {
      if (++compactions > 1) return {};
      began.set_value();
      go_on.get_future().wait();
      return {};
    });
    const auto served_by = [&](int compaction) {
      return [&, compaction](const Result<void>& done) {
        EXPECT_TRUE(done.has_value());
        EXPECT_EQ(compactions, compaction);
        ++served;
      };
    };
    erasures.wait(served_by(1));
    began.get_future().wait();
    for (int i = 1; i < 20; ++i) erasures.wait(served_by(2));
    EXPECT_EQ(served, 0);
    go_on.set_value();
  }
  EXPECT_EQ(served, 20);
  EXPECT_EQ(compactions, 2);
}

TEST(Erasures, a_compaction_that_failed_is_told_those_it_was_for_and_the_next_one_is_tried_all_the_same) {
  std::atomic<int> compactions = 0;
  Erasures erasures([&]() -> Result<void> {
    if (++compactions == 1) return fail(ErrorCode::failed, "no space");
    return {};
  });
  for (const bool done : {false, true}) {
    const auto told = std::make_shared<std::promise<bool>>();  // shared: get() returns before set_value() does
    auto future = told->get_future();
    erasures.wait([told](const Result<void>& result) { told->set_value(result.has_value()); });
    EXPECT_EQ(future.get(), done);
  }
}

// A file system on which no table is begun while it is held: a flush, and so a compaction, does not come to an end.
class HeldTables : public rocksdb::FileSystemWrapper {
 public:
  HeldTables() : rocksdb::FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "HeldTables"; }

  void hold() { hold(true); }
  void go_on() { hold(false); }
  // Room for one table more.
  void fill(bool full) {
    const std::lock_guard lock(mutex_);
    full_ = full;
    made_ = 0;
  }
  void wait_until_one_waits() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waits_; });
  }

  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override {
    if (path.ends_with(".sst")) {
      std::unique_lock lock(mutex_);
      waits_ = held_;
      changed_.notify_all();
      changed_.wait(lock, [this] { return !held_; });
      if (full_ && ++made_ > 1) return rocksdb::IOStatus::NoSpace("full");  // what is compacted has to be flushed
    }
    return FileSystemWrapper::NewWritableFile(path, options, file, debug);
  }

 private:
  void hold(bool held) {
    const std::lock_guard lock(mutex_);
    held_ = held;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false, waits_ = false, full_ = false;
  int made_ = 0;
};

TEST(Erasures, whatever_else_is_asked_is_answered_while_more_erasures_wait_than_there_are_threads) {
  const auto files = std::make_shared<HeldTables>();  // shared: so RocksDB wants it
  const auto environment = rocksdb::NewCompositeEnv(files);
  ServeWorld world("erasures", {.threads = 2}, {}, {}, environment.get());
  const std::vector<std::string> names{"alice", "bob", "carol", "dave"};
  for (const auto& name : names) ASSERT_EQ(world.ingest(name, 5).status, 200U);
  files->hold();
  std::vector<std::unique_ptr<Client>> erasing;
  for (const auto& name : names) {
    erasing.push_back(std::make_unique<Client>(world.server->port()));
    erasing.back()->send(request_text("DELETE", "/v1/tenants/acme/accounts/" + name, world.as(Role::admin)));
  }
  files->wait_until_one_waits();
  EXPECT_EQ(world.ingest("erin", 5).status, 200U);
  EXPECT_EQ(world.ask("GET", "/v1/tenants/acme/accounts/erin", world.as(Role::reader)).status, 200U);
  EXPECT_EQ(world.ask("GET", "/v1/tenants/acme/accounts", world.as(Role::reader)).status, 200U);
  EXPECT_EQ(world.ask("GET", "/metrics", world.as(Role::reader, "*")).status, 200U);
  files->go_on();
  for (const auto& client : erasing) EXPECT_EQ(client->read_answer().status, 204U);
  for (const auto& name : names) {
    EXPECT_EQ(world.ask("GET", "/v1/tenants/acme/accounts/" + name, world.as(Role::reader)).status, 404U);
  }
}

TEST(Erasures, who_was_told_that_the_bytes_are_there_yet_is_told_so_again_until_they_are_gone) {
  const auto files = std::make_shared<HeldTables>();  // shared: so RocksDB wants it
  const auto environment = rocksdb::NewCompositeEnv(files);
  ServeWorld world("erasures_full", {}, {}, {}, environment.get());
  ASSERT_EQ(world.ingest("alice", 5).status, 200U);
  const auto erase = [&] {
    return world.ask("DELETE", "/v1/tenants/acme/accounts/alice", world.as(Role::admin)).status;
  };
  files->fill(true);
  EXPECT_EQ(erase(), 503U);
  EXPECT_EQ(world.ask("GET", "/v1/tenants/acme/accounts/alice", world.as(Role::reader)).status, 404U);
  EXPECT_EQ(erase(), 503U) << "it is gone, its bytes are not";
  files->fill(false);
  unsigned status = 503;
  for (int i = 0; i < 200 && status == 503; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    status = erase();
  }
  EXPECT_EQ(status, 404U);
}

}  // namespace
}  // namespace cms::serve
