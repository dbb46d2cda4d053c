// The last events of the daemon, and those who read them as server-sent events.
//
// A ring of fixed size: publishing never waits for a reader. A reader who falls behind by the whole ring is cut off and
// counted; one who comes back with the identifier of the last event it saw goes on after it, or is told by an event
// `lost` that some are gone. Identifiers are "RUN-NUMBER": numbers begin anew with each run of the daemon. Who reads
// one tenant's events is given that tenant's own numbers, which tell nothing of others; who reads all is given those of
// the ring. Threads: all functions from any thread. Cost: a copy of the text into the ring and into each reader's
// answer; a number for each tenant; coming back looks through the ring.
// Reference: HTML Living Standard, 9.2 (server-sent events).
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace cms::serve {

class EventRing {
 public:
  struct Options {
    std::size_t events_max = 4096;
    std::size_t subscribers_max = 64;  // half of them of one tenant, so that none keeps out all others
    std::uint64_t run = 0;  // tells this run of the daemon from others: seconds since 1970 at its start
  };
  struct Counters {
    std::uint64_t published = 0, cut_off = 0, subscribers = 0;
    std::uint64_t late = 0;  // events that came after the ring was closed: nobody reads them here
  };

  // One reader. It must be gone before the ring is.
  class Subscription {
   public:
    struct Piece {
      std::string text;    // ready to be sent; empty: nothing new
      bool ended = false;  // the reader is cut off, or the ring was closed
    };
    ~Subscription();
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;

    // What has come since the last call, at most some 64 KiB.
    Piece next();
    // `wake` is called after each publish and on close, by whoever did it; it must be quick and call nothing here.
    void on_more(std::function<void()> wake);

   private:
    friend class EventRing;
    Subscription(EventRing& ring, std::string tenant, std::uint64_t after, bool lost);
    EventRing& ring_;
    std::string tenant_;
    std::uint64_t after_;  // number of the last event that was looked at
    bool lost_;
  };

  explicit EventRing(const Options& options) : options_(options) {}
  EventRing() : EventRing(Options{}) {}

  // `kind` is a word; `data` is one line of JSON.
  void publish(std::string_view tenant, std::string_view kind, std::string_view data);

  // A reader of one tenant's events (empty = of all) from now on, or after `last_id` where one is given, which a reader
  // of the same was given. Null when there are as many readers as may be, of all or of this tenant, or the ring was
  // closed.
  std::unique_ptr<Subscription> subscribe(std::string_view tenant, std::string_view last_id);

  // Ends every reader; none may come after, and events that do are counted alone.
  void close();
  [[nodiscard]] Counters counters() const;

 private:
  struct Event {
    std::uint64_t own_number = 0;  // of its tenant's, from 1
    std::string tenant, kind, data;
  };
  // Number of the event that `last_id` stands for, of all; nothing where something after it is lost. With the lock.
  [[nodiscard]] std::optional<std::uint64_t> place_of(std::string_view tenant, std::string_view last_id) const;
  void wake_all();

  Options options_;
  mutable std::mutex mutex_;
  std::deque<Event> events_;
  std::uint64_t last_ = 0;  // number of the newest event, of all
  std::map<std::string, std::uint64_t, std::less<>> own_last_;  // the same of each tenant's own
  bool closed_ = false;
  std::uint64_t cut_off_ = 0, late_ = 0;
  std::map<const Subscription*, std::function<void()>> readers_;
};

}  // namespace cms::serve
