// One account as pictures show it: where its window lies on the map of the charts, what it has covered, the shape of
// its window, how its coverage has grown beside honest accounts.
//
// Made of a copy of the account's state when somebody looks, never on the way of a request. The score reads the same
// state; nothing here goes into it.
// Threads: pure functions. Cost: that of one reading made anew, some 0.3 ms.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "pipeline/chart_map.hpp"
#include "pipeline/step.hpp"
#include "policy/ledger.hpp"
#include "types/diagram.hpp"

namespace cms::pipeline {

struct Picture {
  // Every chart that the account has ever visited, ascending, and how many of its last H distinct requests lay in it;
  // 0 = only earlier ones.
  struct Visit {
    std::uint16_t chart = 0;
    std::uint32_t requests = 0;
  };
  std::vector<Visit> visited;

  // The points of the window, oldest first.
  struct Stop {
    std::uint16_t chart = 0;
    Place place;
  };
  std::vector<Stop> path;

  Diagrams homology;  // of the window, chord lengths; computed within the budget of what is served

  // Charts among the first n of the last min(distinct, H) distinct requests: a point wherever the count rises and one
  // at the end. That is what honest_growth() is about; before them there were `growth_from` distinct requests.
  struct Growth {
    std::uint64_t requests = 0;
    std::uint32_t charts = 0;
  };
  std::uint64_t growth_from = 0;
  std::vector<Growth> growth;

  // Nothing under an atlas of more than policy::kLedgerChartsMax charts.
  struct Covered {
    std::uint32_t charts = 0;
    double mass = 0;  // share of honest traffic's mass in those charts
  };
  std::optional<Covered> covered;
};

// `state` is an account under `model`, `map` the model's.
Picture picture(const Model& model, const ChartMap& map, const AccountState& state);

// Charts that honest accounts of an age had visited over their last H distinct requests: quantiles of the calibration,
// linear between its knots.
struct HonestGrowth {
  double requests = 0;  // the age: the middle of an age bin that has an evaluation
  double low = 0, median = 0, high = 0;  // 10%, 50%, 90%
};
std::vector<HonestGrowth> honest_growth(const Model& model);

}  // namespace cms::pipeline
