// A store that version 1 wrote must open for ever. tests/golden/store-v1 was made by this test, with CMS_STORE_GOLDEN
// set to that folder; it is never made again.
#include <gtest/gtest.h>

#include <cstdlib>

#include "store/store_example.hpp"

namespace cms::store {
namespace {

namespace fs = std::filesystem;

const AccountName kAnn{"acme", "ann"};
const AccountName kBob{"bell", "bob"};

void make_golden(const fs::path& folder) {
  for (const auto& [first, last] : {std::pair{1, 7}, std::pair{8, 9}}) {
    auto store = Store::open(test_options(folder), test_keys());
    ASSERT_TRUE(store) << store.error().message;
    for (int number = first; number <= last; ++number) {
      std::vector<Write> writes;
      for (const auto& name : {kAnn, kBob}) {
        const auto each = static_cast<std::uint64_t>(number);
        writes.push_back({name, test_record(name, each, each % 4 == 0, 40)});
      }
      const Position position{"acme", "engine", 2, static_cast<std::uint64_t>(number)};
      ASSERT_TRUE(store->commit(writes, {&position, 1}));
    }
    ASSERT_TRUE(store->put_document(kAnn, "labels", "{\"is\":\"honest\"}"));
    ASSERT_TRUE(store->append_audit({.number = 0, .time = 12.5, .tenant = "acme", .actor = "ops", .action = "label",
                                     .detail = "{}", .hash = ""}));
  }
}

TEST(Golden, a_store_of_version_1_opens_and_is_what_it_was) {
  if (const char* place = std::getenv("CMS_STORE_GOLDEN")) make_golden(place);
  const char* const source = std::getenv("CMS_SOURCE_DIR");
  if (source == nullptr) GTEST_SKIP() << "CMS_SOURCE_DIR is not set";
  const TestFolder folder;
  fs::copy(fs::path(source) / "tests" / "golden" / "store-v1", folder.path / "store");
  const auto store = Store::open(test_options(folder.path / "store"), test_keys());
  ASSERT_TRUE(store) << store.error().message;
  for (const auto& name : {kAnn, kBob}) {
    const auto records = store->load(name);
    ASSERT_TRUE(records) << records.error().message;
    ASSERT_EQ(records->size(), 2u);
    EXPECT_TRUE(same((*records)[0], test_record(name, 8, true, 40)));
    EXPECT_TRUE(same((*records)[1], test_record(name, 9, false, 40)));
  }
  const auto positions = store->positions();
  ASSERT_TRUE(positions);
  ASSERT_EQ(positions->size(), 1u);
  EXPECT_EQ(positions->front().producer, "engine");
  EXPECT_EQ(positions->front().epoch, 2u);
  EXPECT_EQ(positions->front().sequence, 9u);
  EXPECT_EQ(**store->document(kAnn, "labels"), "{\"is\":\"honest\"}");
  const auto entries = store->audit("", 0, 10);
  ASSERT_EQ(entries->size(), 2u);
  // The hash of an entry is of the format too.
  EXPECT_EQ(entries->back().hash, "d94957f017ca6dc1d0b647ed6207bfbe522f450384bdc88d401d42b0b11e4ea0");
  EXPECT_EQ(*store->verify_audit(), 2u);
  EXPECT_EQ(*store->pseudonym(kAnn), "16f24e91aed10778");
  EXPECT_EQ(*store->verify(), 4u);
}

}  // namespace
}  // namespace cms::store
