#include "pipeline/step.hpp"

#include <algorithm>
#include <bitset>

#include "pipeline/signatures.hpp"

namespace cms::pipeline {

AccountState make_account(const Model& model) {
  AccountState state;
  // The options come out of a model that fit() or read_model() has checked.
  state.window = *window::make(window_options(model));
  fleet::reserve_charts(state.signature, model.atlas.chart_count());
  return state;
}

namespace {

void take_signature(const Model& model, const Projected& projected, fleet::Signature& signature) {
  if (model.atlas.chart_count() > fleet::kChartsMax) return;
  fleet::take(signature, projected, model.atlas.centroid(projected.chart), signature_options(model));
}

// With the scratch's matrix loaded with this account's window.
void take(const Model& model, AccountState& state, const Projected& projected, double time, Scratch& scratch,
          Effort effort) {
  const auto change = window::push(state.window, scratch.matrix, projected);
  state.time = time;
  if (!change.repeat) take_signature(model, projected, state.signature);
  const auto& options = model.calibration.options;
  if (!score::evaluates(options, state.window.requests, state.window.distinct, change.repeat)) {
    return follow(state.window, change, scratch.matrix, state.kept, scratch);
  }
  take_reading(model.atlas, state.window, change, state.kept, scratch, state.reading, effort);
  const score::Observation observation{state.window.requests, state.window.distinct, state.reading};
  score::update(model.calibration, state.score, observation, time);
}

}  // namespace

void advance(const Model& model, AccountState& state, const Projected& projected, double time, Scratch& scratch,
             Effort effort) {
  window::load(state.window, scratch.matrix);
  take(model, state, projected, time, scratch, effort);
}

Score step(const Model& model, AccountState& state, std::span<const float> activation, double time, Scratch& scratch) {
  Score score;
  const Event event{&state, activation, time};
  step(model, {&event, 1}, scratch, {&score, 1});
  return score;
}

// Accounts know nothing of one another, so those of a group are taken one after the other: each finds its distances
// gone once, not with every request.
void step(const Model& model, std::span<const Event> events, Scratch& scratch, std::span<Score> scores) {
  const AccountState* loaded = nullptr;
  for (std::size_t first = 0; first < events.size(); first += kTogether) {
    const auto together = events.subspan(first, std::min(kTogether, events.size() - first));
    const auto projected = project_together(model, together, scratch);
    std::bitset<kTogether> taken;
    for (std::size_t i = 0; i < together.size(); ++i) {
      auto& state = *together[i].account;
      for (std::size_t k = i; k < together.size(); ++k) {
        if (taken[k] || together[k].account != &state) continue;
        if (&state != loaded) window::load(state.window, scratch.matrix);
        loaded = &state;
        take(model, state, projected[k], together[k].time, scratch, Effort::full);
        scores[first + k] = score_at(model, state, together[k].time);
        taken[k] = true;
      }
    }
  }
}

Score score_at(const Model& model, const AccountState& state, double time) {
  auto score = score::score_at(model.calibration, state.score, state.window.requests, time);
  score.coverage = static_cast<double>(state.window.visited_count()) / model.atlas.chart_count();
  return score;
}

}  // namespace cms::pipeline
