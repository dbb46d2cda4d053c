#include "serve/event.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "base/random.hpp"
#include "policy/policy.hpp"
#include "serve/event_example.hpp"

namespace cms::serve {
namespace {

Action by_ladder(const Score& score) { return policy::decide(policy::Ladder{}, score); }

pipeline::Change change(double poh, double time, const std::string& account = "anna") {
  pipeline::Change result;
  result.name = {"acme", account};
  result.time = time;
  result.score.computed = true;
  result.score.poh = poh;
  result.score.requests = 100;
  result.score.reasons[0] = 1;
  return result;
}

std::string name_of(std::uint64_t number) { return fmt::format("a{}", number); }

// A watch with its counter, for one account after the other.
struct Watched {
  EventOptions options;
  ActionWatch watch;
  std::uint64_t counter = 0;

  std::optional<Event> operator()(double poh, double time, const std::string& account = "anna") {
    return take(watch, options, change(poh, time, account), "p-" + account, "atlas", by_ladder, counter++);
  }
};

TEST(EventId, has_26_letters_of_the_base_and_sorts_by_time_then_counter) {
  const double times[] = {0, 0.001, 1, 1'700'000'000, 1'700'000'000.001, 4e9};
  const std::uint64_t counters[] = {0, 1, 31, 32, 1ULL << 40, std::numeric_limits<std::uint64_t>::max()};
  std::string last;
  for (const double time : times) {
    for (const auto counter : counters) {
      const auto id = event_id(time, counter);
      EXPECT_EQ(id.size(), 26U);
      EXPECT_EQ(id.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ"), std::string::npos);
      EXPECT_LT(last, id);
      EXPECT_EQ(id, event_id(time, counter));
      last = id;
    }
  }
}

TEST(EventId, begins_with_the_milliseconds_as_a_ulid_does) {
  // 1469918176385 ms is the example of the ULID specification.
  EXPECT_EQ(event_id(1469918176.385, 0), "01ARYZ6S41" "0000000000000000");
}

TEST(EventId, has_the_series_before_the_counter_and_no_two_are_the_same) {
  // Python: the number (series << 64 | counter) in base 32, 16 digits of 0123456789ABCDEFGHJKMNPQRSTVWXYZ.
  EXPECT_EQ(event_id(1469918176.385, 7, 1), "01ARYZ6S41" "000G000000000007");
  EXPECT_EQ(event_id(1469918176.385, 0x8000000000000001, 0xABCD), "01ARYZ6S41" "NF6R000000000001");
  const auto most = std::numeric_limits<std::uint64_t>::max();
  const std::uint16_t some[] = {0, 1, 31, 32, 1000, 65'534};
  for (const auto series : some) {
    EXPECT_LT(event_id(5, most, series), event_id(5, 0, static_cast<std::uint16_t>(series + 1)));
  }
}

TEST(EventId, any_number_is_a_time) {
  for (const double time : {-1.0, std::nan(""), HUGE_VAL, -HUGE_VAL, 1e300}) EXPECT_EQ(event_id(time, 1).size(), 26U);
}

TEST(EventId, counters_of_a_later_run_are_none_of_an_earlier_one) {
  const auto first = first_counter(1'700'000'000);
  const std::uint64_t events_of_an_hour = 3600ULL * 1'000'000;
  EXPECT_GT(first_counter(1'700'003'600), first + events_of_an_hour);
  EXPECT_EQ(first_counter(std::nan("")), 0U);
}

TEST(Event, an_action_that_stays_makes_no_event) {
  Watched watched;
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(watched(0.5, i));
  EXPECT_TRUE(watched(0.009, 100));
  for (int i = 101; i < 200; ++i) EXPECT_FALSE(watched(0.008, i));
}

TEST(Event, a_harsher_action_is_told_at_once_with_what_led_to_it) {
  Watched watched;
  const auto event = watched(0.004, 1000);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->kind, EventKind::action_changed);
  EXPECT_EQ(event->before, Action::allow);
  EXPECT_EQ(event->action, Action::limit);
  EXPECT_EQ(event->poh, 0.004);
  EXPECT_EQ(event->tenant, "acme");
  EXPECT_EQ(event->account, "p-anna");
  EXPECT_EQ(event->requests, 100U);
  EXPECT_EQ(event->reasons.size(), 1U);
  const auto next = watched(0.0005, 1001);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->before, Action::limit);
  EXPECT_EQ(next->action, Action::review);
}

TEST(Event, a_milder_action_waits_for_the_factor_and_for_the_time) {
  Watched watched;
  ASSERT_TRUE(watched(0.009, 1000));
  EXPECT_FALSE(watched(0.5, 1299));    // far away, but too soon
  EXPECT_FALSE(watched(0.014, 2000));  // long ago, but within the factor
  const auto event = watched(0.016, 2001);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->before, Action::limit);
  EXPECT_EQ(event->action, Action::price);
}

TEST(Event, a_score_that_wavers_within_the_factor_round_any_threshold_makes_one_event) {
  Random random(1);
  for (const double threshold : {0.10, 0.05, 0.01, 0.001}) {
    Watched watched;
    EXPECT_TRUE(watched(threshold, 0));
    int raw_changes = 0;
    auto raw = by_ladder(change(threshold, 0).score);
    for (int i = 1; i < 10'000; ++i) {
      const double poh = threshold * (0.83 + 0.65 * random.uniform());
      EXPECT_FALSE(watched(poh, i * 60.0)) << poh;
      const auto now = by_ladder(change(poh, 0).score);
      if (now != raw) ++raw_changes;
      raw = now;
    }
    EXPECT_GT(raw_changes, 1'000);
  }
}

// PoH that moves by chance, in small steps and in leaps.
double walked(Random& random, double poh) {
  if (random.uniform() < 0.1) return std::pow(10, -4 * random.uniform());
  return std::min(1.0, poh * std::exp(0.4 * random.normal()));
}

TEST(Event, whatever_the_score_does_an_account_makes_at_most_five_events_in_the_hold_time) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Random random(seed);
    Watched watched;
    std::vector<double> times;
    double time = 0, poh = 1;
    for (int i = 0; i < 5'000; ++i) {
      time += 20 * random.uniform();
      poh = walked(random, poh);
      if (watched(poh, time)) times.push_back(time);
    }
    ASSERT_GT(times.size(), 100U);
    for (std::size_t i = 5; i < times.size(); ++i) EXPECT_GT(times[i] - times[i - 5], watched.options.hold_s);
  }
}

TEST(Event, what_is_announced_is_never_milder_than_the_policy_and_follows_it_in_the_end) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Random random(seed);
    Watched watched;
    auto announced = Action::allow;
    double poh = 1;
    for (int i = 0; i < 2'000; ++i) {
      poh = walked(random, poh);
      const auto event = watched(poh, i * 10.0);
      if (event) {
        EXPECT_EQ(event->before, announced);
        EXPECT_NE(event->action, announced);
        announced = *event->action;
      }
      EXPECT_GE(announced, by_ladder(change(poh, 0).score));
    }
    for (const double settled : {1.0, 0.03, 0.005, 0.0001, 0.07}) {
      watched(settled, 1e6 + settled);
      const auto event = watched(settled, 2e6 + settled);
      if (event) announced = *event->action;
    }
    EXPECT_EQ(watched(1.0, 3e6)->action, Action::allow);
    EXPECT_TRUE(watched.watch.accounts.empty());
  }
}

TEST(Event, accounts_do_not_touch_one_another) {
  Random random(3);
  Watched together;
  std::map<std::string, Watched> apart;
  double poh = 1;
  for (int i = 0; i < 5'000; ++i) {
    const auto account = name_of(random.below(7));
    poh = walked(random, poh);
    auto one = together(poh, i, account), other = apart[account](poh, i, account);
    ASSERT_EQ(one.has_value(), other.has_value());
    if (one) {
      one->id = other->id;
      EXPECT_EQ(*one, *other);
    }
  }
}

TEST(Event, a_watch_that_recalls_the_events_goes_on_as_the_one_that_made_them) {
  Random random(4);
  Watched watched;
  Watched again;
  double poh = 1;
  for (int i = 0; i < 3'000; ++i) {
    const auto account = name_of(random.below(20));
    poh = walked(random, poh);
    if (const auto event = watched(poh, i, account)) recall(again.watch, *event, again.options);
    if (i % 100 == 0) {
      const auto erased = name_of(random.below(20));
      forget(watched.watch, "acme", "p-" + erased);
      Event event;
      event.kind = EventKind::erased;
      event.tenant = "acme";
      event.account = "p-" + erased;
      recall(again.watch, event, again.options);
    }
  }
  ASSERT_FALSE(watched.watch.accounts.empty());
  ASSERT_EQ(again.watch.accounts.size(), watched.watch.accounts.size());
  for (const auto& [key, announced] : watched.watch.accounts) {
    EXPECT_EQ(again.watch.accounts[key].action, announced.action);
    EXPECT_EQ(again.watch.accounts[key].time, announced.time);
  }
}

TEST(Event, the_watch_is_bounded_and_forgets_what_changed_longest_ago) {
  Watched watched;
  watched.options.accounts_max = 10;
  for (unsigned i = 0; i < 1'000; ++i) {
    watched(0.005, i, name_of(i));
    EXPECT_LE(watched.watch.accounts.size(), 10U);
  }
  EXPECT_FALSE(watched(0.005, 1'000, "a999"));
  EXPECT_TRUE(watched(0.005, 1'000, "a1"));
  Watched at_once;
  at_once.options.accounts_max = 10;
  for (unsigned i = 0; i < 100; ++i) at_once(0.005, 5, name_of(i));
  EXPECT_LE(at_once.watch.accounts.size(), 10U);
}

TEST(Event, the_name_is_there_only_where_it_was_asked_for) {
  Watched watched;
  const auto event = take(watched.watch, watched.options, change(0.005, 1, "anna"), "0f", "atlas", by_ladder, 1);
  EXPECT_EQ(event_line(*event).find("anna"), std::string::npos);
  watched.options.names = true;
  EXPECT_EQ(watched(0.005, 1, "berta")->name, "berta");
}

TEST(Event, every_score_makes_an_event_where_that_was_asked_for) {
  Watched watched;
  watched.options.scores = true;
  EXPECT_EQ(watched(0.5, 1)->kind, EventKind::score);
  EXPECT_EQ(watched(0.005, 2)->kind, EventKind::action_changed);
  EXPECT_EQ(watched(0.005, 3)->kind, EventKind::score);
}

TEST(Event, a_line_is_exactly_these_bytes) {
  EXPECT_EQ(event_line(example_event()),
            R"({"id":"01HF7YAT7T0000000000000007","time":1700000000.25,"kind":"action_changed","tenant":"acme",)"
            R"("account":"0123456789abcdef","poh":0.004,"before":"observe","action":"limit",)"
            R"("reasons":[{"channel":"breadth","share":0.75},{"channel":"mixture","share":0.25}],)"
            R"("requests":212,"atlas":"0123456789ab","why":null})" "\n");
}

TEST(Event, what_is_parsed_is_what_was_written_for_every_kind) {
  for (int kind = 0; kind <= static_cast<int>(EventKind::campaign); ++kind) {
    auto event = example_event();
    event.kind = static_cast<EventKind>(kind);
    event.why = "two\nlines, \"quoted\" and \xC3\xA4";
    event.name = "anna";
    const auto parsed = parse_event(nlohmann::json::parse(event_line(event)));
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(*parsed, event);
  }
  for (const auto change : {fleet::CampaignChange::flagged, fleet::CampaignChange::grown,
                            fleet::CampaignChange::released}) {
    auto event = bare_event();
    event.campaign = Event::Campaign{"0123456789abcdef", change, 24'000};
    const auto parsed = parse_event(nlohmann::json::parse(event_line(event)));
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(*parsed, event);
  }
  const auto bare = parse_event(nlohmann::json::parse(event_line(bare_event())));
  ASSERT_TRUE(bare);
  EXPECT_EQ(*bare, bare_event());
}

TEST(Event, a_wrong_value_of_any_key_is_an_error_that_names_the_key) {
  const auto good = nlohmann::json::parse(event_line(example_event()));
  for (const auto& [key, value] : std::vector<std::pair<std::string, nlohmann::json>>{
           {"id", "short"}, {"id", 3}, {"time", "now"}, {"time", nullptr}, {"kind", "made_up"}, {"kind", 1},
           {"tenant", 1}, {"account", true}, {"poh", 1.5}, {"poh", "low"}, {"before", "block"}, {"action", 4},
           {"reasons", "none"}, {"reasons", {{{"channel", "luck"}, {"share", 1}}}}, {"reasons", {1}},
           {"requests", -1}, {"requests", 1.5}, {"atlas", 1}, {"why", {1}}, {"campaign", 7},
           {"campaign", {{"id", "0"}, {"change", "grown"}}}}) {
    auto object = good;
    object[key] = value;
    const auto parsed = parse_event(object);
    ASSERT_FALSE(parsed) << key << value;
    EXPECT_EQ(parsed.error().code, ErrorCode::bad_input);
    EXPECT_NE(parsed.error().message.find('"' + key + '"'), std::string::npos) << parsed.error().message;
  }
  EXPECT_FALSE(parse_event(nlohmann::json::array()));
}

}  // namespace
}  // namespace cms::serve
