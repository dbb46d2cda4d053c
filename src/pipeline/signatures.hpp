// Signatures of accounts, from what an atlas says of their requests, and honest fleets of them.
//
// Threads: signatures_of runs on several; equal bytes for any number.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "atlas/atlas.hpp"
#include "fleet/campaign.hpp"
#include "fleet/signature.hpp"
#include "tap/activation_set.hpp"
#include "types/activation.hpp"

namespace cms::pipeline {

// One account's request: what goes into the account's step once its state holds a signature.
void take_signature(const atlas::Atlas& atlas, fleet::Signature& signature, const Projected& projected,
                    const fleet::SignatureOptions& options);

// The signatures of accounts of a set, in their order; requests in the order of their rows. Errors: `refused` when the
// set is of another model than the atlas, or the atlas has more than kChartsMax charts.
// Cost: one projection a request.
Result<std::vector<fleet::Signature>> signatures_of(const atlas::Atlas& atlas, const ActivationSet& set,
                                                    std::span<const tap::AccountRows> accounts,
                                                    const fleet::SignatureOptions& options, unsigned threads);

// Honest fleets for fleet::calibrate, out of one set of honest accounts: those that score::in_ranking_half names make
// the fleets that rank, the others those that fix the evidence. Each fleet is a random half of its side, so fleets of
// one side share accounts, and their communities are fewer than they look. Spans have one length. Equal input, equal
// fleets.
struct FleetsOptions {
  std::uint32_t fleets = 40;
  std::uint64_t seed = 1;
};
std::vector<fleet::HonestFleet> honest_fleets(std::span<const std::string> names,
                                              std::span<const fleet::Signature> signatures,
                                              std::span<const std::string> kinds, const FleetsOptions& options);

}  // namespace cms::pipeline
