// Which batches and items the engine takes: positions of producers, and what an item has to be like. Inner header.
//
// Threads: plain values, one owner at a time. Cost: check() is a pass over the activation, place() a search in a map.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/engine.hpp"

namespace cms::pipeline {

// Whether an account may be named so: 1 to 256 bytes of UTF-8, none of them zero.
bool is_account_name(std::string_view name);

// Why an item cannot be taken; `none` when it can.
Refusal check(const Item& item, std::size_t dimension, double now, const EngineOptions& options);

// Rung of the degradation ladder by how full the queue is.
std::uint32_t rung_of(std::uint64_t queued, std::uint64_t capacity);
inline constexpr std::uint64_t kH1Every = 8;       // strides of an account, one of which measures H1, at rung 1
inline constexpr std::uint64_t kLeftOutOneOf = 4;  // requests of clean accounts, at rung 3: docs/engine.md says why
// Whether the request at a place of a batch is left out of a clean account, at rung 3. Chance decides, so that
// accounts that come in turn are sampled alike; equal numbers, equal answer.
bool is_left_out(std::uint64_t batch, std::uint64_t place);
// Above it an account is clean. Honest ones mostly are, and an extractor stops being so long before any policy acts on
// it (docs/reliability.md).
inline constexpr double kCleanPoh = 0.75;

// What the account's next request is worth at a rung. It hangs on the account alone, however requests come in batches:
// of kH1Every strides of distinct requests one measures H1. At stride 1 that is every kH1Every-th evaluation; at longer
// ones repeats inside that stride, which are evaluated too, may measure it more than once. A new account has its first
// H1 after up to kH1Every strides.
Effort effort_at(std::uint32_t rung, const Model& model, const AccountState& state);

// Takes a batch that was answered with `outcome` into the counters.
void count(Counters& counters, const Batch& batch, const Outcome& outcome);

// Bytes of a producer's name; longer ones the store cannot keep.
inline constexpr std::size_t kProducerBytesMax = 256;

// Producers of a tenant that are known. Names are the taps' own, and one that has another with every start must not
// fill memory and store over the years: beyond so many, a tenth is forgotten, those that sent longest ago.
inline constexpr std::size_t kProducersMax = 10'000;

// How far each producer of each tenant is.
class Producers {
 public:
  // Begins, or begins again after a failed commit, at what the store has. Of those it has not seen send the ones of the
  // earliest epochs count as having sent longest ago.
  void start(std::span<const store::Position> positions);

  // True when the batch is the next of its producer, which is then one further; a batch without a producer always is.
  // Else `outcome` says what it is, and which one is expected. Who is forgotten for it is added to `forgotten`, as the
  // store is to be told of it: at sequence 0.
  bool place(const std::string& tenant, const BatchPosition& position, Outcome& outcome,
             std::vector<store::Position>& forgotten);

 private:
  struct At {
    std::uint64_t epoch = 0, sequence = 0;
    std::uint64_t turn = 0;  // of the last batch; 0 = none since the start
  };
  using Known = std::map<std::string, At>;  // by name
  static void forget_oldest(const std::string& tenant, Known& known, std::vector<store::Position>& forgotten);

  std::map<std::string, Known> by_tenant_;
  std::uint64_t turn_ = 0;
};

}  // namespace cms::pipeline
