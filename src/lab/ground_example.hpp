// A small calibrated model over the annotated example, whose own charts are the prize: for tests of attackers.
#pragma once

#include <cstdint>
#include <vector>

#include "lab/demo_example.hpp"
#include "lab/honest.hpp"
#include "lab/study.hpp"
#include "lab/white_box.hpp"
#include "pipeline/model.hpp"

namespace cms::lab {

struct SmallGround {
  Study study;
  pipeline::Model model;
  std::vector<std::uint16_t> charts;  // of every row, in the product's atlas
  std::vector<double> mass;

  [[nodiscard]] Prize prize() const { return {charts, mass, study.split.test}; }
};

inline SmallGround small_ground() {
  SmallGround ground;
  StudyOptions options;
  options.atlas = {.rank = 16, .chart_count = 40, .sketch_dimension = 16, .reference_max = 200};
  ground.study = *make_study(annotated_set(), options);
  Random random(3);
  HonestOptions honest;
  honest.length = {60, 60};
  const auto people = subset(ground.study.corpus, ground.study.split.calibrate,
                             [](const CorpusRow& row) { return row.origin == Origin::people; });
  std::vector<ComposedAccount> accounts;
  while (accounts.size() < 160) accounts.push_back(*power(ground.study.corpus, people, honest, random));
  std::vector<score::Trajectory> trajectories;
  for (const auto& one : measure_accounts(ground.study, accounts, "calibrate", {{}, 64, 60, 1})) {
    trajectories.push_back(one.trajectory);
  }
  ground.model.atlas = ground.study.atlas;
  ground.model.calibration = *score::calibrate(trajectories, 60, {});
  for (const auto& projected : ground.study.projected) ground.charts.push_back(projected.chart);
  ground.mass.assign(ground.study.atlas.chart_count(), 1.0 / ground.study.atlas.chart_count());
  return ground;
}

}  // namespace cms::lab
