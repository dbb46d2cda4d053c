// Bytes as an account's state: refused, or a state that scores soundly, goes on, and is the same through its bytes.
#include <algorithm>
#include <array>
#include <cmath>

#include "pipeline/model_example.hpp"
#include "pipeline/step.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace cms {
namespace {

constexpr int kSteps = 5;
constexpr std::size_t kActivations = 24;

// Sizes that fill no lane, no byte and no pair; large enough that geometry is measured. Evaluated at every request,
// what is kept follows it; at every third, repeats and distinct requests are counted on grids that drift apart.
const std::array<pipeline::Model, 2>& models() {
  static const std::array<pipeline::Model, 2> both = [] {
    const atlas::ExampleSizes sizes{
        .dimension = 6, .rank = 5, .sketch_dimension = 3, .charts = 9, .reference = 20, .knn_k = 2};
    std::array models = {pipeline::example_model(sizes, 17, 21, 1), pipeline::example_model(sizes, 17, 21, 3)};
    models[1].name = "3123456789ab";
    return models;
  }();
  return both;
}

// One of them has no direction.
const std::vector<std::vector<float>>& activations() {
  static const std::vector<std::vector<float>> all = [] {
    Random random(3);
    std::vector<std::vector<float>> rows(kActivations);
    for (auto& row : rows) row = atlas::normal_values(random, models()[0].atlas.manifest.dimension);
    rows[2] = models()[0].atlas.mean;
    return rows;
  }();
  return all;
}

bool in_unit(double value) {
  return value >= 0 && value <= 1;
}

void expect_sound(const Score& score) {
  fuzz::expect(in_unit(score.poh) && in_unit(score.poh_min), "PoH lies in [0, 1]");
  fuzz::expect(std::isfinite(score.evidence) && score.evidence >= 0, "evidence is finite and not negative");
  fuzz::expect(in_unit(score.coverage) && in_unit(score.confidence) && in_unit(score.completeness),
               "coverage, confidence and completeness lie in [0, 1]");
  fuzz::expect(std::all_of(score.reasons.begin(), score.reasons.end(), in_unit), "reasons lie in [0, 1]");
}

// What is kept in memory from step to step must not be told from what is made again from the bytes.
void go_on(const pipeline::Model& model, pipeline::AccountState state, std::size_t first) {
  pipeline::Scratch scratch;
  Bytes bytes = pipeline::encode(model, state);
  for (int n = 0; n < kSteps; ++n) {
    // Every third request repeats the one before.
    const auto& activation = activations()[(first + n - n / 3) % kActivations];
    auto fresh = pipeline::decode(model, bytes);
    fuzz::expect(fresh.has_value(), "a state that was stepped is accepted");
    const Score score = pipeline::step(model, state, activation, state.time + 60, scratch);
    expect_sound(score);
    const Score other = pipeline::step(model, *fresh, activation, fresh->time + 60, scratch);
    fuzz::expect(score.poh == other.poh && score.evidence == other.evidence, "a decoded state scores the same");
    for (const float value : state.reading.values) fuzz::expect(std::isfinite(value), "readings are finite");
    bytes = pipeline::encode(model, state);
    fuzz::expect(bytes == pipeline::encode(model, *fresh), "a decoded state goes on bit for bit");
  }
}

}  // namespace

std::vector<Bytes> fuzz::seeds() {
  std::vector<Bytes> all;
  for (const std::size_t age : {0, 1, 3, 16, 17, 18, 40, 91}) {
    for (const auto& model : models()) {
      auto state = pipeline::make_account(model);
      pipeline::Scratch scratch;
      Random random(age);
      for (std::size_t n = 0; n < age; ++n) {
        const auto activation = n % 4 == 3 ? activations()[n / 8 % kActivations] : atlas::normal_values(random, 6);
        pipeline::step(model, state, activation, 60.0 * static_cast<double>(n), scratch);
      }
      all.push_back(pipeline::encode(model, state));
    }
  }
  return all;
}

}  // namespace cms

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cms;
  const Bytes bytes(data, data + size);
  const auto named = pipeline::decode(bytes);
  const auto& model = models()[named && named->atlas == models()[1].name ? 1 : 0];
  auto state = pipeline::decode(model, bytes);
  if (!state) return 0;
  ++fuzz::accepted;
  fuzz::expect(named && named->atlas == model.name, "what its atlas accepts is accepted without it");
  fuzz::expect(pipeline::encode(model, *state) == bytes, "what is accepted encodes to the same bytes");
  expect_sound(pipeline::score_at(model, *state, state->time));
  // At the end of its counter a state steps and is then refused; no account comes there.
  if (state->window.requests > window::kRequestsMax - kSteps) return 0;
  go_on(model, std::move(*state), bytes.back());
  return 0;
}
