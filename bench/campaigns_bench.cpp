// One update of a tenant's fleet as the daemon does it: accounts that have changed, communities, campaigns, picture.
//
//   cms_campaigns_bench [accounts = 100000] [changed = 1000] [updates = 5] [calibrated = 10000]
//
// Accounts as in fleet/crowd_example.hpp; calibration is of six fleets of `calibrated` others each. One
// thread, as in the daemon. It prints one JSON line an update, after that of the first: what it took, and the longest
// time in which it did not ask whether it is to stop.
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>

#include "fleet/crowd_example.hpp"
#include "serve/tenant_fleet.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using cms::Random;
namespace fleet = cms::fleet;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

long argument(int count, char** words, int i, long otherwise) {
  return i < count ? std::strtol(words[i], nullptr, 10) : otherwise;
}

// The longest time between two looks of an update at whether it is to stop.
struct Stages {
  Clock::time_point last = Clock::now();
  double longest_s = 0;

  void end() {
    longest_s = std::max(longest_s, seconds_since(last));
    last = Clock::now();
  }
  fleet::Stop stop() {
    return [this] {
      end();
      return false;
    };
  }
};

// An update at `now`; what it took, and its longest stage.
std::optional<std::pair<double, double>> update(cms::serve::TenantFleet& made, double now) {
  Stages stages;
  const auto start = Clock::now();
  if (!made.update(now, true, stages.stop())) return std::nullopt;
  stages.end();
  return std::pair(seconds_since(start), stages.longest_s);
}

std::size_t heap_bytes() { return mallinfo2().uordblks + mallinfo2().hblkhd; }

void print(const char* what, const std::pair<double, double>& took, const cms::serve::TenantFleet& made,
           std::size_t before) {
  const auto picture = made.picture();
  std::size_t members = 0;
  for (const auto& one : picture->flagged) members += one->accounts;
  std::printf("{\"%s\": %.3f, \"longest_stage_s\": %.3f, "
              "\"heap_bytes_per_account\": %.0f, \"counted_bytes_per_account\": %.0f, "
              "\"communities\": %zu, \"campaigns\": %zu, \"members\": %zu}\n",
              what, took.first, took.second, double(heap_bytes() - before) / double(made.accounts()),
              double(made.bytes()) / double(made.accounts()), std::size_t(picture->judged_communities),
              picture->flagged.size(), members);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const auto count = static_cast<std::size_t>(argument(argc, argv, 1, 100'000));
  const auto changed = static_cast<std::size_t>(argument(argc, argv, 2, 1'000));
  fleet::use_threads(1);
  Random random(1);
  const fleet::Texts texts(random);
  auto crowd = fleet::make_crowd(texts, count, random);
  const auto calibrated = static_cast<std::size_t>(argument(argc, argv, 4, 10'000));
  const auto calibration = fleet::calibration_of_crowd(texts, 6, calibrated);
  if (!calibration) {
    std::fprintf(stderr, "%s\n", calibration.error().message.c_str());
    return 1;
  }
  const auto before = heap_bytes();
  cms::serve::FleetOptions options;
  options.accounts_max = static_cast<std::uint32_t>(count);
  cms::serve::TenantFleet made(*calibration, options, {});
  const auto put = [&](std::size_t i) { made.put("account-" + std::to_string(i), i, {crowd.accounts[i], 1000}); };
  for (std::size_t i = 0; i < count; ++i) put(i);
  auto took = update(made, 1000);
  if (!took) return 1;
  print("first_s", *took, made, before);
  for (long round = 1; round <= argument(argc, argv, 3, 5); ++round) {
    for (std::size_t c = 0; c < changed; ++c) {
      const auto i = random.below(count);
      texts.give(crowd.accounts[i], crowd.subjects[i][random.below(crowd.subjects[i].size())], random);
      put(i);
    }
    took = update(made, 1000.0 + double(round));
    if (!took) return 1;
    print("update_s", *took, made, before);
  }
  return 0;
}
