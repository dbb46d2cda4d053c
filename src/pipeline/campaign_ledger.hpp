// The ledger of a campaign: what its members have covered together, and what they have paid.
//
// Every member is charged for itself, request by request, by the product's price rule at the standing it had then; the
// ledger is policy::merged() of theirs. What somebody would have charged who knew them for one is not in it.
// Threads: runs on several; equal ledgers for any number. Cost: one step a request.
#pragma once

#include <cstdint>
#include <span>

#include "pipeline/model.hpp"
#include "policy/ledger.hpp"
#include "policy/price.hpp"
#include "tap/activation_set.hpp"
#include "types/activation.hpp"

namespace cms::pipeline {

// `members` are indices into `accounts`; nobody has an empty ledger. Errors: `refused` when the set is of another model
// than the atlas, `usage` under an atlas of more charts than a ledger has.
Result<policy::Ledger> campaign_ledger(const Model& model, const ActivationSet& set,
                                       std::span<const tap::AccountRows> accounts,
                                       std::span<const std::uint32_t> members, const policy::PriceOptions& options,
                                       unsigned threads);

}  // namespace cms::pipeline
