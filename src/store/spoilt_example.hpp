// For tests: a store of some accounts in a table file, a block of which can be spoilt.
//
// Threads: one owner. Cost: a store of a hundred kilobytes.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "store/injecting_env.hpp"
#include "store/rows.hpp"
#include "store/store_example.hpp"

namespace cms::store {

// Accounts "a0" to "a11" of acme, each in two blocks or more, and two of bell. Rows of neighbours may share a block.
class SpoiltStore {
 public:
  static constexpr int kAccounts = 12, kRecords = 30;

  SpoiltStore() : environment_(rocksdb::NewCompositeEnv(files)) {
    open();
    std::vector<AccountName> names{{"bell", "b0"}, {"bell", "b1"}};
    for (int i = 0; i < kAccounts; ++i) names.push_back({"acme", "a" + std::to_string(i)});
    for (std::uint64_t number = 1; number <= kRecords; ++number) {
      std::vector<Write> writes;
      for (const auto& name : names) writes.push_back({name, test_record(name, number, false)});
      EXPECT_TRUE(store->commit(writes, {}));
    }
    open_again();
  }
  ~SpoiltStore() { store.reset(); }
  SpoiltStore(const SpoiltStore&) = delete;
  SpoiltStore& operator=(const SpoiltStore&) = delete;

  // Opened anew rows are in tables, and in memory is what looking at one of bell takes, the index among it.
  void open_again() {
    open();
    EXPECT_EQ(store->list("bell", "", 1)->accounts.size(), 1U);
  }
  // The block that an account of acme begins in, and its neighbour may end in; without a name all of acme's.
  void spoil(const std::string& account, bool silently) {
    const auto acme = make_tenant("acme", test_keys().at("acme"));
    // Neighbours' rows are written without what they have in common, and that is less than this of their names.
    const auto begin = part_row(account_prefix(acme, account), Part::key).substr(kAccountPrefixBytes - 8);
    files->spoil(account.empty() ? accounts_prefix(acme) : begin, silently);
  }

  std::shared_ptr<InjectingFiles> files = std::make_shared<InjectingFiles>();  // shared: so RocksDB wants it

 private:
  TestFolder folder_;
  std::unique_ptr<rocksdb::Env> environment_;

 public:
  std::optional<Store> store;  // before the folder goes

 private:
  void open() {
    store.reset();
    auto options = test_options(folder_.path / "store");
    options.environment = environment_.get();
    auto opened = Store::open(options, test_keys());
    EXPECT_TRUE(opened) << opened.error().message;
    if (opened) store.emplace(std::move(*opened));
  }
};

// Every page of acme's list, as one. Errors: those of list(); more pages than there can be are one.
inline Result<Store::Page> whole_list(const Store& store, std::size_t limit) {
  Store::Page all;
  std::string cursor;
  for (int pages = 0; pages < 100; ++pages) {
    CMS_TRY(page, store.list("acme", cursor, limit));
    for (auto& listed : page.accounts) all.accounts.push_back(std::move(listed));
    all.passed_over += page.passed_over;
    if (page.cursor.empty()) return all;
    cursor = page.cursor;
  }
  return fail(ErrorCode::failed, "the list has no end");
}

}  // namespace cms::store
