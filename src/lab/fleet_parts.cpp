#include "lab/fleet_parts.hpp"

#include <algorithm>
#include <string>

#include "lab/first_study_cells.hpp"

namespace cms::lab {
namespace {

using Names = std::vector<std::string>;

const Names kTuneSets = {"natinst_gpt3",   "cot_elicit",     "mea_meaeq_agnews", "mea_meaeq_hatespeech",
                         "mea_meaeq_imdb", "mea_meaeq_sst2", "chatdoctor5k"};

Result<std::vector<FleetSide>> crossed(const Study& study, const GroundOptions& options, std::uint64_t seed) {
  const auto halves = apart(study.corpus, study.split.calibrate, 2, seed);
  std::vector<FleetSide> sides;
  for (const std::size_t half : {0, 1}) {
    auto other = study;
    other.split.calibrate = halves[1 - half];
    Random random(seed + 44 + half);
    CMS_TRY(model, calibrate_accounts(other, options, random));
    sides.push_back({known_people(study, halves[half]), std::move(model)});
  }
  return sides;
}

// The people of a third of the calibrate part, which loses it.
Result<std::vector<std::uint32_t>> set_aside(Ground& ground, const GroundOptions& options, std::uint64_t seed) {
  auto thirds = apart(ground.study.corpus, ground.study.split.calibrate, 3, seed + 47);
  auto& calibrate = ground.study.split.calibrate;
  calibrate = std::move(thirds[0]);
  calibrate.insert(calibrate.end(), thirds[1].begin(), thirds[1].end());
  std::ranges::sort(calibrate);
  Random random(seed + 46);
  CMS_TRY(model, calibrate_accounts(ground.study, options, random));
  ground.model = std::move(model);
  return known_people(ground.study, thirds[2]);
}

}  // namespace

Result<FleetParts> fleet_parts(Ground& ground, const GroundOptions& options, bool tune, std::uint64_t seed) {
  const auto& corpus = ground.study.corpus;
  FleetParts parts;
  parts.test.people = known_people(ground.study, ground.study.split.test);
  parts.sets = tune ? of_families(corpus, all_rows(corpus), kTuneSets) : instruction_sets(ground.study);
  if (tune) {
    CMS_TRY(people, set_aside(ground, options, seed));
    parts.test.people = std::move(people);
  }
  parts.test.model = ground.model;
  CMS_TRY(sides, crossed(ground.study, options, seed));
  parts.calibrate = std::move(sides);
  return parts;
}

}  // namespace cms::lab
