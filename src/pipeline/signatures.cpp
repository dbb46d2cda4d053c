#include "pipeline/signatures.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/files.hpp"
#include "base/random.hpp"
#include "fleet/looks.hpp"
#include "pipeline/parallel.hpp"
#include "pipeline/step.hpp"
#include "score/calibration.hpp"

namespace cms::pipeline {

fleet::SignatureOptions signature_options(const Model& model) {
  fleet::SignatureOptions options;
  if (averages_deviations(model.calibration)) return options;
  // Evidence and signatures were forgotten alike then.
  options.half_life_requests = std::clamp(model.calibration.options.h_requests, 1.0, fleet::kWeightMax / 2.0);
  return options;
}

SignatureMaker::SignatureMaker(const atlas::Atlas& atlas, std::uint32_t window_length,
                               const fleet::SignatureOptions& options)
    : atlas_(atlas), options_(options), window_(*window::make(window_options(atlas, window_length, window_length))) {
  window::load(window_, matrix_);
}

void SignatureMaker::take(const Projected& projected) {
  if (window::push(window_, matrix_, projected).repeat) return;
  fleet::take(signature_, projected, atlas_.centroid(projected.chart), options_);
}

Result<std::vector<fleet::FleetLook>> see_together(const Model& model, const ActivationSet& set,
                                                   std::span<const tap::AccountRows> accounts, std::uint32_t looks,
                                                   unsigned threads) {
  const auto& atlas = model.atlas;
  CMS_CHECK(matches(atlas.manifest, set.manifest));
  if (atlas.chart_count() > fleet::kChartsMax) {
    return fail(ErrorCode::refused, fmt::format("the atlas has {} charts; a signature remembers {}",
                                                atlas.chart_count(), fleet::kChartsMax));
  }
  const fleet::FleetLook nothing_yet{std::vector<fleet::Signature>(accounts.size()),
                                     std::vector<float>(accounts.size(), 1)};
  std::vector<fleet::FleetLook> seen(looks, nothing_yet);
  std::vector<atlas::ProjectScratch> scratches(threads);
  std::vector<Projected> projected(threads);
  std::vector<Scratch> steps(threads);
  parallel_for(accounts.size(), threads, [&](unsigned worker, std::size_t a) {
    auto state = make_account(model);
    const auto& rows = accounts[a].rows;
    std::size_t next = 0;
    for (std::size_t look = 0; look < looks; ++look) {
      const auto end = fleet::sent_at(look, looks, rows.size());
      for (; next < end; ++next) {
        atlas::project(atlas, set.row(rows[next]), scratches[worker], projected[worker]);
        advance(model, state, projected[worker], set.rows[rows[next]].time, steps[worker]);
      }
      seen[look].accounts[a] = state.signature;
      seen[look].pohs[a] = static_cast<float>(score_at(model, state, state.time).poh);
    }
  });
  return seen;
}

Result<fleet::NamedCalibration> read_calibration(const std::filesystem::path& path) {
  CMS_TRY(content, read_file(path));
  auto named = fleet::decode_calibration(content);
  if (!named) return fail_in(path.string(), named.error());
  return named;
}

Result<fleet::NamedCalibration> read_calibration(const std::filesystem::path& path, const Model& model) {
  auto named = read_calibration(path);
  if (named && named->atlas != model.name) {
    return fail(ErrorCode::refused,
                fmt::format("{} was made with atlas {}, and this is atlas {}: signatures of one say nothing of "
                            "another's; run `cms fleet fit` with this atlas",
                            path.string(), named->atlas, model.name));
  }
  return named;
}

std::vector<fleet::HonestFleet> honest_fleets(std::span<const std::string> names, std::span<const std::string> kinds,
                                              std::span<const fleet::FleetLook> looks, const FleetsOptions& options) {
  std::vector<std::size_t> sides[2];  // those that fix, those that rank
  for (std::size_t a = 0; a < names.size(); ++a) sides[score::in_ranking_half(names[a]) ? 1 : 0].push_back(a);
  Random random(options.seed);
  std::vector<fleet::HonestFleet> fleets;
  for (std::uint32_t f = 0; f < options.fleets; ++f) {
    auto& side = sides[f % 2];
    random.shuffle(side);
    const std::span some(side.begin(), (side.size() + 1) / 2);
    const auto of_them = [&](const fleet::FleetLook& look) {
      fleet::FleetLook seen;
      for (const auto a : some) {
        seen.accounts.push_back(look.accounts[a]);
        if (!look.pohs.empty()) seen.pohs.push_back(look.pohs[a]);
      }
      return seen;
    };
    auto last = of_them(looks.back());
    fleet::HonestFleet fleet{std::move(last.accounts), {}, std::move(last.pohs)};
    for (const auto a : some) fleet.kinds.push_back(kinds[a]);
    if (f % 2 == 1) {
      for (const auto& look : looks.first(looks.size() - 1)) fleet.earlier.push_back(of_them(look));
    }
    fleets.push_back(std::move(fleet));
  }
  return fleets;
}

}  // namespace cms::pipeline
