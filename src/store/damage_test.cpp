// What a store says of damage, and what of it may be read by who has the disk and no key.
// CMS_STORE_FLIPS=N flips N bits (the default is 150).
#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/write_batch.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <optional>

#include "base/files.hpp"
#include "store/injecting_env.hpp"
#include "store/rows.hpp"
#include "store/store_example.hpp"

namespace cms::store {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kSteps = 5;

// Everything that can be read, in one order. Errors: the first.
Result<std::string> everything(const Store& store) {
  std::string text;
  const auto append = [&text](const auto& value) { text.append(reinterpret_cast<const char*>(&value), sizeof value); };
  for (const char* tenant : {"acme", "bell"}) {
    CMS_TRY(page, store.list(tenant, "", 1000));
    if (page.passed_over > 0) return fail(ErrorCode::bad_input, page.why);
    for (const auto& listed : page.accounts) {
      if (listed.unread) return tl::make_unexpected(*listed.unread);
      text += listed.account;
      append(listed.time);
      append(listed.records);
    }
    for (int i = 0; i < 12; ++i) {
      const AccountName name{tenant, "a" + std::to_string(i)};
      CMS_TRY(records, store.load(name));
      for (const auto& record : records) {
        append(record.number);
        append(record.time);
        text.append(record.content.begin(), record.content.end());
      }
      CMS_TRY(document, store.document(name, "labels"));
      text += document.value_or("none");
    }
  }
  CMS_TRY(positions, store.positions());
  for (const auto& position : positions) {
    text += position.producer;
    append(position.sequence);
  }
  CMS_TRY(entries, store.audit("", 0, 100));
  for (const auto& entry : entries) text += entry.hash;
  CMS_CHECK(store.verify_audit());
  return text;
}

Result<void> commit_round(Store& store, std::uint64_t number) {
  std::vector<Write> writes;
  for (const char* tenant : {"acme", "bell"}) {
    for (int i = 0; i < 12; ++i) {
      const AccountName name{tenant, "a" + std::to_string(i)};
      writes.push_back({name, test_record(name, number, number % kSteps == 0)});
    }
  }
  const Position position{"acme", "engine", 1, number};
  return store.commit(writes, {&position, 1});
}

// A closed store with table files at two levels and a log that holds the last commits.
void make_store(const fs::path& path) {
  for (std::uint64_t number = 1; number <= 17; ++number) {
    auto store = Store::open(test_options(path), test_keys());
    ASSERT_TRUE(store);
    for (const std::uint64_t last = number + 3; number < last; ++number) ASSERT_TRUE(commit_round(*store, number));
    ASSERT_TRUE(commit_round(*store, number));
    ASSERT_TRUE(store->put_document({"acme", "a3"}, "labels", "[" + std::to_string(number) + "]"));
    ASSERT_TRUE(store->append_audit({.number = 0, .time = 1, .tenant = "acme", .actor = "ops", .action = "label",
                                     .detail = "", .hash = ""}));
  }
}

std::vector<fs::path> files_of(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

bool holds(const fs::path& folder, std::string_view text) {
  for (const auto& path : files_of(folder)) {
    const auto content = read_file(path);
    if (!content) continue;
    if (std::string_view(reinterpret_cast<const char*>(content->data()), content->size()).find(text) !=
        std::string_view::npos) {
      return true;
    }
  }
  return false;
}

std::string_view text_of(const Bytes& bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

std::uint64_t flips() {
  const char* const text = std::getenv("CMS_STORE_FLIPS");
  return text == nullptr ? 150 : std::strtoull(text, nullptr, 10);
}

TEST(Damage, a_flipped_bit_in_any_file_is_told_or_changes_nothing) {
  const TestFolder folder;
  make_store(folder.path / "store");
  const auto sound = [&] {
    fs::copy(folder.path / "store", folder.path / "sound");
    const auto store = Store::open(test_options(folder.path / "sound"), test_keys());
    return *everything(*store);
  }();
  auto files = files_of(folder.path / "store");
  std::erase_if(files, [](const fs::path& path) { return fs::file_size(path) == 0; });  // nothing to flip
  Random random(7);
  // By kind of file: refused, told when read, told by verify() alone, changes nothing.
  std::map<std::string, std::array<int, 4>> outcomes;
  for (std::uint64_t flip = 0; flip < flips(); ++flip) {
    const fs::path damaged = folder.path / "damaged";
    fs::remove_all(damaged);
    fs::copy(folder.path / "store", damaged);
    const fs::path file = damaged / files[random.below(files.size())].filename();
    auto content = *read_file(file);
    const std::uint64_t bit = random.below(content.size() * 8);
    content[bit / 8] = static_cast<std::uint8_t>(content[bit / 8] ^ (1 << bit % 8));
    std::ofstream(file, std::ios::binary) << text_of(content);
    // Syncs are not done, for speed.
    const auto environment = rocksdb::NewCompositeEnv(std::make_shared<InjectingFiles>());
    auto options = test_options(damaged);
    options.environment = environment.get();
    const auto store = Store::open(options, test_keys());
    // Logs of RocksDB's own end in a time.
    const bool extension = file.has_extension() && file.filename().string()[0] != 'L';
    const auto kind = extension ? file.extension().string() : file.filename().string().substr(0, 8);
    if (!store) {
      EXPECT_EQ(store.error().code, ErrorCode::bad_input) << file << " bit " << bit << ": " << store.error().message;
      ++outcomes[kind][0];
      continue;
    }
    const auto found = everything(*store);
    EXPECT_TRUE(found ? *found == sound : found.error().code == ErrorCode::bad_input)
        << file << " bit " << bit << ": " << (found ? "other content" : found.error().message);
    const auto whole = store->verify();
    EXPECT_TRUE(whole || whole.error().code == ErrorCode::bad_input) << file << " bit " << bit;
    ++outcomes[kind][!found ? 1 : !whole ? 2 : 3];
  }
  for (const auto& [kind, counts] : outcomes) {
    const bool matters = kind == ".sst" || kind == ".log" || kind == "CURRENT" || kind == "MANIFEST";
    EXPECT_FALSE(matters && counts[3] > 0) << counts[3] << " flips in " << kind << " are told by nothing";
    RecordProperty(kind, std::to_string(counts[0]) + " refused, " + std::to_string(counts[1]) + " told, " +
                             std::to_string(counts[2]) + " told by verify, " + std::to_string(counts[3]) +
                             " harmless");
  }
}

TEST(Damage, an_acknowledged_end_of_the_log_that_is_gone_is_told) {
  const TestFolder folder;
  make_store(folder.path / "store");
  for (const auto& path : files_of(folder.path / "store")) {
    if (path.extension() != ".log" || fs::file_size(path) == 0) continue;
    fs::resize_file(path, fs::file_size(path) - 1);
  }
  const auto store = Store::open(test_options(folder.path / "store"), test_keys());
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::bad_input);
  EXPECT_NE(store.error().message.find("was acknowledged"), std::string::npos) << store.error().message;
  // What the message says to do works.
  fs::remove(folder.path / "store" / "anchor");
  EXPECT_TRUE(Store::open(test_options(folder.path / "store"), test_keys()));
}

TEST(Damage, a_missing_file_is_told) {
  const TestFolder folder;
  make_store(folder.path / "store");
  for (const auto& path : files_of(folder.path / "store")) {
    const bool needed = path.extension() == ".sst" || path.extension() == ".log" || path.filename() == "CURRENT" ||
                        path.filename().string().starts_with("MANIFEST");
    if (!needed || fs::file_size(path) == 0) continue;
    fs::remove_all(folder.path / "less");
    fs::copy(folder.path / "store", folder.path / "less");
    fs::remove(folder.path / "less" / path.filename());
    const auto store = Store::open(test_options(folder.path / "less"), test_keys());
    ASSERT_FALSE(store) << path;
    EXPECT_EQ(store.error().code, ErrorCode::bad_input) << store.error().message;
  }
}

// Somebody who has the disk and knows RocksDB, so that no checksum tells: the chain has to.
TEST(Damage, an_audit_log_that_somebody_rewrote_is_told) {
  const TestFolder folder;
  make_store(folder.path / "store");
  std::vector<AuditEntry> entries;
  {
    const auto store = Store::open(test_options(folder.path / "store"), test_keys());
    entries = *store->audit("", 0, 100);
  }
  ASSERT_GE(entries.size(), 4u);
  const auto row = [](std::uint64_t number) { return numbered_row(Table::audit, number); };
  auto another = entries[1];
  another.detail = "nothing of note";
  auto with_its_hash = another;
  with_its_hash.hash = audit_hash(another, entries[0].hash);
  const std::map<std::string, std::function<void(rocksdb::WriteBatch&)>> changes = {
      {"rewritten", [&](auto& batch) { batch.Put(row(2), encode_audit(another)); }},
      {"rewritten with a hash that fits it", [&](auto& batch) { batch.Put(row(2), encode_audit(with_its_hash)); }},
      {"removed", [&](auto& batch) { batch.Delete(row(2)); }},
      {"the first removed", [&](auto& batch) { batch.Delete(row(1)); }},
      {"exchanged",
       [&](auto& batch) {
         batch.Put(row(2), encode_audit(entries[2]));
         batch.Put(row(3), encode_audit(entries[1]));
       }},
      {"none", [](auto&) {}},
  };
  for (const auto& [what, change] : changes) {
    fs::remove_all(folder.path / "changed");
    fs::copy(folder.path / "store", folder.path / "changed");
    {
      rocksdb::Options set;
      set.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();
      rocksdb::DB* opened = nullptr;
      ASSERT_TRUE(rocksdb::DB::Open(set, folder.path / "changed", &opened).ok());
      const std::unique_ptr<rocksdb::DB> database(opened);
      rocksdb::WriteBatch batch;
      change(batch);
      ASSERT_TRUE(database->Write({}, &batch).ok());
    }
    const auto store = Store::open(test_options(folder.path / "changed"), test_keys());
    ASSERT_TRUE(store) << what << ": " << store.error().message;
    const auto verified = store->verify_audit();
    EXPECT_EQ(verified.has_value(), what == "none") << what;
    EXPECT_TRUE(verified || verified.error().code == ErrorCode::bad_input) << what;
  }
}

TEST(Damage, an_idle_account_that_cannot_be_read_stays_and_keeps_none_of_the_others) {
  const TestFolder folder;
  make_store(folder.path / "store");
  {
    rocksdb::Options set;
    set.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();
    rocksdb::DB* opened = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(set, folder.path / "store", &opened).ok());
    const std::unique_ptr<rocksdb::DB> database(opened);
    const auto prefix = account_prefix(make_tenant("acme", test_key(1)), "a3");
    const std::unique_ptr<rocksdb::Iterator> last(database->NewIterator({}));
    last->SeekForPrev(part_row(prefix, Part::document));
    ASSERT_TRUE(last->Valid() && last->key().starts_with(prefix));
    ASSERT_TRUE(database->Put({}, last->key(), "").ok());
  }
  auto store = Store::open(test_options(folder.path / "store"), test_keys());
  ASSERT_TRUE(store) << store.error().message;
  const auto damaged = store->is_idle({"acme", "a3"}, 1e9);
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().code, ErrorCode::bad_input);
  const std::vector<std::string> named{"a2", "a3", "a4"};
  std::vector<std::string> erased;
  const auto done = store->erase_idle("acme", named, 1e9, erased);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(erased, (std::vector<std::string>{"a2", "a4"}));
  EXPECT_TRUE(*store->erase({"acme", "a3"}));  // by name it can go
}

TEST(Damage, names_and_contents_are_nowhere_in_the_clear) {
  const TestFolder folder;
  const AccountName name{"acme", "canary.account@example.org"};
  const std::string canary = "a canary in a record, long enough to be found";
  {
    auto store = Store::open(test_options(folder.path / "store"), test_keys());
    ASSERT_TRUE(store);
    for (std::uint64_t number = 1; number <= 20; ++number) {
      Write write{name, {.number = number, .whole = number % 5 == 0, .time = 1, .content = {}}};
      write.record.content.assign(canary.begin(), canary.end());
      ASSERT_TRUE(store->commit({&write, 1}, {}));
    }
    ASSERT_TRUE(store->put_document(name, "labels", "a canary in a document"));
    ASSERT_TRUE(store->put_tenant_document(name.tenant, "campaigns", "a canary in a document of a tenant"));
    ASSERT_TRUE(store->snapshot(folder.path / "copy"));
  }
  { auto store = Store::open(test_options(folder.path / "store"), test_keys()); }
  EXPECT_FALSE(holds(folder.path, "canary.account"));
  EXPECT_FALSE(holds(folder.path, "canary in a record"));
  EXPECT_FALSE(holds(folder.path, "canary in a document"));
  for (const auto& [tenant, key] : test_keys()) {
    EXPECT_FALSE(holds(folder.path, {reinterpret_cast<const char*>(key.bytes.data()), 16}));
  }
  // The search finds what is there.
  ASSERT_TRUE(write_file(folder.path / "store" / "note", std::string_view("x canary in a record y")));
  EXPECT_TRUE(holds(folder.path, "canary in a record"));
}

// The bytes that an account's rows have on disk, found by taking all but the account's own from a copy of the folder:
// ciphertexts cannot be known beforehand, so they are read from the files before the erasure.
TEST(Damage, an_erased_account_s_bytes_are_in_no_file) {
  const TestFolder folder;
  auto store = Store::open(test_options(folder.path / "store"), test_keys());
  ASSERT_TRUE(store);
  const AccountName name{"acme", "ann"};
  std::vector<Bytes> pieces;
  const auto log = [&] {
    for (const auto& path : files_of(folder.path / "store")) {
      if (path.extension() == ".log" && fs::file_size(path) > 0) return *read_file(path);
    }
    return Bytes{};
  };
  // What a commit of this account alone adds to the log is its rows: 64 bytes of the middle are ciphertext.
  for (std::uint64_t number = 1; number <= 12; ++number) {
    const std::size_t before = log().size();
    const Write write{name, test_record(name, number, number % 6 == 0, 1000)};
    ASSERT_TRUE(store->commit({&write, 1}, {}));
    const Bytes now = log();
    ASSERT_GT(now.size(), before + 900);
    pieces.emplace_back(now.end() - 300, now.end() - 236);
    for (int other = 0; other < 20; ++other) {
      const AccountName who{"acme", "other" + std::to_string(other)};
      const Write theirs{who, test_record(who, number, number % 6 == 0)};
      ASSERT_TRUE(store->commit({&theirs, 1}, {}));
    }
    if (number == 4) {
      // Some of it lies in table files.
      store = fail(ErrorCode::failed, "closed");
      store = Store::open(test_options(folder.path / "store"), test_keys());
      ASSERT_TRUE(store);
    }
  }
  for (const auto& piece : pieces) EXPECT_TRUE(holds(folder.path, text_of(piece)) || &piece < &pieces[5]);
  ASSERT_TRUE(*store->erase(name));
  ASSERT_TRUE(store->compact_erased());
  for (const auto& piece : pieces) EXPECT_FALSE(holds(folder.path, text_of(piece)));
  for (int other = 0; other < 20; ++other) {
    EXPECT_EQ(store->load({"acme", "other" + std::to_string(other)})->size(), 1u);
  }
}

}  // namespace
}  // namespace cms::store
