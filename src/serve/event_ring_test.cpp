#include "serve/event_ring.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

namespace cms::serve {
namespace {

TEST(event_ring, a_reader_gets_what_comes_after_it_and_of_its_tenant) {
  EventRing ring({.events_max = 10, .subscribers_max = 4, .run = 3});
  ring.publish("a", "score", "1");
  const auto reader = ring.subscribe("a", "");
  EXPECT_EQ(reader->next().text, "");
  ring.publish("b", "score", "2");
  ring.publish("a", "score", "3");
  EXPECT_EQ(reader->next().text, "id: 3-2\nevent: score\ndata: 3\n\n");
  EXPECT_EQ(reader->next().text, "");
}

TEST(event_ring, who_comes_back_goes_on_where_it_was_or_is_told_what_is_lost) {
  EventRing ring({.events_max = 3, .subscribers_max = 40, .run = 3});
  for (int i = 1; i <= 5; ++i) ring.publish("a", "k", std::to_string(i));
  EXPECT_EQ(ring.subscribe("", "3-4")->next().text, "id: 3-5\nevent: k\ndata: 5\n\n");
  EXPECT_EQ(ring.subscribe("", "3-5")->next().text, "");
  const std::string lost = "event: lost\ndata: {}\n\nid: 3-3\n";
  EXPECT_FALSE(ring.subscribe("", "3-2")->next().text.starts_with(lost));
  for (const auto* gone : {"3-1", "2-4", "3-6", "3-", "3-4x", "x"}) {
    EXPECT_TRUE(ring.subscribe("", gone)->next().text.starts_with(lost)) << gone;
  }
}

TEST(event_ring, identifiers_that_a_tenant_is_given_are_the_same_whatever_others_do) {
  const auto read = [](std::size_t others) {
    EventRing ring({.events_max = 100, .subscribers_max = 4, .run = 3});
    const auto reader = ring.subscribe("a", "");
    for (int i = 0; i < 4; ++i) {
      for (std::size_t other = 0; other < others; ++other) ring.publish(other % 2 == 0 ? "b" : "", "k", "0");
      ring.publish("a", "k", std::to_string(i));
    }
    return reader->next().text + ring.subscribe("a", "3-2")->next().text;
  };
  EXPECT_EQ(read(0), read(7));
  EXPECT_TRUE(read(7).ends_with("id: 3-3\nevent: k\ndata: 2\n\nid: 3-4\nevent: k\ndata: 3\n\n")) << read(7);
}

TEST(event_ring, who_comes_back_to_one_tenant_misses_none_of_its_events_untold) {
  EventRing ring({.events_max = 6, .subscribers_max = 4, .run = 3});
  const std::string lost = "event: lost\ndata: {}\n\n";
  EXPECT_EQ(ring.subscribe("a", "3-0")->next().text, "");  // nothing was there, so nothing is gone
  EXPECT_EQ(ring.subscribe("a", "3-1")->next().text, lost);
  for (int i = 1; i <= 6; ++i) ring.publish(i % 2 == 0 ? "b" : "a", "k", std::to_string(i));  // a: 1, 3, 5
  const std::string third = "id: 3-3\nevent: k\ndata: 5\n\n", second = "id: 3-2\nevent: k\ndata: 3\n\n";
  EXPECT_EQ(ring.subscribe("a", "3-2")->next().text, third);
  for (int i = 0; i < 2; ++i) ring.publish("b", "k", "0");  // the first of a goes
  EXPECT_EQ(ring.subscribe("a", "3-1")->next().text, second + third);
  EXPECT_EQ(ring.subscribe("a", "3-0")->next().text, lost + second + third);
  for (int i = 0; i < 6; ++i) ring.publish("b", "k", "0");  // and all others
  EXPECT_EQ(ring.subscribe("a", "3-3")->next().text, "");
  EXPECT_EQ(ring.subscribe("a", "3-2")->next().text, lost);
  EXPECT_EQ(ring.subscribe("a", "3-4")->next().text, lost);
}

TEST(event_ring, a_reader_who_falls_behind_by_the_ring_is_cut_off_and_counted) {
  EventRing ring({.events_max = 3, .subscribers_max = 4});
  const auto reader = ring.subscribe("", "");
  for (int i = 0; i < 3; ++i) ring.publish("a", "k", "{}");
  EXPECT_FALSE(reader->next().ended);
  for (int i = 0; i < 4; ++i) ring.publish("a", "k", "{}");
  EXPECT_TRUE(reader->next().ended);
  EXPECT_EQ(ring.counters().cut_off, 1U);
}

TEST(event_ring, readers_are_bounded_and_make_room_when_they_go) {
  EventRing ring({.subscribers_max = 1});
  auto reader = ring.subscribe("", "");
  EXPECT_EQ(ring.subscribe("", ""), nullptr);
  reader.reset();
  EXPECT_NE(ring.subscribe("", ""), nullptr);
  ring.close();
  EXPECT_EQ(ring.subscribe("", ""), nullptr);
}

TEST(event_ring, readers_of_one_tenant_leave_half_of_the_places_to_others) {
  EventRing ring({.subscribers_max = 6});
  std::vector<std::unique_ptr<EventRing::Subscription>> readers;
  for (int i = 0; i < 3; ++i) readers.push_back(ring.subscribe("a", ""));
  EXPECT_NE(readers.back(), nullptr);
  EXPECT_EQ(ring.subscribe("a", ""), nullptr);
  for (const auto* others : {"b", "", ""}) readers.push_back(ring.subscribe(others, ""));
  for (const auto& reader : readers) EXPECT_NE(reader, nullptr);
  EXPECT_EQ(ring.subscribe("", ""), nullptr);
  readers.erase(readers.begin());
  EXPECT_NE(ring.subscribe("a", ""), nullptr);
}

TEST(event_ring, what_comes_after_it_was_closed_is_counted_and_a_reader_ends_with_what_came_before) {
  EventRing ring({.events_max = 3, .subscribers_max = 4, .run = 3});
  const auto reader = ring.subscribe("", "");
  ring.publish("a", "k", "1");
  ring.close();
  ring.publish("a", "k", "2");
  const auto piece = reader->next();
  EXPECT_EQ(piece.text, "id: 3-1\nevent: k\ndata: 1\n\n");
  EXPECT_TRUE(piece.ended);
  EXPECT_EQ(ring.counters().published, 1U);
  EXPECT_EQ(ring.counters().late, 1U);
}

TEST(event_ring, readers_on_threads_of_their_own_miss_nothing) {
  EventRing ring({.events_max = 100'000, .subscribers_max = 3});
  std::vector<std::string> texts(3);
  {
    std::vector<std::jthread> threads;
    for (auto& text : texts) {
      threads.emplace_back([&text, reader = ring.subscribe("", "")] {
        for (auto piece = reader->next(); true; piece = reader->next()) {
          text += piece.text;
          if (piece.ended) return;
        }
      });
    }
    for (int i = 0; i < 5000; ++i) ring.publish("a", "k", std::to_string(i));
    ring.close();
  }
  std::string all;
  for (int i = 0; i < 5000; ++i) all += fmt::format("id: 0-{}\nevent: k\ndata: {}\n\n", i + 1, i);
  for (const auto& text : texts) EXPECT_TRUE(text == all);
}

}  // namespace
}  // namespace cms::serve
