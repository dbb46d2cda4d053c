// One batch in the engine, from admission to its answer. Inner header.
//
// Threads: who admits makes it; then shards write the results of their own items, and the last to count `parts_left`
// down leaves it to the committer.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "pipeline/engine.hpp"
#include "pipeline/shard.hpp"

namespace cms::pipeline {

// The items of a ticket that are one shard's.
struct Part {
  std::size_t lane = 0, first = 0, count = 0;
};

struct Ticket {
  std::uint64_t number = 0;
  Batch batch;
  std::function<void(Outcome)> done;
  Outcome outcome;
  std::uint32_t rung = 0;
  std::vector<store::AccountName> names;  // one an item
  std::vector<ShardItem> items;           // those that shards step, grouped by shard
  std::vector<std::size_t> places;        // their items in the batch
  std::vector<store::Position> forgotten;  // producers that its own has taken the place of
  std::vector<Part> parts;
  std::atomic<std::uint32_t> parts_left{0};
};

struct Job {  // what a shard has to do next
  Ticket* ticket = nullptr;
  const Part* part = nullptr;

  [[nodiscard]] ShardPart items() const {
    return {std::span(ticket->items).subspan(part->first, part->count), ticket->rung, ticket->number};
  }
};

}  // namespace cms::pipeline
