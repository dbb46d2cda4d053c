// Signatures of accounts, from what an atlas says of their requests, and honest fleets of them.
//
// Threads: see_together runs on several; equal bytes for any number.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "atlas/atlas.hpp"
#include "fleet/calibration_file.hpp"
#include "fleet/campaign.hpp"
#include "fleet/signature.hpp"
#include "pipeline/model.hpp"
#include "tap/activation_set.hpp"
#include "types/activation.hpp"
#include "window/window.hpp"

namespace cms::pipeline {

// How signatures age under a model: by half in 64 requests; under evidence version 4 as the evidence does.
fleet::SignatureOptions signature_options(const Model& model);

// The signature of one account, request by request. A request whose point equals one of the account's last W distinct
// ones (its window says so) is a repeat and leaves no trace, so that sending everything three times
// gives the bytes of sending it once. Threads: one owner; the atlas outlives it. Cost of take(): window::push and
// fleet::take.
class SignatureMaker {
 public:
  // Requires an atlas of kChartsMax charts at most, of sizes a window allows.
  SignatureMaker(const atlas::Atlas& atlas, std::uint32_t window_length, const fleet::SignatureOptions& options);
  void take(const Projected& projected);
  [[nodiscard]] const fleet::Signature& signature() const { return signature_; }

 private:
  const atlas::Atlas& atlas_;
  fleet::SignatureOptions options_;
  window::State window_;
  window::Matrix matrix_;
  fleet::Signature signature_;
};

// Accounts of a set as a fleet sees them, in their order: what the pure step leaves in their states, and each one's own
// PoH at its last request, 1 before the first evaluation. Look l of `looks`, at least 1, sees of each account's
// requests, in the order of their rows, the first fleet::sent_at(). Errors: `refused` when the set is of another model
// than the atlas, or the atlas has more than kChartsMax charts. Cost: a projection and a step a request; 668 bytes an
// account and look are kept, more under an atlas of more than 256 charts.
Result<std::vector<fleet::FleetLook>> see_together(const Model& model, const ActivationSet& set,
                                                   std::span<const tap::AccountRows> accounts, std::uint32_t looks,
                                                   unsigned threads);

// The calibration in a file of `cms fleet fit`; with a model, for accounts under it. Errors: `bad_input` when it is
// missing or damaged, naming the file; `refused` when it was made with another atlas than the model's.
Result<fleet::NamedCalibration> read_calibration(const std::filesystem::path& path);
Result<fleet::NamedCalibration> read_calibration(const std::filesystem::path& path, const Model& model);

// Honest fleets for fleet::calibrate, out of one set of honest accounts: those that score::in_ranking_half names make
// the fleets that rank, the others those that fix the evidence. Each fleet is a random half of its side, so fleets of
// one side share accounts, which does the level little harm (docs/fleet.md, Using it). `looks`, at least one, are of
// the accounts with these names and kinds. Equal input, equal fleets.
struct FleetsOptions {
  std::uint32_t fleets = 40;
  std::uint64_t seed = 1;
};
std::vector<fleet::HonestFleet> honest_fleets(std::span<const std::string> names, std::span<const std::string> kinds,
                                              std::span<const fleet::FleetLook> looks, const FleetsOptions& options);

}  // namespace cms::pipeline
