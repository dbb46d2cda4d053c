#include "store/store.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <thread>

#include "base/files.hpp"
#include "store/store_example.hpp"

namespace cms::store {
namespace {

const AccountName kAnn{"acme", "ann"};
const AccountName kBob{"acme", "bob"};

// Commits records first..last of an account one by one; a whole one after every `steps` steps.
void fill(Store& store, const AccountName& name, std::uint64_t first, std::uint64_t last, std::uint64_t steps = 8) {
  for (std::uint64_t number = first; number <= last; ++number) {
    const Write write{name, test_record(name, number, number % (steps + 1) == 0)};
    const auto done = store.commit({&write, 1}, {});
    ASSERT_TRUE(done) << done.error().message;
  }
}

void expect_records(const Store& store, const AccountName& name, std::uint64_t first, std::uint64_t last,
                    std::uint64_t steps = 8) {
  const auto loaded = store.load(name);
  ASSERT_TRUE(loaded) << loaded.error().message;
  ASSERT_EQ(loaded->size(), last - first + 1);
  for (std::uint64_t number = first; number <= last; ++number) {
    EXPECT_TRUE(same((*loaded)[number - first], test_record(name, number, number % (steps + 1) == 0)));
  }
}

TEST(Store, an_account_is_its_last_whole_record_and_the_steps_after_it) {
  const TestFolder folder;
  auto store = Store::open(test_options(folder.path), test_keys());
  ASSERT_TRUE(store) << store.error().message;
  fill(*store, kAnn, 1, 5);
  expect_records(*store, kAnn, 1, 5);
  fill(*store, kAnn, 6, 9);
  expect_records(*store, kAnn, 9, 9);
  fill(*store, kAnn, 10, 30);
  expect_records(*store, kAnn, 27, 30);
  EXPECT_TRUE(store->load(kBob)->empty());
}

TEST(Store, what_was_committed_is_there_after_reopening) {
  const TestFolder folder;
  for (std::uint64_t round = 0; round < 5; ++round) {
    auto store = Store::open(test_options(folder.path), test_keys());
    ASSERT_TRUE(store) << store.error().message;
    if (round > 0) expect_records(*store, kAnn, (round * 7) / 9 == 0 ? 1 : (round * 7) / 9 * 9, round * 7);
    fill(*store, kAnn, round * 7 + 1, round * 7 + 7);
  }
}

TEST(Store, one_batch_may_hold_many_accounts_and_many_records_of_one) {
  const TestFolder folder;
  auto store = Store::open(test_options(folder.path), test_keys());
  ASSERT_TRUE(store);
  std::vector<Write> writes;
  for (std::uint64_t number = 1; number <= 20; ++number) {
    for (const auto& name : {kAnn, kBob}) writes.push_back({name, test_record(name, number, number % 9 == 0)});
  }
  const Position position{"acme", "engine-1", 3, 77};
  ASSERT_TRUE(store->commit(writes, {&position, 1}));
  expect_records(*store, kAnn, 18, 20);
  expect_records(*store, kBob, 18, 20);
  fill(*store, kBob, 21, 22);
  expect_records(*store, kBob, 18, 22);
}

TEST(Store, a_record_that_does_not_follow_is_refused_and_nothing_of_its_batch_is_there) {
  const TestFolder folder;
  auto store = Store::open(test_options(folder.path), test_keys());
  ASSERT_TRUE(store);
  fill(*store, kAnn, 1, 3);
  for (const std::uint64_t number : {0, 2, 3, 5}) {
    const std::vector<Write> writes = {{kBob, test_record(kBob, 1, false)},
                                       {kAnn, test_record(kAnn, number, false)}};
    const auto done = store->commit(writes, {});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::usage);
    EXPECT_TRUE(store->load(kBob)->empty());
  }
  fill(*store, kAnn, 4, 4);
}

TEST(Store, positions_come_back_and_only_the_last_of_each_producer) {
  const TestFolder folder;
  {
    auto store = Store::open(test_options(folder.path), test_keys());
    ASSERT_TRUE(store);
    for (std::uint64_t sequence = 1; sequence <= 5; ++sequence) {
      const std::vector<Position> positions = {{"acme", "engine-1", 3, sequence}, {"bell", "x", 1, sequence * 2}};
      ASSERT_TRUE(store->commit({}, positions));
    }
  }
  auto store = Store::open(test_options(folder.path), test_keys());
  const auto positions = store->positions();
  ASSERT_TRUE(positions);
  ASSERT_EQ(positions->size(), 2u);
  EXPECT_EQ((*positions)[0].producer, "engine-1");
  EXPECT_EQ((*positions)[0].epoch, 3u);
  EXPECT_EQ((*positions)[0].sequence, 5u);
  EXPECT_EQ((*positions)[1].tenant, "bell");
  EXPECT_EQ((*positions)[1].sequence, 10u);
  ASSERT_TRUE(store->commit({}, std::vector<Position>{{"acme", "engine-1", 3, 0}}));
  EXPECT_EQ(store->positions()->size(), 1u);  // forgotten
}

TEST(Store, tenants_see_nothing_of_one_another_and_another_key_is_refused) {
  const TestFolder folder;
  {
    auto store = Store::open(test_options(folder.path), test_keys());
    ASSERT_TRUE(store);
    fill(*store, kAnn, 1, 3);
    EXPECT_TRUE(store->load({"bell", "ann"})->empty());
    EXPECT_EQ(store->load({"none", "ann"}).error().code, ErrorCode::usage);
    EXPECT_NE(*store->pseudonym(kAnn), *store->pseudonym({"bell", "ann"}));
    EXPECT_EQ(store->pseudonym(kAnn)->size(), 16u);
  }
  const auto other = Store::open(test_options(folder.path), {{"acme", test_key(2)}});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::refused);
  EXPECT_TRUE(Store::open(test_options(folder.path), {{"bell", test_key(101)}}));
}

TEST(Store, a_second_store_in_the_same_folder_is_told_so) {
  const TestFolder folder;
  auto store = Store::open(test_options(folder.path), test_keys());
  ASSERT_TRUE(store);
  const auto second = Store::open(test_options(folder.path), test_keys());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::failed);
  EXPECT_NE(second.error().message.find("another program"), std::string::npos);
}

TEST(Store, a_list_meets_every_account_once_whatever_the_pages) {
  const TestFolder folder;
  auto store = Store::open(test_options(folder.path), test_keys());
  ASSERT_TRUE(store);
  std::map<std::string, std::uint64_t> expected;
  std::vector<Write> writes;
  for (std::uint64_t i = 0; i < 50; ++i) {
    const AccountName name{"acme", "account-" + std::to_string(i)};
    expected[name.account] = 1 + i % 12;
    for (std::uint64_t number = 1; number <= 1 + i % 12; ++number) {
      writes.push_back({name, test_record(name, number, number % 9 == 0)});
    }
  }
  ASSERT_TRUE(store->commit(writes, {}));
  ASSERT_TRUE(store->put_document({"acme", "account-3"}, "labels", "{}"));
  for (const std::size_t limit : {1u, 7u, 50u, 1000u}) {
    std::map<std::string, std::uint64_t> found;
    std::string cursor;
    do {
      const auto page = store->list("acme", cursor, limit);
      ASSERT_TRUE(page) << page.error().message;
      for (const auto& listed : page->accounts) {
        EXPECT_TRUE(found.emplace(listed.account, listed.records).second);
        EXPECT_EQ(listed.time, 1000.0 + static_cast<double>(listed.records));
      }
      cursor = page->cursor;
    } while (!cursor.empty());
    EXPECT_EQ(found, expected);
  }
  EXPECT_TRUE(store->list("bell", "", 10)->accounts.empty());
  EXPECT_EQ(store->list("acme", "xyz", 10).error().code, ErrorCode::usage);
}

TEST(Store, documents_are_kept_replaced_and_taken_away) {
  const TestFolder folder;
  auto store = Store::open(test_options(folder.path), test_keys());
  ASSERT_TRUE(store);
  EXPECT_FALSE(store->document(kAnn, "labels")->has_value());
  fill(*store, kAnn, 1, 5);
  EXPECT_TRUE(*store->put_document(kAnn, "labels", "[1]"));
  EXPECT_TRUE(*store->put_document(kAnn, "override", "{}"));
  EXPECT_TRUE(*store->put_document(kAnn, "labels", "[1,2]"));
  EXPECT_EQ(**store->document(kAnn, "labels"), "[1,2]");
  fill(*store, kAnn, 6, 12);
  expect_records(*store, kAnn, 9, 12);
  EXPECT_EQ(**store->document(kAnn, "override"), "{}");
  EXPECT_TRUE(*store->put_document(kAnn, "labels", ""));
  EXPECT_FALSE(store->document(kAnn, "labels")->has_value());
}

TEST(Store, a_document_of_an_account_that_was_erased_makes_no_account) {
  const TestFolder folder;
  auto store = Store::open(test_options(folder.path), test_keys());
  ASSERT_TRUE(store);
  EXPECT_FALSE(*store->put_document(kAnn, "label", "{}"));
  fill(*store, kAnn, 1, 3);
  EXPECT_TRUE(*store->put_document(kAnn, "label", "{}"));
  EXPECT_TRUE(*store->erase(kAnn));
  EXPECT_FALSE(*store->put_document(kAnn, "label", "{}"));
  EXPECT_FALSE(*store->put_document(kAnn, "label", ""));
  EXPECT_TRUE(store->list("acme", "", 10)->accounts.empty());
}

TEST(Store, an_account_erased_again_while_its_bytes_are_compacted_away_keeps_its_mark) {
  const TestFolder folder;
  auto store = Store::open(test_options(folder.path), test_keys());
  ASSERT_TRUE(store);
  std::jthread compacting([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) EXPECT_TRUE(store->compact_erased());
  });
  for (int round = 0; round < 20; ++round) {
    fill(*store, kAnn, 1, 12);
    EXPECT_TRUE(*store->erase(kAnn));
  }
  compacting.request_stop();
  compacting.join();
  ASSERT_TRUE(store->compact_erased());
  EXPECT_TRUE(store->load(kAnn)->empty());
  EXPECT_FALSE(*store->erase(kAnn));
}

TEST(Store, documents_of_a_tenant_are_its_own_and_survive) {
  const TestFolder folder;
  const auto text = [](const Store& store, const std::string& tenant) {
    const auto found = store.tenant_document(tenant, "campaigns").value();
    return found ? std::string(found->begin(), found->end()) : "none";
  };
  {
    auto store = Store::open(test_options(folder.path), test_keys());
    ASSERT_TRUE(store);
    EXPECT_EQ(text(*store, "acme"), "none");
    ASSERT_TRUE(store->put_tenant_document("acme", "campaigns", "a canary of a tenant"));
    EXPECT_EQ(text(*store, "acme"), "a canary of a tenant");
    EXPECT_EQ(text(*store, "bell"), "none");
    EXPECT_FALSE(store->tenant_document("acme", "another")->has_value());
    EXPECT_EQ(store->put_tenant_document("nobody", "campaigns", "x").error().code, ErrorCode::usage);
  }
  auto again = Store::open(test_options(folder.path), test_keys());
  ASSERT_TRUE(again);
  EXPECT_EQ(text(*again, "acme"), "a canary of a tenant");
  EXPECT_TRUE(again->verify());
  ASSERT_TRUE(again->put_tenant_document("acme", "campaigns", ""));
  EXPECT_EQ(text(*again, "acme"), "none");
}

TEST(Store, an_erased_account_is_gone_and_may_begin_anew) {
  const TestFolder folder;
  auto store = Store::open(test_options(folder.path), test_keys());
  ASSERT_TRUE(store);
  fill(*store, kAnn, 1, 12);
  fill(*store, kBob, 1, 12);
  ASSERT_TRUE(store->put_document(kAnn, "labels", "[1]"));
  EXPECT_TRUE(*store->erase(kAnn));
  EXPECT_FALSE(*store->erase(kAnn));
  EXPECT_TRUE(store->load(kAnn)->empty());
  EXPECT_FALSE(store->document(kAnn, "labels")->has_value());
  expect_records(*store, kBob, 9, 12);
  fill(*store, kAnn, 1, 20);
  expect_records(*store, kAnn, 18, 20);
}

TEST(Store, of_accounts_that_are_named_those_idle_since_before_a_time_are_erased_and_no_others) {
  const TestFolder folder;
  auto store = Store::open(test_options(folder.path), test_keys());
  ASSERT_TRUE(store);
  std::vector<std::string> named, old;
  for (std::uint64_t i = 1; i <= 40; ++i) {
    const auto account = "a" + std::to_string(i);
    fill(*store, {"acme", account}, 1, i % 8 + 1);
    EXPECT_EQ(*store->is_idle({"acme", account}, 1005.0), i % 8 + 1 < 5) << account;
    if (i == 1) continue;  // old too, and nobody names it
    named.push_back(account);
    if (i % 8 + 1 < 5) old.push_back(account);
  }
  named.emplace_back("nobody");
  EXPECT_FALSE(*store->is_idle({"acme", "nobody"}, 1005.0));
  fill(*store, {"bell", "a8"}, 1, 1);
  ASSERT_TRUE(store->put_document({"acme", "a8"}, "labels", "[1]"));
  std::vector<std::string> erased;
  ASSERT_TRUE(store->erase_idle("acme", named, 1005.0, erased));
  EXPECT_EQ(erased, old);
  ASSERT_TRUE(store->erase_idle("acme", named, 1005.0, erased));
  EXPECT_EQ(erased, old);
  expect_records(*store, {"acme", "a1"}, 1, 2);
  EXPECT_FALSE(store->document({"acme", "a8"}, "labels")->has_value());
  const auto left = store->list("acme", "", 100);
  EXPECT_EQ(left->accounts.size(), 40 - old.size());
  expect_records(*store, {"bell", "a8"}, 1, 1);
}

TEST(Store, the_audit_log_is_a_chain_and_can_be_read_by_tenant) {
  const TestFolder folder;
  for (std::uint64_t round = 0; round < 3; ++round) {
    auto store = Store::open(test_options(folder.path), test_keys());
    ASSERT_TRUE(store);
    for (int i = 0; i < 4; ++i) {
      AuditEntry fresh;
      fresh.tenant = i % 2 == 0 ? "acme" : "bell";
      fresh.action = "label";
      fresh.detail = std::to_string(i);
      const auto entry = store->append_audit(fresh);
      ASSERT_TRUE(entry);
      EXPECT_EQ(entry->number, round * 4 + static_cast<std::uint64_t>(i) + 1);
      EXPECT_EQ(entry->hash.size(), 64u);
    }
    EXPECT_EQ(*store->verify_audit(), round * 4 + 4);
  }
  auto store = Store::open(test_options(folder.path), test_keys());
  EXPECT_EQ(store->audit("", 0, 100)->size(), 12u);
  EXPECT_EQ(store->audit("bell", 0, 100)->size(), 6u);
  const auto some = store->audit("acme", 5, 2);
  ASSERT_EQ(some->size(), 2u);
  EXPECT_EQ((*some)[0].number, 7u);
  const auto last = store->last_audit([](const auto& entry) { return entry.tenant == "acme"; });
  ASSERT_TRUE(last && *last);
  EXPECT_EQ((*last)->number, 11u);
  EXPECT_FALSE(store->last_audit([](const auto& entry) { return entry.tenant == "nobody"; })->has_value());
}

TEST(Store, a_tenant_s_own_entries_are_numbered_by_themselves_wherever_a_page_begins) {
  const TestFolder folder;
  auto options = test_options(folder.path);
  options.sync = false;
  auto store = Store::open(options, test_keys());
  ASSERT_TRUE(store);
  std::mt19937 chance(7);
  std::map<std::string, std::vector<std::string>> written;
  const auto write = [&](int entries) {
    for (int i = 0; i < entries; ++i) {
      const std::string tenant = chance() % 3 == 0 ? "acme" : "bell";
      written[tenant].push_back(std::to_string(chance()));
      ASSERT_TRUE(store->append_audit({.number = 0, .time = 1, .tenant = tenant, .actor = "ops", .action = "label",
                                       .detail = written[tenant].back(), .hash = ""}));
    }
  };
  const auto expect_page = [&](const std::string& tenant, std::size_t after, std::size_t limit) {
    const auto& all = written[tenant];
    const auto page = store->own_audit(tenant, after, limit);
    ASSERT_EQ(page.has_value(), after <= all.size());
    if (!page) return;
    ASSERT_EQ(page->size(), std::min(limit, all.size() - after));
    for (std::size_t i = 0; i < page->size(); ++i) {
      EXPECT_EQ((*page)[i].number, after + i + 1);
      EXPECT_EQ((*page)[i].detail, all[after + i]);
      EXPECT_EQ((*page)[i].hash, "");
    }
  };
  for (const int entries : {0, 255, 1, 300, 500}) {
    write(entries);
    for (const std::string tenant : {"acme", "bell"}) {
      for (int page = 0; page < 20; ++page) expect_page(tenant, chance() % 1000, 1 + chance() % 50);
      expect_page(tenant, written[tenant].size(), 10);
      expect_page(tenant, 0, 2000);
    }
  }
  EXPECT_TRUE(store->own_audit("nobody", 0, 10)->empty());
}

TEST(Store, a_snapshot_is_restored_as_it_was_while_the_store_goes_on) {
  const TestFolder folder;
  auto store = Store::open(test_options(folder.path / "live"), test_keys());
  ASSERT_TRUE(store);
  fill(*store, kAnn, 1, 12);
  ASSERT_TRUE(store->snapshot(folder.path / "copy" / ""));  // a slash at its end
  EXPECT_EQ(store->snapshot(folder.path / "copy").error().code, ErrorCode::usage);
  fill(*store, kAnn, 13, 40);
  const auto done = restore(folder.path / "copy", folder.path / "again" / "");
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(restore(folder.path / "copy", folder.path / "again").error().code, ErrorCode::usage);
  EXPECT_EQ(restore(folder.path / "none", folder.path / "new").error().code, ErrorCode::bad_input);
  auto again = Store::open(test_options(folder.path / "again"), test_keys());
  ASSERT_TRUE(again) << again.error().message;
  expect_records(*again, kAnn, 9, 12);
  EXPECT_EQ(*again->verify(), 4u);
  fill(*again, kAnn, 13, 13);
  expect_records(*store, kAnn, 36, 40);
}

TEST(Store, a_restore_onto_a_link_and_a_snapshot_below_a_file_are_refused_before_anything_is_copied) {
  const TestFolder folder;
  auto store = Store::open(test_options(folder.path / "live"), test_keys());
  ASSERT_TRUE(store);
  fill(*store, kAnn, 1, 12);
  ASSERT_TRUE(store->snapshot(folder.path / "copy"));
  std::filesystem::create_directory(folder.path / "empty");
  for (const std::string leads_to : {"nowhere", "empty"}) {
    const auto link = folder.path / ("to_" + leads_to);
    std::filesystem::create_directory_symlink(folder.path / leads_to, link);
    for (const auto& target : {link, link / ""}) {
      const auto done = restore(folder.path / "copy", target);
      ASSERT_FALSE(done) << target;
      EXPECT_EQ(done.error().code, ErrorCode::usage) << done.error().message;
      EXPECT_NE(done.error().message.find("is a symbolic link"), std::string::npos) << done.error().message;
    }
  }
  ASSERT_TRUE(write_file(folder.path / "file", std::string_view("no folder")));
  for (const auto& done : {store->snapshot(folder.path / "file" / "copy"),
                           restore(folder.path / "copy", folder.path / "file" / "new")}) {
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::usage) << done.error().message;
    EXPECT_NE(done.error().message.find("file is no folder"), std::string::npos) << done.error().message;
  }
}

TEST(Store, a_damaged_snapshot_is_refused_and_a_restore_that_was_cut_off_is_done_again) {
  const TestFolder folder;
  auto store = Store::open(test_options(folder.path / "live"), test_keys());
  ASSERT_TRUE(store);
  fill(*store, kAnn, 1, 12);
  ASSERT_TRUE(store->snapshot(folder.path / "copy"));
  for (const auto& entry : std::filesystem::directory_iterator(folder.path / "copy")) {
    const auto name = entry.path().filename();
    if (name != "CURRENT" && name != "anchor" && name.extension() != ".sst") continue;
    const std::filesystem::path damaged = folder.path / "damaged", target = folder.path / "new";
    std::filesystem::remove_all(damaged);
    std::filesystem::copy(folder.path / "copy", damaged);
    if (name.extension() == ".sst") {
      auto content = *read_file(damaged / name);
      content[content.size() / 2] ^= 1;
      ASSERT_TRUE(write_file(damaged / name, content));
    } else {
      std::filesystem::remove(damaged / name);
    }
    const auto done = restore(damaged, target);
    ASSERT_FALSE(done) << name;
    EXPECT_EQ(done.error().code, ErrorCode::bad_input) << name << ": " << done.error().message;
    EXPECT_FALSE(std::filesystem::exists(target)) << name;
  }
  std::filesystem::create_directories(folder.path / "new.partial");
  ASSERT_TRUE(write_file(folder.path / "new.partial" / "CURRENT", std::string_view("cut off")));
  const auto done = restore(folder.path / "copy", folder.path / "new");
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_FALSE(std::filesystem::exists(folder.path / "new.partial"));
  auto again = Store::open(test_options(folder.path / "new"), test_keys());
  ASSERT_TRUE(again) << again.error().message;
  expect_records(*again, kAnn, 9, 12);
}

TEST(Store, an_account_is_found_by_its_number_until_it_is_erased) {
  const TestFolder folder;
  auto store = Store::open(test_options(folder.path), test_keys());
  ASSERT_TRUE(store);
  std::vector<std::uint64_t> numbers;
  for (int i = 0; i < 40; ++i) {
    const AccountName name{"acme", "account" + std::to_string(i)};
    numbers.push_back(store->number(name).value());
    EXPECT_FALSE(store->account_of("acme", numbers.back())->has_value());
    fill(*store, name, 1, 12);
  }
  ASSERT_TRUE(store->erase({"acme", "account7"}));
  for (int i = 0; i < 40; ++i) {
    const auto found = store->account_of("acme", numbers[i]);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(*found, i == 7 ? std::nullopt : std::optional("account" + std::to_string(i)));
  }
  EXPECT_FALSE(store->account_of("bell", numbers[3])->has_value());
  EXPECT_NE(store->number({"bell", "account3"}).value(), numbers[3]);
  EXPECT_FALSE(store->account_of("nobody", numbers[3]));
}

}  // namespace
}  // namespace cms::store
