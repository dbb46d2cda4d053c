// What becomes of a store when the file system fails it: each operation of a reference run once, in every way, and a
// power cut at each. CMS_STORE_FAULTS=1 tries every operation, N every N-th (the default is 17).
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <thread>

#include "base/files.hpp"
#include "store/file_errors.hpp"
#include "store/injecting_env.hpp"
#include "store/store_example.hpp"

namespace cms::store {
namespace {

constexpr std::uint64_t kSteps = 5;  // a whole record after so many
constexpr int kRounds = 22;

// What a careful client believes: what was acknowledged, and what may be there because it was tried.
struct Belief {
  std::map<std::string, std::uint64_t> acknowledged, tried;  // last record by account
  std::uint64_t sequence = 0, audit = 0;
  bool document = false, erased = false;
  std::uint64_t copied = 0;  // the position in the snapshot, at least
  int errors = 0;
  bool gave_up = false;
};

class Trial {
 public:
  Trial(const std::filesystem::path& path, bool sync)
      : files(std::make_shared<InjectingFiles>()), environment_(rocksdb::NewCompositeEnv(files)) {
    options_ = test_options(path / "store");
    options_.sync = sync;
    options_.environment = environment_.get();
    options_.file_failed = [this](const std::string&) { ++told; };
    copy_ = path / "copy";
  }

  // The reference run. After an error it tries again, twice; a single fault must not stop it.
  void work() {
    if (!again([this] { return open(); })) return;
    for (int round = 0; round < kRounds && !belief.gave_up; ++round) {
      again([this, round] { return commit(round); });
      if (round % 8 == 7) {
        store_.reset();
        again([this] { return open(); });
      }
      if (round == 10) again([this] { return document(); });
      if (round == 12) again([this] { return erase(); });
      if (round == 14) again([this] { return snapshot(); });
      if (round == 18) again([this] { return audit(); });
    }
  }

  void power_cut() {
    files->kill();
    store_.reset();
    files->lose_unsynced();
  }

  // What is wrong with what is there now; empty when nothing is.
  std::vector<std::string> wrong() {
    std::vector<std::string> found;
    store_.reset();
    files->fail_at(0, Fault::none);
    auto store = Store::open(options_, test_keys());
    if (!store) return {"does not open: " + store.error().message};
    for (const auto& [account, tried] : belief.tried) check_account(*store, account, found);
    std::uint64_t sequence = 0;
    const auto positions = store->positions();
    if (!positions) found.push_back(positions.error().message);
    if (positions && !positions->empty()) sequence = positions->front().sequence;
    if (sequence < belief.sequence || sequence > belief.sequence + 1) found.push_back("another position");
    if (const auto whole = store->verify(); !whole) found.push_back(whole.error().message);
    if (store->audit("", 0, 100)->size() < belief.audit) found.push_back("an audit entry is lost");
    if (belief.copied > 0) check_copy(found);
    const auto document = store->document({"acme", "a0"}, "labels");
    if (belief.document && (!document || *document != "[1]")) found.push_back("a document is lost");
    return found;
  }

  std::shared_ptr<InjectingFiles> files;
  Belief belief;
  std::string last_error;
  std::atomic<int> told{0};  // by what the store says of its files

 private:
  template <typename Action>
  bool again(Action action) {
    for (int attempt = 0; attempt < 3 && !belief.gave_up; ++attempt) {
      const Result<void> done = action();
      if (done) return true;
      ++belief.errors;
      last_error = done.error().message;
    }
    belief.gave_up = true;
    return false;
  }

  Result<void> open() {
    store_.reset();
    CMS_TRY(store, Store::open(options_, test_keys()));
    store_.emplace(std::move(store));
    return {};
  }

  // The next record of three accounts, as the store says which comes next, and the producer's position.
  Result<void> commit(int round) {
    std::vector<Write> writes;
    for (int i = 0; i < 3; ++i) {
      const std::string account = i == 2 && round < 12 ? "gone" : fmt::format("a{}", (round + i) % 4);
      CMS_TRY(records, store_->load({"acme", account}));
      const std::uint64_t number = records.empty() ? 1 : records.back().number + 1;
      writes.push_back({{"acme", account}, test_record({"acme", account}, number, number % kSteps == 0)});
      auto& tried = belief.tried[account];
      tried = std::max(tried, number);
    }
    const Position position{"acme", "engine", 1, static_cast<std::uint64_t>(round) + 1};
    CMS_CHECK(store_->commit(writes, {&position, 1}));
    for (const auto& write : writes) belief.acknowledged[write.name.account] = write.record.number;
    belief.sequence = position.sequence;
    return {};
  }

  Result<void> document() {
    CMS_TRY(there, store_->put_document({"acme", "a0"}, "labels", "[1]"));
    belief.document = there;
    return {};
  }

  Result<void> erase() {
    CMS_CHECK(store_->erase({"acme", "gone"}));
    CMS_CHECK(store_->compact_erased());
    belief.erased = true;
    return {};
  }

  Result<void> audit() {
    CMS_CHECK(store_->append_audit({.number = 0, .time = 1, .tenant = "acme", .actor = "ops", .action = "label",
                                    .detail = "", .hash = ""}));
    ++belief.audit;
    return {};
  }

  Result<void> snapshot() {
    CMS_CHECK(store_->snapshot(copy_));
    belief.copied = belief.sequence;
    return {};
  }

  void check_copy(std::vector<std::string>& found) {
    auto options = options_;
    options.path = copy_;
    const auto copy = Store::open(options, test_keys());
    if (!copy) return found.push_back("the snapshot does not open: " + copy.error().message);
    if (const auto whole = copy->verify(); !whole) found.push_back("the snapshot: " + whole.error().message);
    const auto positions = copy->positions();
    if (!positions || positions->empty() || positions->front().sequence < belief.copied) {
      found.push_back("the snapshot lacks what was acknowledged before it");
    }
  }

  void check_account(const Store& store, const std::string& account, std::vector<std::string>& found) {
    const auto records = store.load({"acme", account});
    if (!records) return found.push_back(records.error().message);
    const std::uint64_t last = records->empty() ? 0 : records->back().number;
    if (account == "gone") {
      if (belief.erased && last > 0) found.push_back("an erased account is there");
      return;
    }
    if (last < belief.acknowledged[account]) found.push_back("an acknowledged record is lost");
    if (last > belief.tried[account]) found.push_back("a record that nobody wrote is there");
    std::uint64_t expected = last / kSteps * kSteps;
    expected = std::max<std::uint64_t>(expected, 1);
    for (const auto& record : *records) {
      if (!same(record, test_record({"acme", account}, expected, expected % kSteps == 0))) {
        found.push_back("a record is not what was written");
      }
      ++expected;
    }
    if (last > 0 && expected != last + 1) found.push_back("records are missing");
  }

  std::unique_ptr<rocksdb::Env> environment_;
  Options options_;
  std::filesystem::path copy_;
  std::optional<Store> store_;
};

std::uint64_t stride() {
  const char* const text = std::getenv("CMS_STORE_FAULTS");
  return text == nullptr ? 17 : std::max<std::uint64_t>(1, std::strtoull(text, nullptr, 10));
}

std::uint64_t operations() {
  const TestFolder folder;
  Trial run(folder.path, true);
  run.work();
  EXPECT_EQ(run.belief.errors, 0);
  EXPECT_EQ(run.belief.sequence, std::uint64_t{kRounds});
  return run.files->operations();
}

void expect_right(Trial& run, Fault fault, std::uint64_t number) {
  for (const auto& text : run.wrong()) {
    ADD_FAILURE() << "fault " << static_cast<int>(fault) << " at operation " << number << " (" << run.files->failed()
                  << "): " << text;
  }
}

TEST(Faults, a_run_without_faults_survives_a_power_cut) {
  const TestFolder folder;
  Trial run(folder.path, true);
  run.work();
  EXPECT_EQ(run.belief.errors, 0);
  run.power_cut();
  EXPECT_EQ(run.wrong(), std::vector<std::string>{});
}

// The real file system, and everything that RocksDB writes by itself, which no injected fault reaches.
TEST(Faults, a_full_disk_is_an_error_and_over_when_there_is_room_again) {
  const TestFolder folder;
  auto store = Store::open(test_options(folder.path / "store"), test_keys());
  ASSERT_TRUE(store);
  const AccountName name{"acme", "ann"};
  std::uint64_t number = 0;
  const auto commit = [&] {
    const Write write{name, test_record(name, number + 1, true)};
    const auto done = store->commit({&write, 1}, {});
    if (done) ++number;
    return done.has_value();
  };
  EXPECT_TRUE(commit());
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit full{.rlim_cur = 1, .rlim_max = before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &full);
  const bool first = commit(), second = commit();
  ::setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_FALSE(first);
  EXPECT_FALSE(second);
  EXPECT_TRUE(commit());
  store = Store::open(test_options(folder.path / "other"), test_keys());
  store = Store::open(test_options(folder.path / "store"), test_keys());
  ASSERT_TRUE(store);
  EXPECT_EQ(store->load(name)->back().number, number);
}

TEST(Faults, a_store_that_does_not_sync_loses_what_it_acknowledged) {
  const TestFolder folder;
  Trial run(folder.path, false);
  run.work();
  EXPECT_EQ(run.belief.errors, 0);
  run.power_cut();
  EXPECT_FALSE(run.wrong().empty());
}

TEST(Faults, any_operation_may_fail_once_which_is_told_and_nothing_acknowledged_is_lost) {
  const std::uint64_t last = operations();
  for (const Fault fault : {Fault::eio, Fault::enospc, Fault::short_write}) {
    for (std::uint64_t number = 1; number <= last; number += stride()) {
      const TestFolder folder;
      Trial run(folder.path, true);
      run.files->fail_at(number, fault);
      run.work();
      const std::string failed = run.files->failed();
      EXPECT_FALSE(run.belief.gave_up) << failed << ": the run did not go on after one fault, at operation " << number
                                       << ": " << run.last_error;
      // A write or sync of the log, or a write of the anchor, that fails must be told to who commits. The anchor's last
      // sync is the closing store's, and nothing acknowledged rests on it.
      const bool log = failed.ends_with(".log") && (failed.starts_with("append") || failed.starts_with("sync"));
      EXPECT_TRUE(!(log || failed == "write anchor") || run.belief.errors > 0) << failed << ": not told to who commits";
      EXPECT_TRUE(failed.empty() || run.belief.errors > 0 || run.told > 0) << failed << ": nobody was told";
      run.power_cut();
      expect_right(run, fault, number);
    }
  }
}

// A commit that fails closes the database and opens it again, which nobody else is to notice.
TEST(Faults, who_reads_while_commits_fail_is_answered_every_time) {
  const TestFolder folder;
  const auto files = std::make_shared<InjectingFiles>();
  const auto environment = rocksdb::NewCompositeEnv(files);
  auto options = test_options(folder.path / "store");
  options.environment = environment.get();
  auto store = Store::open(options, test_keys());
  ASSERT_TRUE(store);
  const AccountName name{"acme", "ann"};
  std::uint64_t number = 0;
  const auto commit = [&] {
    const Write write{name, test_record(name, number + 1, true)};
    const bool done = store->commit({&write, 1}, {}).has_value();
    number += done ? 1 : 0;
    return done;
  };
  ASSERT_TRUE(commit());
  std::atomic<bool> over = false;
  std::atomic<int> reads = 0, refused = 0;
  std::thread reader([&] {
    while (!over) {
      const auto read = store->load(name);  // may meet the fault itself
      refused += !read && read.error().message.find("could not be opened again") != std::string::npos ? 1 : 0;
      ++reads;
      std::this_thread::sleep_for(std::chrono::microseconds(200));  // else who opens it waits for ever
    }
  });
  int failures = 0;
  for (int round = 0; round < 20; ++round) {
    files->fail_at(1, Fault::eio);
    failures += commit() ? 0 : 1;
    files->fail_at(0, Fault::none);
    EXPECT_TRUE(commit() || commit());  // the first may be told of a fault that was met in the background
  }
  over = true;
  reader.join();
  EXPECT_GE(failures, 10);  // what runs in the background may meet the fault instead
  EXPECT_GT(reads, 5);
  EXPECT_EQ(refused, 0);
}

TEST(Faults, a_file_that_cannot_be_made_or_opened_is_told_and_one_that_is_not_there_is_not) {
  const TestFolder folder;
  const auto injecting = std::make_shared<InjectingFiles>();
  std::vector<std::string> told;
  const auto errors = std::make_shared<FileErrors>([&told](const std::string& what) { told.push_back(what); });
  WatchedFiles files(injecting, errors);
  const std::string path = folder.path / "000007.sst";
  std::unique_ptr<rocksdb::FSRandomAccessFile> reader;
  EXPECT_FALSE(files.NewRandomAccessFile(path, {}, &reader, nullptr).ok());
  EXPECT_TRUE(told.empty()) << told.front();
  std::unique_ptr<rocksdb::FSWritableFile> writer;
  injecting->fail_at(1, Fault::enospc);
  EXPECT_FALSE(files.NewWritableFile(path, {}, &writer, nullptr).ok());
  ASSERT_EQ(told.size(), 1U);
  EXPECT_TRUE(told[0].starts_with("create 000007.sst: ")) << told[0];
  ASSERT_TRUE(files.NewWritableFile(path, {}, &writer, nullptr).ok());
  injecting->fail_at(1, Fault::eio);
  EXPECT_FALSE(writer->Close({}, nullptr).ok());
  ASSERT_EQ(told.size(), 2U);
  EXPECT_TRUE(told[1].starts_with("close 000007.sst: ")) << told[1];
  injecting->fail_at(1, Fault::eio);
  EXPECT_FALSE(files.NewRandomAccessFile(path, {}, &reader, nullptr).ok());
  EXPECT_EQ(told.size(), 3U);
  EXPECT_EQ(errors->count(), 3U);
}

TEST(Faults, a_folder_that_cannot_be_looked_into_is_not_told_as_a_damaged_store) {
  const TestFolder folder;
  const auto files = std::make_shared<InjectingFiles>();
  const auto environment = rocksdb::NewCompositeEnv(files);
  auto options = test_options(folder.path / "store");
  options.environment = environment.get();
  ASSERT_TRUE(Store::open(options, test_keys()));
  for (const std::string wanted : {"look for store", "look for CURRENT"}) {  // the first two operations
    files->fail_at(wanted == "look for store" ? 1 : 2, Fault::eio);
    const auto opened = Store::open(options, test_keys());
    EXPECT_EQ(files->failed(), wanted);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::failed);
    EXPECT_EQ(opened.error().message.find("damaged"), std::string::npos) << opened.error().message;
  }
  files->fail_at(1, Fault::eio);
  const auto restored = restore(folder.path / "store", folder.path / "new", environment.get());
  EXPECT_EQ(files->failed(), "look for new");
  ASSERT_FALSE(restored);
  EXPECT_EQ(restored.error().code, ErrorCode::failed);
}

TEST(Faults, a_power_cut_at_any_operation_loses_nothing_acknowledged) {
  const std::uint64_t last = operations();
  for (std::uint64_t number = 1; number <= last; number += stride()) {
    const TestFolder folder;
    Trial run(folder.path, true);
    run.files->fail_at(number, Fault::crash);
    run.work();
    run.power_cut();
    expect_right(run, Fault::crash, number);
  }
}

// A snapshot, restored again and again through files that fail.
struct Restoring {
  TestFolder folder;
  std::shared_ptr<InjectingFiles> files = std::make_shared<InjectingFiles>();
  std::unique_ptr<rocksdb::Env> environment = rocksdb::NewCompositeEnv(files);
  AccountName name{"acme", "ann"};
  std::filesystem::path target = folder.path / "made" / "new";  // neither folder is there

  Restoring() {
    auto store = Store::open(test_options(folder.path / "live"), test_keys());
    for (std::uint64_t number = 1; number <= 12; ++number) {
      const Write write{name, test_record(name, number, number == 1)};
      EXPECT_TRUE(store->commit({&write, 1}, {}));
    }
    EXPECT_TRUE(store->snapshot(folder.path / "copy"));
  }
  Result<void> restored() { return restore(folder.path / "copy", target, environment.get()); }
  void expect_whole() const {
    const auto store = Store::open(test_options(target), test_keys());
    ASSERT_TRUE(store) << store.error().message;
    EXPECT_EQ(*store->verify(), 12U);
    EXPECT_EQ(store->load(name)->back().number, 12U);
  }
};

TEST(Faults, a_restore_in_which_any_operation_fails_leaves_nothing_or_all_of_it_and_can_be_done_again) {
  Restoring trial;
  ASSERT_TRUE(trial.restored());
  const std::uint64_t last = trial.files->operations();
  trial.expect_whole();
  EXPECT_GT(last, 40U);
  for (const Fault fault : {Fault::eio, Fault::enospc, Fault::short_write, Fault::crash}) {
    for (std::uint64_t number = 1; number <= last; number += (stride() + 3) / 4) {
      std::filesystem::remove_all(trial.target.parent_path());
      trial.files->fail_at(number, fault);
      const auto done = trial.restored();
      SCOPED_TRACE(fmt::format("fault {} at {}: {}, {}", static_cast<int>(fault), number, trial.files->failed(),
                               done ? "done" : done.error().message));
      trial.files->kill();
      trial.files->lose_unsynced();
      EXPECT_TRUE(!done || std::filesystem::exists(trial.target));
      if (!std::filesystem::exists(trial.target)) {
        EXPECT_TRUE(trial.restored());
      }
      trial.expect_whole();
    }
  }
}

}  // namespace
}  // namespace cms::store
