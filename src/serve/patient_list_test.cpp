#include "serve/patient_list.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "store/spoilt_example.hpp"

namespace cms::serve {
namespace {

using Clock = std::chrono::steady_clock;

// A store that gives none of acme's accounts after `cursor`: the first may begin in another tenant's block.
struct Unread {
  store::SpoiltStore world;
  std::string cursor;

  Unread() {
    world.spoil("", false);
    if (const auto page = world.store->list("acme", "", 5)) cursor = page->cursor;
  }
  Result<store::Store::Page> list(const std::stop_token& stop, int tries) const {
    return list_patiently(*world.store, "acme", cursor, 5, stop, tries);
  }
};

TEST(PatientList, asks_again_until_the_disk_gives_the_page_or_it_has_asked_often_enough) {
  Unread unread;
  const auto began = Clock::now();
  const auto failed = unread.list({}, 2);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::failed);
  EXPECT_GE(Clock::now() - began, std::chrono::seconds(1));
  EXPECT_FALSE(unread.list({}, 1));
  const std::jthread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    unread.world.files->mend();
  });
  const auto page = unread.list({}, 30);
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ(page->accounts.size(), 5U);
}

TEST(PatientList, waits_no_more_when_it_is_told_to_stop) {
  Unread unread;
  std::stop_source stop;
  EXPECT_TRUE(rest(stop.get_token(), std::chrono::milliseconds(1)));
  const auto began = Clock::now();
  const std::jthread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    stop.request_stop();
  });
  EXPECT_FALSE(rest(stop.get_token(), std::chrono::seconds(100)));
  EXPECT_FALSE(unread.list(stop.get_token(), 100));
  EXPECT_LT(Clock::now() - began, std::chrono::seconds(50));
}

}  // namespace
}  // namespace cms::serve
