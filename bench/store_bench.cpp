// What the store costs: commits of step records in batches, whole records among them, and loads (docs/store.md).
//
// CMS_STORE_BENCH=DIR puts the store on another disk than the temporary folder's.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <fstream>
#include <memory>

#include "store/store_example.hpp"

namespace {

using cms::store::AccountName;
using cms::store::Position;
using cms::store::Record;
using cms::store::Store;
using cms::store::Write;

// Of the product's records at W = 64, r = 64, s = 32: steps, and states with their history (docs/formats/state.md).
constexpr std::uint64_t kStepBytes = 128, kWholeBytes = 9'600, kSteps = 63;

// Bytes that this process gave to write() so far.
std::uint64_t written_bytes() {
  std::ifstream file("/proc/self/io");
  std::string name;
  for (std::uint64_t value = 0; file >> name >> value;) {
    if (name == "wchar:") return value;
  }
  return 0;
}

class Traffic {
 public:
  explicit Traffic(std::uint64_t accounts) : numbers_(accounts, 0), random_(1) {
    if (const char* place = std::getenv("CMS_STORE_BENCH")) folder_.path = place;
    auto options = cms::store::test_options(folder_.path / "store");
    options.memory_bytes = 256ULL << 20;
    auto store = Store::open(options, cms::store::test_keys());
    if (store) store_ = std::make_unique<Store>(std::move(*store));
    for (std::size_t i = 0; i < kWholeBytes; ++i) content_.push_back(static_cast<std::uint8_t>(random_.bits()));
  }

  // Requests of accounts drawn at random; each account writes a whole record after kSteps steps.
  bool commit(std::size_t batch) {
    writes_.clear();
    for (std::size_t i = 0; i < batch; ++i) {
      const std::uint64_t account = random_.below(numbers_.size());
      const std::uint64_t number = ++numbers_[account];
      const bool whole = number % (kSteps + 1) == 1;
      Record record{.number = number, .whole = whole, .time = 1, .content = {}};
      record.content.assign(content_.begin(), content_.begin() + (whole ? kWholeBytes : kStepBytes));
      writes_.push_back({name(account), std::move(record)});
    }
    const Position position{"acme", "engine", 1, ++sequence_};
    return store_ != nullptr && store_->commit(writes_, {&position, 1}).has_value();
  }

  bool load() { return store_ != nullptr && store_->load(name(random_.below(numbers_.size()))).has_value(); }

  // True when there was something to erase.
  bool erase(std::uint64_t account) {
    numbers_[account] = 0;
    return store_->erase(name(account)).value_or(false) && store_->compact_erased().has_value();
  }

 private:
  static AccountName name(std::uint64_t account) { return {"acme", "account-" + std::to_string(account)}; }

  cms::store::TestFolder folder_;
  std::unique_ptr<Store> store_;
  std::vector<std::uint64_t> numbers_;
  std::uint64_t sequence_ = 0;
  std::vector<Write> writes_;
  cms::Bytes content_;
  cms::Random random_;
};

void commits(benchmark::State& state) {
  const auto batch = static_cast<std::size_t>(state.range(0));
  Traffic traffic(2'000);
  for (auto _ : state) {
    if (!traffic.commit(batch)) state.SkipWithError("a commit failed");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(commits)->Arg(1)->Arg(16)->Arg(64)->Arg(256)->UseRealTime()->MinTime(2);

// All that is written to any file: logs, tables, and what compactions write again. After two wholes an account.
void written(benchmark::State& state) {
  const auto accounts = static_cast<std::uint64_t>(state.range(0));
  Traffic traffic(accounts);
  for (std::uint64_t i = 0; i < accounts * 130 / 256; ++i) traffic.commit(256);
  const std::uint64_t before = written_bytes();
  for (auto _ : state) {
    for (std::uint64_t i = 0; i < accounts * 65 / 256; ++i) traffic.commit(256);
  }
  const auto requests = static_cast<double>(accounts * 65 / 256 * 256);
  state.counters["bytes_per_request"] = static_cast<double>(written_bytes() - before) / requests;
  state.SetItemsProcessed(static_cast<std::int64_t>(requests));
}
BENCHMARK(written)->Arg(2'000)->Arg(20'000)->Iterations(1)->UseRealTime()->Unit(benchmark::kSecond);

void load(benchmark::State& state) {
  Traffic traffic(2'000);
  for (int i = 0; i < 600; ++i) traffic.commit(256);
  for (auto _ : state) {
    if (!traffic.load()) state.SkipWithError("a load failed");
  }
}
BENCHMARK(load);

void erase(benchmark::State& state) {
  const auto accounts = static_cast<std::uint64_t>(state.range(0));
  Traffic traffic(accounts);
  for (std::uint64_t i = 0; i < accounts * 33 / 256; ++i) traffic.commit(256);
  std::uint64_t account = 0;
  for (auto _ : state) {
    if (!traffic.erase(account++)) state.SkipWithError("an erasure failed");
  }
}
BENCHMARK(erase)->Arg(2'000)->Arg(20'000)->Iterations(8)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
