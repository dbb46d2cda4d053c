// One update of a live fleet, links, communities and what they are judged to be: synthetic accounts, of which some have
// sent a request since the update before.
//
//   cms_fleet_bench [accounts = 100000] [changed = 10000] [updates = 5] [cells = 0] [probes = 16]
//
// Accounts ask in 1 to 24 of 512 subjects, 24 to 60 requests each; one in a thousand, at least 20, draw from one broad
// stream. Null model and evidence are calibrated on six fleets of 20,000 others. OMP_NUM_THREADS sets the threads. It
// prints one JSON line an update, after those of making and clustering.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <set>

#include "fleet/crowd_example.hpp"
#include "fleet/judged.hpp"
#include "fleet/live.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using cms::Random;
namespace fleet = cms::fleet;

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }  // of all threads

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

long argument(int count, char** words, int i, long otherwise) {
  return i < count ? std::strtol(words[i], nullptr, 10) : otherwise;
}

}  // namespace

int main(int argc, char** argv) {
  const auto count = static_cast<std::size_t>(argument(argc, argv, 1, 100'000));
  const auto changed = static_cast<std::size_t>(argument(argc, argv, 2, 10'000));
  Random random(1);
  const fleet::Texts texts(random);
  auto crowd = fleet::make_crowd(texts, count, random);
  fleet::CampaignOptions wanted;
  wanted.links.probes = static_cast<std::uint32_t>(argument(argc, argv, 5, 16));
  const auto calibration = fleet::calibration_of_crowd(texts, 6, 20'000, wanted);
  if (!calibration) {
    std::fprintf(stderr, "%s\n", calibration.error().message.c_str());
    return 1;
  }
  fleet::LiveOptions options;
  options.cells = static_cast<std::uint32_t>(argument(argc, argv, 4, 0));
  options.links = calibration->options.links;
  options.communities = calibration->options.communities;
  auto start = Clock::now();
  auto live = fleet::LiveFleet::make(crowd.accounts, {}, calibration->breadth, options);
  if (!live) return 1;
  const double linking = seconds_since(start);
  start = Clock::now();
  if (!live->rebuild()) return 1;
  const double clustering = seconds_since(start);
  fleet::JudgedCommunities judged;
  if (!judged.update(*calibration, live->communities(), live->accounts(), {}, {})) return 1;
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  std::printf("{\"accounts\": %zu, \"make_s\": %.2f, \"rebuild_s\": %.2f, \"bytes_per_account\": %.0f, "
              "\"communities\": %zu, \"links\": %zu, \"resident_max_mb\": %ld}\n",
              count, linking, clustering, double(live->bytes()) / double(count), live->communities().size(),
              live->links().size(), used.ru_maxrss / 1024);
  for (long update = 0; update < argument(argc, argv, 3, 5); ++update) {
    std::set<std::uint32_t> some;
    while (some.size() < changed) some.insert(static_cast<std::uint32_t>(random.below(count)));
    const std::vector<std::uint32_t> ids(some.begin(), some.end());
    std::vector<fleet::Signature> signatures;
    std::vector<fleet::AccountChange> changes;
    for (const auto i : ids) {
      changes.push_back({i, crowd.accounts[i]});
      texts.give(crowd.accounts[i], crowd.subjects[i][random.below(crowd.subjects[i].size())], random);
      signatures.push_back(crowd.accounts[i]);
    }
    start = Clock::now();
    const double busy = cpu_seconds();
    const auto done = live->update(ids, signatures, {});
    const double linked = seconds_since(start);
    if (!done || !judged.update(*calibration, live->communities(), live->accounts(), {}, changes)) return 1;
    const double seconds = seconds_since(start), worked = cpu_seconds() - busy;
    std::printf("{\"update_s\": %.3f, \"judging_s\": %.3f, \"cpu_s\": %.3f, \"read_anew\": %td, \"changed\": %u, "
                "\"looked_anew\": %u, \"visited\": %u, \"moved\": %u, \"clustered\": %u, "
                "\"bytes_per_account\": %.0f}\n",
                seconds, seconds - linked, worked, std::ranges::count_if(judged.all(), &fleet::JudgedCommunity::anew),
                done->changed, done->looked_anew, done->visited, done->moved, done->clustered,
                double(live->bytes()) / double(count));
    std::fflush(stdout);
  }
  return 0;
}
