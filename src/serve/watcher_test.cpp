#include "serve/watcher.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "serve/serve_example.hpp"

namespace cms::serve {
namespace {

// A watcher over the store of a world, with an event log that can be read once it is gone.
class Watched {
 public:
  explicit Watched(const std::string& name, bool scores = false)
      : world(name), log_(Log::to(said_, {}, [] { return 0.0; }).value()) {
    Config config;
    config.event_scores = scores;
    config.event_log = world.folder() / "events.jsonl";
    watcher.emplace(Watcher::start(config, world.store(), world.overrides(), "0123456789ab", world.events, log_,
                                   [this] { return world.policy; }, [this] { return world.now.load(); })
                        .value());
  }

  // Ends the watcher.
  std::vector<Event> events() {
    watcher.reset();
    std::vector<Event> events;
    std::ifstream lines(world.folder() / "events.jsonl");
    for (std::string line; std::getline(lines, line);) {
      events.push_back(parse_event(nlohmann::json::parse(line)).value());
    }
    return events;
  }

  ServeWorld world;

 private:
  std::ostringstream said_;
  Log log_;

 public:
  std::optional<Watcher> watcher;
};

TEST(Watcher, tells_at_once_what_is_shed_and_then_once_a_minute_for_each_tenant) {
  Watched watched("watcher_shed");
  watched.watcher->shed("acme", 3);
  watched.watcher->shed("other", 1);
  watched.world.now = ServeWorld::kNow + 59;
  watched.watcher->shed("acme", 4);
  watched.world.now = ServeWorld::kNow + 61;
  watched.watcher->shed("acme", 5);
  const auto events = watched.events();
  ASSERT_EQ(events.size(), 3U);
  for (const auto& event : events) EXPECT_EQ(event.kind, EventKind::shed);
  EXPECT_EQ(events[1].tenant, "other");
  EXPECT_TRUE(events[0].why.starts_with("3 requests ")) << events[0].why;
  EXPECT_TRUE(events[2].why.starts_with("9 requests ") && events[2].why.ends_with(", 12 since the start"));
}

TEST(Watcher, tells_the_last_that_was_shed_a_minute_after_what_it_told_before_or_at_its_end) {
  Watched watched("watcher_shed_last");
  watched.watcher->tell_shed();
  for (const auto requests : {3U, 4U}) watched.watcher->shed("acme", requests);
  watched.world.now = ServeWorld::kNow + 59;
  watched.watcher->tell_shed();
  watched.world.now = ServeWorld::kNow + 60;
  watched.watcher->tell_shed();
  watched.watcher->tell_shed();
  watched.watcher->shed("acme", 5);
  const auto events = watched.events();
  ASSERT_EQ(events.size(), 3U);
  EXPECT_TRUE(events[1].why.starts_with("4 requests ") && events[1].why.ends_with(", 7 since the start"));
  EXPECT_EQ(events[1].time, ServeWorld::kNow + 60);
  EXPECT_TRUE(events[2].why.starts_with("5 requests ") && events[2].why.ends_with(", 12 since the start"));
}

TEST(Watcher, forgets_an_account_that_could_not_be_erased_and_tells_of_no_erasure) {
  Watched watched("watcher_erasure");
  watched.watcher->forget({"acme", "alice"}, false);
  watched.watcher->forget({"acme", "bob"}, true);
  const auto events = watched.events();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].account, watched.world.store().pseudonym({"acme", "bob"}).value());
}

TEST(Watcher, tells_of_an_account_by_its_pseudonym_and_of_the_daemon_by_none) {
  Watched watched("watcher_tell");
  watched.watcher->tell(EventKind::label, {"acme", "alice"}, "honest, by ann");
  watched.watcher->tell(EventKind::atlas_loaded, {}, "started");
  watched.watcher->forget({"acme", "alice"}, true);
  const auto pseudonym = watched.world.store().pseudonym({"acme", "alice"}).value();
  const auto events = watched.events();
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].account, pseudonym);
  EXPECT_EQ(events[0].why, "honest, by ann");
  EXPECT_EQ(events[1].tenant + events[1].account, "");
  EXPECT_EQ(events[1].atlas, "0123456789ab");
  EXPECT_EQ(events[2].kind, EventKind::erased);
  EXPECT_EQ(events[2].account, pseudonym);
  for (const auto& event : events) EXPECT_EQ(event.name, "");
}

TEST(Watcher, identifiers_of_a_tenant_are_the_same_whatever_others_do_and_no_two_are_the_same) {
  std::set<std::vector<std::string>> seen;
  for (const int others : {0, 5}) {
    Watched watched("watcher_ids");
    watched.watcher->tell(EventKind::label, {"acme", "alice"}, "honest");
    for (int i = 0; i < others; ++i) watched.watcher->tell(EventKind::label, {"other", "bob"}, "honest");
    watched.watcher->tell(EventKind::label, {"acme", "alice"}, "honest");
    std::vector<std::string> of_acme;
    std::set<std::string> all;
    const auto events = watched.events();
    for (const auto& event : events) {
      all.insert(event.id);
      if (event.tenant == "acme") of_acme.push_back(event.id);
    }
    EXPECT_EQ(all.size(), events.size());
    seen.insert(of_acme);
  }
  EXPECT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen.begin()->size(), 2U);
}

TEST(Watcher, identifiers_do_not_tell_how_many_tenants_there_are_or_in_what_order) {
  std::set<std::map<std::string, std::string>> seen;
  for (const bool forth : {false, true}) {
    Watched watched("watcher_series");
    const std::vector<std::string> tenants{forth ? "acme" : "other", forth ? "other" : "acme"};
    for (const auto& tenant : tenants) watched.watcher->tell(EventKind::label, {tenant, "alice"}, "honest");
    std::map<std::string, std::string> ids;
    for (const auto& event : watched.events()) ids[event.tenant] = event.id;
    EXPECT_NE(ids.at("acme"), ids.at("other"));
    seen.insert(ids);
  }
  EXPECT_EQ(seen.size(), 1U);
}

TEST(Watcher, tells_of_scores_that_change_nothing_only_where_every_score_is_wanted) {
  const pipeline::Change clean{{"acme", "alice"}, ServeWorld::kNow, {.computed = true, .requests = 40, .poh = .8}};
  for (const bool wanted : {false, true}) {
    Watched watched("watcher_scores", wanted);
    const std::vector<pipeline::Change> changes{clean, clean};
    watched.watcher->take(changes);
    const auto events = watched.events();
    ASSERT_EQ(events.size(), wanted ? 2U : 0U);
    for (const auto& event : events) {
      EXPECT_EQ(event.kind, EventKind::score);
      EXPECT_EQ(event.poh, .8);
      EXPECT_EQ(event.requests, 40U);
    }
  }
}

}  // namespace
}  // namespace cms::serve
